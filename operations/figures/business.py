"""How business goes: what yesterday was beside the week before, and who is near a limit. Kept for a minute."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.cache import cache
from django.db.models import F, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.models import Sums
from core.charts import Chart, Part, chart_of
from invoices.models import Invoice
from invoices.states import InvoiceStatus
from merchants.models import Usage
from operations.figures.base import Figure, Morning, level_of, list_of
from webhooks.models import Delivery
from webhooks.states import DeliveryStatus

DAYS: Final = 14
KEPT_SECONDS: Final = 60
NEAR_PERCENT: Final = 80
_DAY: Final = timedelta(days=1)
_RULE_OF_LIMITS: Final = gettext_lazy("Amber: any has used 80 % of the invoices its plan allows in a month.")
_RULE_OF_GIVEN_UP: Final = gettext_lazy("Amber: any in the last 24 hours. Their receivers were told of nothing.")


@dataclass(frozen=True, slots=True)
class Day:
    """What one day (UTC) brought: invoices made on it, how many of them are paid, and what those are worth."""

    day: date
    created: int
    paid: int
    worth: tuple[tuple[str, Decimal], ...] = ()


def of_business(morning: Morning) -> tuple[list[Figure], Chart]:
    """Return the figures, and the invoices of two weeks as a chart."""
    days, near, given_up = _known(morning)
    yesterday, before = days[-2], days[-2 - 7]
    figures = [
        Figure(
            gettext_lazy("Invoices made yesterday"),
            f"{yesterday.created:,}",
            Invoice,
            _of_day(yesterday, morning),
            note=_("%(n)s a week before") % {"n": f"{before.created:,}"},
        ),
        Figure(
            gettext_lazy("Of these paid"),
            f"{yesterday.paid:,}",
            Invoice,
            {**_of_day(yesterday, morning), "status__exact": InvoiceStatus.PAID.value},
            note=_("%(n)s a week before") % {"n": f"{before.paid:,}"},
        ),
        Figure(
            gettext_lazy("Worth"),
            _worth(yesterday),
            Invoice,
            {**_of_day(yesterday, morning), "status__exact": InvoiceStatus.PAID.value},
            note=_("%(n)s a week before") % {"n": _worth(before)},
        ),
        Figure(
            gettext_lazy("Merchants near their limit"),
            str(near),
            Usage,
            {"month": morning.now.date().replace(day=1).isoformat(), "livemode__exact": 1},
            level=level_of(near, amber=1),
            rule=_RULE_OF_LIMITS,
        ),
        Figure(
            gettext_lazy("Webhooks given up today and yesterday"),
            str(given_up),
            Delivery,
            {"status__exact": DeliveryStatus.FAILED.value},
            level=level_of(given_up, amber=1),
            rule=_RULE_OF_GIVEN_UP,
        ),
    ]
    return figures, chart_of([_part(day, morning) for day in days])


def _known(morning: Morning) -> tuple[list[Day], int, int]:
    """Return what the figures rest on; a minute old at most, since it reads many rows."""
    key = f"operations:business:{'live' if morning.livemode else 'test'}:{morning.now:%Y%m%d}"
    known: tuple[list[Day], int, int] | None = cache.get(key)
    if known is None:
        known = (_days(morning), _near_limits(morning), _given_up(morning))
        cache.set(key, known, KEPT_SECONDS)
    return known


def _days(morning: Morning) -> list[Day]:
    midnight = datetime.combine(morning.now.astimezone(UTC).date(), datetime.min.time(), UTC)
    first = midnight - (DAYS - 1) * _DAY
    rows = (
        Sums.objects.filter(hours=24, livemode=morning.livemode, start__gte=first, start__lte=midnight)
        .values("start", "currency")
        .annotate(made=Sum("created"), settled=Sum("paid"), worth=Sum("amount_paid"))
        .order_by("start", "-settled")
    )
    found: dict[date, list[Any]] = {}
    for row in rows:
        found.setdefault(row["start"].date(), []).append(row)
    return [_day((first + n * _DAY).date(), found) for n in range(DAYS)]


def _day(day: date, found: dict[date, list[Any]]) -> Day:
    rows = found.get(day, [])
    return Day(
        day=day,
        created=sum(row["made"] for row in rows),
        paid=sum(row["settled"] for row in rows),
        worth=tuple((row["currency"], row["worth"]) for row in rows if row["worth"]),
    )


def _near_limits(morning: Morning) -> int:
    month = morning.now.date().replace(day=1)
    used = Usage.objects.filter(month=month, livemode=True)
    return used.filter(invoices__gte=F("merchant__plan__monthly_invoice_limit") * NEAR_PERCENT / 100).count()


def _given_up(morning: Morning) -> int:
    since = morning.now - _DAY
    return Delivery.objects.filter(status=DeliveryStatus.FAILED, created_at__gte=since).count()


def _worth(day: Day) -> str:
    """Return the largest sums, three at most: currencies are not added up, nobody asked for a rate."""
    return ", ".join(f"{total:,.2f} {currency}" for currency, total in day.worth[:3]) or _("nothing")


def _of_day(day: Day, morning: Morning) -> dict[str, Any]:
    """Return the filter of the invoices of one day."""
    return {
        "created_at__gte": f"{day.day.isoformat()} 00:00:00+00:00",
        "created_at__lt": f"{(day.day + _DAY).isoformat()} 00:00:00+00:00",
        **morning.mode,
    }


def _part(day: Day, morning: Morning) -> Part:
    label = date_format(day.day, "j M")
    return Part(
        label=label,
        title=_("%(day)s: %(made)d made, %(paid)d paid") % {"day": label, "made": day.created, "paid": day.paid},
        href=list_of(Invoice, **_of_day(day, morning)),
        asked=Decimal(day.created),
        paid=Decimal(day.paid),
    )
