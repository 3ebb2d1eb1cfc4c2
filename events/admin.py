"""Staff's window on the log, and on what could not be done: found, read, and run again."""

from typing import Final

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.staff import StaffAdmin
from events import dead_letters
from events.acts import Act, ActingAdmin, Order
from events.models import ChainHead, Event, FailedDispatch, FailedTask
from events.outbox import retry_dispatch


@admin.register(Event)
class EventAdmin(StaffAdmin):
    list_display = ("created_at", "type", "actor", "merchant_id", "livemode", "object_id", "position")
    list_filter = ("type", "livemode", ("position", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=merchant_id", "=invoice_id", "=object_id", "=request_id", "=actor")
    search_help_text = _("Id of the event, merchant, invoice or whatever it is about, or who did it (user:7)")
    ordering = ("-position",)
    show_full_result_count = False


@admin.register(ChainHead)
class ChainHeadAdmin(StaffAdmin):
    """How far each chain of the audit log reaches, and what its last check found."""

    list_display = ("reaches", "number", "sealed_at", "checked_number", "checked_at", "problem")
    list_filter = (("problem", admin.EmptyFieldListFilter),)
    search_fields = ("=chain",)
    ordering = ("-sealed_at",)
    exclude = ("signature",)
    readonly_fields = ("reaches",)

    @admin.display(description=_("Chain of"))
    def reaches(self, head: ChainHead) -> str:
        """Whose entries these are."""
        named = {ChainHead.WHOLE: _("the whole log"), ChainHead.NOBODYS: _("no merchant")}
        return str(named.get(head.chain, head.chain))


def _retry(failure: FailedDispatch, order: Order) -> None:  # noqa: ARG001 - what every act is given
    retry_dispatch(failure_id=failure.pk)


def _run_again(failure: FailedTask, order: Order) -> None:  # noqa: ARG001
    dead_letters.run_again(failure_id=failure.pk)


def _forget(failure: FailedTask, order: Order) -> None:  # noqa: ARG001
    dead_letters.forget(failure_id=failure.pk)


DISPATCH_ACTS: Final = (
    Act(
        "retry",
        label=_("Run again"),
        meaning=_("The event is handed to the same subscriber again, now. When it takes it, the failure is gone."),
        change=_retry,
    ),
)
TASK_ACTS: Final = (
    Act(
        "run_again",
        label=_("Run again"),
        meaning=_("The task is sent to the workers with the same arguments. When it succeeds, the failure is gone."),
        change=_run_again,
    ),
    Act(
        "forget",
        label=_("Forget"),
        meaning=_(
            "The failure is taken off the list, and the task is not run. It comes back when the task fails again."
        ),
        change=_forget,
        is_grave=True,
    ),
)


@admin.register(FailedDispatch)
class FailedDispatchAdmin(ActingAdmin):
    list_display = ("created_at", "subscriber", "event", "retries", "error")
    list_filter = ("subscriber",)
    list_select_related = ("event",)
    search_fields = ("=id", "=event__id", "subscriber")
    ordering = ("-created_at",)
    acts = DISPATCH_ACTS


@admin.register(FailedTask)
class FailedTaskAdmin(ActingAdmin):
    list_display = ("failed_at", "task", "arguments", "failures", "last_line")
    list_filter = ("task",)
    search_fields = ("task", "arguments")
    ordering = ("-failed_at",)
    acts = TASK_ACTS

    @admin.display(description=_("Error"))
    def last_line(self, failure: FailedTask) -> str:
        """What went wrong, without how it came to it."""
        return failure.error.strip().rsplit("\n", 1)[-1][:200]
