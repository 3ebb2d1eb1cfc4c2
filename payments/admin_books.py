"""Staff's view of the books: settlements, and the journal, found by invoice, payment, transaction or merchant."""

from typing import Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.models import Record
from core.staff import ReadOnly, StaffAdmin
from invoices.models import Credit, Invoice
from merchants.models import Merchant
from payments.events import in_major_units
from payments.models import Booking, Payment, Payout, Posting, Refund, Settlement

_SOURCES: Final[tuple[tuple[type[Record], str], ...]] = (
    (Invoice, "invoice_id"),
    (Merchant, "merchant_id"),
    (Payment, "source_id"),
    (Settlement, "source_id"),
    (Refund, "source_id"),
    (Payout, "source_id"),
    (Credit, "source_id"),
)


class PostingInline(ReadOnly, admin.TabularInline):
    model = Posting
    fields = ("account", "units")
    readonly_fields = fields
    extra = 0


@admin.register(Booking)
class BookingAdmin(StaffAdmin):
    """The journal. Nobody changes it, staff neither: the database refuses."""

    list_display = ("created_at", "kind", "lines", "asset_code", "network", "merchant", "invoice", "livemode")
    list_filter = ("kind", "livemode", "network", "asset_code")
    list_select_related = ("merchant", "invoice")
    search_fields = ("=id", "=txid", "=source_id", "=invoice__id", "=merchant__id")
    search_help_text = "Public id of the booking, an invoice, payment, settlement, refund or merchant; or a transaction"
    ordering = ("-id",)
    inlines = (PostingInline,)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        """Load the lines with their bookings."""
        bookings: QuerySet[Booking] = super().get_queryset(request)
        return bookings.prefetch_related("postings")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Booking], search_term: str
    ) -> tuple[QuerySet[Booking], bool]:
        """Find bookings also by the public id of what they follow from."""
        term = search_term.strip()
        for model, column in _SOURCES:
            key = model.key_from(term)
            if key is not None:
                return queryset.filter(**{column: key}), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="Lines")
    def lines(self, booking: Booking) -> str:
        """The accounts and what was put on each, in the asset."""
        return "   ".join(f"{line.account} {in_major_units(booking, line.units):+f}" for line in booking.postings.all())


@admin.register(Settlement)
class SettlementAdmin(StaffAdmin):
    list_display = (
        "public_id",
        "created_at",
        "merchant",
        "invoice",
        "gross",
        "fee",
        "net",
        "asset_code",
        "network",
        "status",
        "livemode",
    )
    list_filter = ("status", "reversal_reason", "livemode", "network", "asset_code")
    list_select_related = ("merchant", "invoice")
    search_fields = ("=id", "=invoice__id", "=merchant__id", "merchant__business_name")
    search_help_text = "Public id of the settlement, its invoice or merchant; or the merchant's name"
    ordering = ("-id",)
    readonly_fields = ("public_id", "gross", "fee", "net")
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Settlement], search_term: str
    ) -> tuple[QuerySet[Settlement], bool]:
        """Find settlements also by the public id of their invoice or merchant."""
        for model, column in _SOURCES[:2]:
            key = model.key_from(search_term.strip())
            if key is not None:
                return queryset.filter(**{column: key}), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="ID")
    def public_id(self, settlement: Settlement) -> str:
        """The id the world sees."""
        return settlement.public_id

    @admin.display(description="Gross", ordering="gross_units")
    def gross(self, settlement: Settlement) -> str:
        """What the invoice brought, in the asset."""
        return f"{in_major_units(settlement, settlement.gross_units):f}"

    @admin.display(description="Fee", ordering="fee_units")
    def fee(self, settlement: Settlement) -> str:
        """The platform's share, in the asset."""
        return f"{in_major_units(settlement, settlement.fee_units):f}"

    @admin.display(description="Net", ordering="net_units")
    def net(self, settlement: Settlement) -> str:
        """What is the merchant's, in the asset."""
        return f"{in_major_units(settlement, settlement.net_units):f}"
