"""The first page: how business goes, what waits, and how to begin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics import selectors as analytics
from analytics.calendars import RECENT, Bucket, Period, Unit, find_zone, recent
from analytics.selectors import Figures, Report
from chains import registry
from core.charts import Chart, Part, chart_of
from core.writing import fiat_text
from dashboard.access import Desk, desk
from dashboard.pages import show
from invoices.models import Invoice
from invoices.selectors import list_invoices
from invoices.states import InvoiceStatus
from merchants.selectors import list_wallets
from merchants.settings import MerchantSettings
from payments.selectors import list_deposits, list_refunds
from payments.states import RefundStatus, Review

DEFAULT: Final = "30d"
PERIODS: Final = {
    "24h": gettext_lazy("24 hours"),
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
    "90d": gettext_lazy("90 days"),
    "12m": gettext_lazy("12 months"),
}
_OPEN: Final = (InvoiceStatus.CREATED, InvoiceStatus.PENDING, InvoiceStatus.PARTIAL)
_LATEST: Final = 5


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the merchant."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Share:
    """What part of the paid invoices were paid in one asset, or on one network."""

    name: str
    href: str
    paid: int
    amount: str


@require_safe
@desk()
def overview(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the figures of a period, what is open now, and what waits for a decision."""
    name = request.GET.get("period", DEFAULT)
    name = name if name in RECENT else DEFAULT
    zone = find_zone(timezone.get_current_timezone_name())
    period = recent(name, zone=zone, now=timezone.now())
    currency = MerchantSettings.of(at.merchant).default_currency
    report = analytics.report(
        merchant_id=at.merchant.pk,
        livemode=at.livemode,
        period=period,
        unit=RECENT[name].divided_by,
        currency=currency,
    )
    invoices = list_invoices(merchant=at.merchant, livemode=at.livemode)
    return show(
        request,
        "overview",
        period=name,
        periods=PERIODS,
        zone=zone.key,
        report=report,
        currency=currency,
        speed=_duration(report.total.average_payment_seconds),
        since=_days(period.start, period.end),
        chart=_chart(report),
        assets=[_share(each, "asset", each, figures, report) for each, figures in report.by_asset.items()],
        networks=[_share(_name(each), "network", each, figures, report) for each, figures in report.by_network.items()],
        now_open=_now(at),
        tasks=list(_tasks(at)),
        latest=invoices.select_related("customer")[:_LATEST],
        has_wallet=list_wallets(merchant=at.merchant).exists(),
        has_keys=at.merchant.api_keys.filter(last_used_at__isnull=False).exists(),
    )


def _chart(report: Report) -> Chart:
    language = get_language() or "en"

    def part(bucket: Bucket, figures: Figures) -> Part:
        paid = fiat_text(figures.amount_paid, report.currency, language)
        asked = fiat_text(figures.amount_created, report.currency, language)
        when = _when(bucket, report.unit)
        told = _("%(when)s: %(paid)s paid of %(asked)s, %(count)d of %(all)d invoices") % {
            "when": when,
            "paid": paid,
            "asked": asked,
            "count": figures.paid,
            "all": figures.created,
        }
        return Part(when, told, _days(bucket.start, bucket.end), figures.amount_created, figures.amount_paid)

    return chart_of([part(bucket, figures) for bucket, figures in report.parts])


def _when(bucket: Bucket, unit: Unit) -> str:
    start = timezone.localtime(bucket.start)
    if unit is Unit.HOUR:
        return date_format(start, "H:i")
    return date_format(start, "M Y") if unit is Unit.MONTH else date_format(start, "j M")


def _days(start: Any, end: Any, **more: str) -> str:
    """Return the URL of the invoices created in a stretch of time, by whole days of the viewer."""
    first, last = timezone.localtime(start), timezone.localtime(end - timedelta(microseconds=1))
    query = {"since": f"{first:%Y-%m-%d}", "until": f"{last:%Y-%m-%d}", **more}
    return f"{reverse('dashboard:invoices')}?{urlencode(query)}"


def _share(name: str, by: str, code: str, figures: Figures, report: Report) -> Share:
    amount = fiat_text(figures.amount_paid, report.currency, get_language() or "en")
    period: Period = report.period
    return Share(name, _days(period.start, period.end, **{by: code}), figures.paid, amount)


def _now(at: Desk) -> dict[str, int]:
    """Return how many invoices wait for money, and how many for confirmations."""
    counted = dict(
        Invoice.objects.filter(
            merchant=at.merchant, livemode=at.livemode, status__in=[*_OPEN, InvoiceStatus.CONFIRMING]
        )
        .values_list("status")
        .annotate(count=Count("*"))
    )
    return {
        "waiting": sum(counted.get(status, 0) for status in _OPEN),
        "confirming": counted.get(InvoiceStatus.CONFIRMING, 0),
    }


def _tasks(at: Desk) -> Iterator[Task]:
    deposits = list_deposits(merchant=at.merchant, livemode=at.livemode).filter(review=Review.OPEN).count()
    if deposits:
        text = ngettext("%d payment fits no open invoice", "%d payments fit no open invoice", deposits) % deposits
        yield Task(text, reverse("dashboard:deposits"))
    refunds = list_refunds(merchant=at.merchant, livemode=at.livemode).filter(status=RefundStatus.REQUESTED).count()
    if refunds:
        text = ngettext("%d refund is to be sent", "%d refunds are to be sent", refunds) % refunds
        yield Task(text, f"{reverse('dashboard:refunds')}?status=requested")
    partial = list_invoices(merchant=at.merchant, livemode=at.livemode).filter(status=InvoiceStatus.PARTIAL).count()
    if partial:
        text = ngettext("%d invoice is paid in part", "%d invoices are paid in part", partial) % partial
        yield Task(text, f"{reverse('dashboard:invoices')}?status=partial")


def _name(network: str) -> str:
    found = registry.find_network(network)
    return found.name if found else network


def _duration(seconds: int | None) -> str:
    """Return a length of time in the two largest units that it has."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest} if minutes else f"{rest} s"
