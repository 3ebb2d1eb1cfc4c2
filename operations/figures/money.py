"""Money that waits for somebody: deposits nobody expects, short invoices, refunds, what vaults send, the books."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from invoices.models import Invoice
from invoices.states import InvoiceStatus
from merchants.models import NoticeKind, WalletNotice
from operations.figures.base import Figure, Level, Morning, age_text, level_of, oldest_text
from payments.models import Payment, Payout, PayoutKind, PayoutStatus, Refund, Waiting
from payments.reconciliation import BOOKS_CHECKED
from payments.states import RefundStatus, Review
from payments.vault_overview import VaultStatus

_DAY: Final = timedelta(days=1)
_RULE_OF_INBOX: Final = gettext_lazy("Amber: the oldest waits for a day. Red: for a week.")
_RULE_OF_SHORT: Final = gettext_lazy("Amber: the oldest waits for a day.")
_RULE_OF_REFUNDS: Final = gettext_lazy("Amber: the oldest waits for three days. Red: for two weeks.")
_RULE_OF_STUCK: Final = gettext_lazy(
    "Red: any. A node answered unclearly, or no block has taken it for half an hour after it was signed."
)
_RULE_OF_WAITING: Final = gettext_lazy("Amber: any waits for the approval of two of the staff, or has a problem.")
_RULE_OF_DRY: Final = gettext_lazy("Amber: any. Less coin than one payment may cost is left for fees.")
_RULE_OF_ALLOWANCE: Final = gettext_lazy(
    "Amber: a merchant's vaults have signed 80 % of VAULT_DAILY_USD in 24 hours. Red: all of it; more waits for staff."
)
_RULE_OF_BOOKS: Final = gettext_lazy(
    "Red: the last `manage.py reconcile` found differences. Amber: it was more than a week ago, or never."
)


def of_waiting(morning: Morning) -> list[Figure]:
    """Return what waits in the inbox, short of its amount, or to go back."""
    inbox = _waiting(Payment.objects.filter(livemode=morning.livemode, review=Review.OPEN))
    short = _waiting(Invoice.objects.filter(livemode=morning.livemode, status=InvoiceStatus.PARTIAL))
    refunds = Refund.objects.filter(livemode=morning.livemode, status=RefundStatus.REQUESTED).aggregate(
        count=Count("pk"), oldest=Min("created_at"), asked=Count("pk", filter=Q(address=""))
    )
    return [
        _figure(
            gettext_lazy("Deposits in the inbox"),
            inbox,
            Payment,
            {"review__exact": Review.OPEN.value},
            morning,
            (_DAY, 7 * _DAY, _RULE_OF_INBOX),
        ),
        _figure(
            gettext_lazy("Invoices paid in part"),
            short,
            Invoice,
            {"status__exact": InvoiceStatus.PARTIAL.value},
            morning,
            (_DAY, None, _RULE_OF_SHORT),
        ),
        _figure(
            gettext_lazy("Refunds not sent yet"),
            refunds,
            Refund,
            {"status__exact": RefundStatus.REQUESTED.value},
            morning,
            (3 * _DAY, 14 * _DAY, _RULE_OF_REFUNDS),
            more=_("%(n)d wait for an address") % {"n": refunds["asked"]} if refunds["asked"] else "",
        ),
    ]


def of_vaults(statuses: Iterable[VaultStatus], morning: Morning) -> list[Figure]:
    """Return how what vaults send stands; nothing where there are no vaults."""
    every = list(statuses)
    if not every:
        return []
    stuck = sum(each.stuck + each.by_status.get(PayoutStatus.QUARANTINED, 0) for each in every)
    quarantined = sum(each.by_status.get(PayoutStatus.QUARANTINED, 0) for each in every)
    waiting = sum(each.by_reason.get(reason, 0) for each in every for reason in (Waiting.STAFF, Waiting.PROBLEM))
    dry = sum(each.dry_vaults for each in every)
    return [
        Figure(
            gettext_lazy("Payouts stuck or unclear"),
            str(stuck),
            Payout,
            {"status__in": "signed,sent,quarantined"},
            note=_("%(n)d in quarantine") % {"n": quarantined} if quarantined else "",
            level=level_of(stuck, red=1),
            rule=_RULE_OF_STUCK,
        ),
        Figure(
            gettext_lazy("Payouts that wait for staff"),
            str(waiting),
            Payout,
            {"waiting_reason__in": f"{Waiting.STAFF.value},{Waiting.PROBLEM.value}"},
            level=level_of(waiting, amber=1),
            rule=_RULE_OF_WAITING,
        ),
        Figure(
            gettext_lazy("Vaults short of coin for fees"),
            str(dry),
            WalletNotice,
            {"kind__exact": NoticeKind.GAS_LOW.value, "over_at__isempty": 1},
            level=level_of(dry, amber=1),
            rule=_RULE_OF_DRY,
        ),
        _of_allowance(morning),
    ]


def _of_allowance(morning: Morning) -> Figure:
    signed = Payout.objects.filter(signed_at__gt=morning.now - _DAY).exclude(kind=PayoutKind.GAS).order_by()
    busiest = signed.values("merchant").annotate(usd=Sum("value_usd")).order_by("-usd").first()
    spent = (busiest["usd"] if busiest else None) or Decimal(0)
    limit = settings.VAULT_DAILY_USD
    return Figure(
        gettext_lazy("Most sent by one merchant's vaults in 24 hours"),
        f"{spent:,.0f} USD",
        Payout,
        {"merchant__exact": busiest["merchant"]} if busiest else {},
        note=_("of %(limit)s USD without staff") % {"limit": f"{limit:,.0f}"},
        level=level_of(spent, amber=limit * Decimal("0.8"), red=limit) if limit else Level.FINE,
        rule=_RULE_OF_ALLOWANCE,
    )


def of_books(morning: Morning) -> list[Figure]:
    """Return what the last comparison of the books said."""
    checks = Event.objects.filter(merchant_id=None, livemode=True, type=BOOKS_CHECKED)
    last = checks.order_by("-sequence").values("created_at", "data").first()
    if last is None:
        return [_books(_("never"), Level.AMBER)]
    age, differences = morning.now - last["created_at"], int(last["data"]["differences"])
    if differences:
        return [_books(_("%(n)d differences") % {"n": differences}, Level.RED, note=_ago(age))]
    return [_books(_("agree"), level_of(age, amber=7 * _DAY), note=_ago(age))]


def _books(value: str, level: Level, note: str = "") -> Figure:
    query = {"type__exact": BOOKS_CHECKED}
    return Figure(gettext_lazy("The books"), value, Event, query, note=note, level=level, rule=_RULE_OF_BOOKS)


def _ago(age: timedelta) -> str:
    return _("compared %(age)s ago") % {"age": age_text(age)}


def _waiting(rows: QuerySet[Any]) -> dict[str, Any]:
    return rows.order_by().aggregate(count=Count("pk"), oldest=Min("created_at"))


def _figure(  # noqa: PLR0913 - a figure of rows that wait has that many parts
    name: Any,
    waiting: dict[str, Any],
    model: Any,
    query: dict[str, Any],
    morning: Morning,
    rule: tuple[timedelta | None, timedelta | None, Any],
    *,
    more: str = "",
) -> Figure:
    oldest = waiting["oldest"]
    amber, red, text = rule
    return Figure(
        name,
        str(waiting["count"]),
        model,
        {**query, **morning.mode},
        note=", ".join(part for part in (oldest_text(oldest, morning.now), more) if part),
        level=level_of(morning.now - oldest, amber=amber, red=red) if oldest else Level.FINE,
        rule=text,
    )
