"""Work behind the scenes: the log's dispatcher, webhooks on their way, what failed for good."""

from datetime import timedelta
from typing import Final

from django.db.models import Count, Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import ChainHead, Event, FailedDispatch, FailedTask
from operations.figures.base import Figure, Level, Morning, age_text, level_of, oldest_text
from webhooks.backlog import overdue_seconds
from webhooks.models import Delivery
from webhooks.states import DeliveryStatus

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_RULE_OF_OUTBOX: Final = gettext_lazy("Amber: an event waits for a minute. Red: for five; nobody is told of anything.")
_RULE_OF_AUDIT: Final = gettext_lazy(
    "Red: the last `manage.py audit verify` found an entry that is not what was sealed. Amber: it was more than a week "
    "ago, or never."
)
_RULE_OF_DELIVERIES: Final = gettext_lazy("Amber: one is five minutes overdue. Red: an hour; no worker sends.")
_RULE_OF_FAILED: Final = gettext_lazy("Amber: any. Red: the oldest for an hour, while it was tried again each minute.")
_RULE_OF_TASKS: Final = gettext_lazy("Red: any. A task is kept here until it succeeds.")


def of_log(morning: Morning) -> list[Figure]:
    """Return how far the dispatcher is behind."""
    oldest = Event.objects.filter(position=None).order_by("sequence").values_list("created_at", flat=True).first()
    lag = morning.now - oldest if oldest else timedelta()
    return [
        Figure(
            gettext_lazy("Events not handed out"),
            age_text(lag) if oldest else _("none"),
            Event,
            {"position__isempty": 1},
            level=level_of(lag, amber=_MINUTE, red=5 * _MINUTE),
            rule=_RULE_OF_OUTBOX,
        )
    ]


def of_audit(morning: Morning) -> list[Figure]:
    """Return what the last check of the audit log's seals found."""
    broken = ChainHead.objects.exclude(problem="").count()
    # The chain of nobody's entries is checked with all the others; a merchant's own also when the merchant asks.
    checked = ChainHead.objects.filter(pk=ChainHead.NOBODYS).values_list("checked_at", flat=True).first()
    age = morning.now - checked if checked else None
    level = Level.AMBER if age is None else level_of(age, amber=7 * _DAY)
    return [
        Figure(
            gettext_lazy("The audit log"),
            _("%(n)d chains broken") % {"n": broken}
            if broken
            else _("whole")
            if age is not None
            else _("never checked"),
            ChainHead,
            {"problem__isempty": 0} if broken else {},
            note=_("checked %(age)s ago") % {"age": age_text(age)} if age is not None else "",
            level=Level.RED if broken else level,
            rule=_RULE_OF_AUDIT,
        )
    ]


def of_deliveries(morning: Morning) -> list[Figure]:
    """Return the webhooks that are owed, and how long the most overdue one has been due."""
    owed = Delivery.objects.filter(status=DeliveryStatus.PENDING).aggregate(count=Count("pk"), oldest=Min("created_at"))
    overdue = timedelta(seconds=overdue_seconds(now=morning.now))
    return [
        Figure(
            gettext_lazy("Webhooks on their way"),
            str(owed["count"]),
            Delivery,
            {"status__exact": DeliveryStatus.PENDING.value},
            note=oldest_text(owed["oldest"], morning.now),
            level=level_of(overdue, amber=5 * _MINUTE, red=60 * _MINUTE),
            rule=_RULE_OF_DELIVERIES,
        )
    ]


def of_failures(morning: Morning) -> list[Figure]:
    """Return what could not be done, and waits to be run again."""
    dispatches = FailedDispatch.objects.aggregate(count=Count("pk"), oldest=Min("created_at"))
    tasks = FailedTask.objects.aggregate(count=Count("pk"), oldest=Min("created_at"))
    age = morning.now - dispatches["oldest"] if dispatches["oldest"] else timedelta()
    level = level_of(dispatches["count"], amber=1)
    return [
        Figure(
            gettext_lazy("Events a part could not take"),
            str(dispatches["count"]),
            FailedDispatch,
            note=oldest_text(dispatches["oldest"], morning.now),
            level=Level.RED if age >= 60 * _MINUTE else level,
            rule=_RULE_OF_FAILED,
        ),
        Figure(
            gettext_lazy("Tasks that failed"),
            str(tasks["count"]),
            FailedTask,
            note=oldest_text(tasks["oldest"], morning.now),
            level=level_of(tasks["count"], red=1),
            rule=_RULE_OF_TASKS,
        ),
    ]
