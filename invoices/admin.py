"""Staff's view of invoices: everything can be found; a status changes only through the services."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from core.money import is_currency
from core.staff import ReadOnly, StaffAdmin
from events.acts import ActingAdmin
from invoices.events import progress
from invoices.models import (
    AmountClaim,
    Credit,
    Customer,
    Invoice,
    InvoiceDestination,
    PaymentLink,
    RateSheet,
    ReplacedQuote,
)
from invoices.rates import history
from invoices.selectors import found_among_all
from merchants.models import Merchant


class ReplacedQuoteInline(ReadOnly, admin.TabularInline):
    model = ReplacedQuote
    fields = (
        "quoted_at",
        "replaced_at",
        "asset_code",
        "network",
        "rate",
        "rate_source",
        "rate_evidence",
        "amount_units",
    )
    readonly_fields = fields
    extra = 0


class InvoiceDestinationInline(ReadOnly, admin.TabularInline):
    """Where the invoice is, or was, to be paid, when its customer chose."""

    model = InvoiceDestination
    fields = ("created_at", "network", "asset_code", "address", "tag", "matching", "paid_at")
    readonly_fields = fields
    extra = 0


@admin.register(Invoice)
class InvoiceAdmin(ActingAdmin):
    """What can be done to an invoice moves money too: payments.admin_invoices adds it."""

    list_display = (
        "public_id",
        "state",
        "owed",
        "merchant",
        "title",
        "created_at",
        "asset_code",
        "network",
        "livemode",
    )
    list_filter = ("status", "exception", "livemode", "network", "asset_code", "currency")
    list_select_related = ("merchant",)
    search_fields = ("=id",)  # shows the box; what is looked for says get_search_results
    search_help_text = "Public id of an invoice or a merchant, address, merchant's name, or words of three letters"
    ordering = ("-id",)
    exclude = ("rate_evidence", "payment_options")
    readonly_fields = ("public_id", "state", "received", "created_at", "offered", "rate_from")
    inlines = (InvoiceDestinationInline, ReplacedQuoteInline)
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        """Find the newest invoices that fit, whatever ``search_term`` is; each reading is of an index of its own."""
        text = search_term.strip()
        if not text or Invoice.key_from(text) is not None:
            return super().get_search_results(request, queryset, text)
        merchant = Merchant.key_from(text)
        if merchant is not None:
            return queryset.filter(merchant_id=merchant), False
        return queryset.filter(pk__in=found_among_all(text)), False

    @admin.display(description="ID")
    def public_id(self, invoice: Invoice) -> str:
        """The id the world sees."""
        return invoice.public_id

    @admin.display(description="Total", ordering="total")
    def owed(self, invoice: Invoice) -> str:
        """What is owed, in the invoice's currency."""
        return f"{invoice.total:,.2f} {invoice.currency}"

    @admin.display(description="Status", ordering="status")
    def state(self, invoice: Invoice) -> str:
        """Status and exception: together they tell the whole truth."""
        return invoice.status if invoice.exception == "none" else f"{invoice.status}, {invoice.exception}"

    @admin.display(description="Received")
    def received(self, invoice: Invoice) -> str:
        """How much of the asset has arrived."""
        facts = progress(invoice)
        return f"{facts['received']:f} of {facts['required']:f} {invoice.asset_code} ({facts['percent']} %)"

    @admin.display(description="Offered")
    def offered(self, invoice: Invoice) -> str:
        """What the customer may choose between."""
        return ", ".join(f"{option['asset']} on {option['network']}" for option in invoice.payment_options or ()) or "–"

    @admin.display(description="Rate from")
    def rate_from(self, invoice: Invoice) -> str:
        """What the rate rests on, source by source."""
        return format_html_join(mark_safe("<br>"), "{}", ((_told(one),) for one in invoice.rate_evidence)) or "–"


@admin.register(ReplacedQuote)
class ReplacedQuoteAdmin(StaffAdmin):
    list_display = ("invoice", "quoted_at", "replaced_at", "asset_code", "network", "rate", "rate_source")
    list_select_related = ("invoice",)
    search_fields = ("=id", "=invoice__id", "=invoice__address")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Credit)
class CreditAdmin(StaffAdmin):
    list_display = ("created_at", "merchant", "customer", "amount", "currency", "invoice", "livemode", "voided_at")
    list_filter = ("livemode", "currency")
    list_select_related = ("merchant", "invoice")
    search_fields = ("=id", "customer", "=invoice__id", "merchant__business_name")
    ordering = ("-id",)


@admin.register(RateSheet)
class RateSheetAdmin(StaffAdmin):
    list_display = ("observed_at", "base", "source", "in_dollars")
    change_list_template = "admin/invoices/rates.html"
    list_filter = ("source", "base")
    search_fields = ("=base", "=source")
    ordering = ("-observed_at",)
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the history of the chosen asset above the list; ``currency`` chooses the other half of the pair."""
        query = request.GET.copy()
        currency = (query.pop("currency", None) or ["USD"])[-1]
        request.GET = query  # type: ignore[assignment]  # Django's list takes every other parameter for a filter
        bases = history.bases()
        chart = history.chart_of(
            str(query["base"]) if query.get("base") in bases else next(iter(bases), "BTC"),
            currency=currency if is_currency(currency) else "USD",
            now=timezone.now(),
        )
        shown = {**(extra_context or {}), "chart": chart, "chart_bases": bases}
        page: HttpResponse = super().changelist_view(request, shown)
        return page

    @admin.display(description="USD")
    def in_dollars(self, sheet: RateSheet) -> str:
        """What one unit is worth in US dollars."""
        return str(sheet.prices.get("USD", ""))


def _told(quotation: dict[str, Any]) -> str:
    """Return in words what one source said and whether it counted."""
    carried = f", from {quotation['carried_from']} at the bank's rate" if "carried_from" in quotation else ""
    verdict = "used" if quotation["used"] else "left out"
    return f"{quotation['source']}: {quotation['price']:f} at {quotation['observed_at']}{carried} ({verdict})"


@admin.register(AmountClaim)
class AmountClaimAdmin(StaffAdmin):
    list_display = ("invoice", "network", "address", "asset_code", "units", "created_at", "released_at")
    list_filter = (("released_at", admin.EmptyFieldListFilter), "network", "asset_code")
    list_select_related = ("invoice",)
    search_fields = ("=id", "=address", "=units", "=invoice__id")
    ordering = ("-id",)


@admin.register(InvoiceDestination)
class InvoiceDestinationAdmin(StaffAdmin):
    list_display = ("invoice", "network", "address", "tag", "asset_code", "created_at", "paid_at")
    list_filter = ("network", "asset_code")
    list_select_related = ("invoice",)
    search_fields = ("=id", "=address", "=tag", "=invoice__id")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Customer)
class CustomerAdmin(StaffAdmin):
    list_display = ("email", "name", "merchant", "livemode", "created_at")
    list_filter = ("livemode",)
    list_select_related = ("merchant",)
    search_fields = ("email", "name", "merchant__business_name")
    ordering = ("-id",)


@admin.register(PaymentLink)
class PaymentLinkAdmin(StaffAdmin):
    list_display = ("title", "slug", "merchant", "amount", "currency", "is_active", "livemode", "created_at")
    list_filter = ("livemode", "is_active", "currency")
    list_select_related = ("merchant",)
    search_fields = ("title", "=slug", "merchant__business_name")
    ordering = ("-id",)
