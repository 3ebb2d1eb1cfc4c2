"""Staff's view of payments, refunds and scanning. Decisions go through the services; refunds are completed by API."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from core.errors import CheckoutError
from payments import services
from payments.events import amount_of
from payments.models import Cursor, Payment, Refund, ScannedBlock


class ReadOnly:
    """Nothing can be added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Payment)
class PaymentAdmin(ReadOnly, ModelAdmin):
    list_display = ("public_id", "created_at", "invoice", "amount", "network", "status", "counts", "review", "is_late")
    list_filter = ("review", "status", "counts", "is_late", "network", "asset_code")
    list_select_related = ("invoice",)
    search_fields = ("=id", "=txid", "=address", "=sender", "=invoice__id")
    search_help_text = "Public id, transaction, address or sender"
    ordering = ("-created_at",)
    readonly_fields = ("public_id", "amount")
    actions = ("accept_deposits", "ignore_deposits")
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        """Find a payment by its public id as well."""
        key = Payment.key_from(search_term.strip())
        if key is not None:
            return queryset.filter(pk=key), False
        found: tuple[QuerySet[Payment], bool] = super().get_search_results(request, queryset, search_term)
        return found

    @admin.display(description="ID")
    def public_id(self, payment: Payment) -> str:
        """The id the world sees."""
        return payment.public_id

    @admin.display(description="Amount", ordering="units")
    def amount(self, payment: Payment) -> str:
        """How much arrived, in the asset."""
        return f"{amount_of(payment):f} {payment.asset_code}"

    @admin.action(description="Deposit: count it at today's rate")
    def accept_deposits(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        """Count deposits in review towards their invoices."""
        self._resolve(request, queryset, services.Resolution.ACCEPT)

    @admin.action(description="Deposit: let it be")
    def ignore_deposits(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        """Take deposits out of the inbox without doing anything."""
        self._resolve(request, queryset, services.Resolution.IGNORE)

    def _resolve(self, request: HttpRequest, queryset: QuerySet[Payment], resolution: services.Resolution) -> None:
        for payment in queryset.select_related("invoice__merchant"):
            try:
                services.resolve_deposit(
                    merchant=payment.invoice.merchant,
                    livemode=payment.invoice.livemode,
                    public_id=payment.public_id,
                    resolution=resolution,
                    now=timezone.now(),
                )
            except CheckoutError as refusal:
                self.message_user(request, f"{payment.public_id}: {refusal.detail}", messages.ERROR)


@admin.register(Refund)
class RefundAdmin(ReadOnly, ModelAdmin):
    list_display = ("public_id", "created_at", "invoice", "amount", "network", "kind", "status", "txid")
    list_filter = ("status", "kind", "network", "asset_code")
    list_select_related = ("invoice",)
    search_fields = ("=id", "=txid", "=address", "=invoice__id")
    ordering = ("-created_at",)
    readonly_fields = ("public_id", "amount")

    @admin.display(description="ID")
    def public_id(self, refund: Refund) -> str:
        """The id the world sees."""
        return refund.public_id

    @admin.display(description="Amount", ordering="units")
    def amount(self, refund: Refund) -> str:
        """How much goes back, in the asset."""
        return f"{amount_of(refund):f} {refund.asset_code}"


@admin.register(Cursor)
class CursorAdmin(ReadOnly, ModelAdmin):
    list_display = ("network", "height", "tip_height", "finalized_height", "scanned_at")
    search_fields = ("=network",)
    ordering = ("network",)


@admin.register(ScannedBlock)
class ScannedBlockAdmin(ReadOnly, ModelAdmin):
    list_display = ("network", "height", "hash")
    list_filter = ("network",)
    search_fields = ("=hash", "=height")
    ordering = ("network", "-height")
    show_full_result_count = False
