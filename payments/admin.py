"""Staff's view of payments, refunds and scanning. Decisions go through the services; refunds are completed by API."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core.staff import StaffAdmin
from payments import admin_books, admin_payouts, services
from payments.events import amount_of
from payments.models import Cursor, Finding, Payment, Refund, ScannedRange
from payments.overview import network_statuses

__all__ = ["admin_books", "admin_payouts"]  # registered by being imported


@admin.register(Payment)
class PaymentAdmin(StaffAdmin):
    list_display = (
        "public_id",
        "created_at",
        "merchant",
        "invoice",
        "amount",
        "network",
        "status",
        "counts",
        "review",
        "review_reason",
    )
    list_filter = ("review", "review_reason", "status", "counts", "is_late", "livemode", "network", "asset_code")
    list_select_related = ("invoice", "merchant")
    search_fields = ("=id", "=txid", "=address", "=tag", "=sender", "=invoice__id", "=merchant__id")
    search_help_text = "Public id, transaction, address or sender"
    ordering = ("-created_at",)
    readonly_fields = ("public_id", "status", "amount", "created_at")
    actions = ("accept_deposits", "refund_deposits", "ignore_deposits")
    show_full_result_count = False

    @admin.display(description="ID")
    def public_id(self, payment: Payment) -> str:
        """The id the world sees."""
        return payment.public_id

    @admin.display(description="Amount", ordering="units")
    def amount(self, payment: Payment) -> str:
        """How much arrived, in the asset."""
        return f"{amount_of(payment):f} {payment.asset_code}"

    @admin.action(description="Deposit: count it at today's rate", permissions=["operate"])
    def accept_deposits(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        """Count deposits in review towards their invoices."""
        self._resolve(request, queryset, services.Resolution.ACCEPT)

    @admin.action(description="Deposit: open a refund, its address to follow", permissions=["operate"])
    def refund_deposits(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        """Open a refund for each deposit in review; whoever sends it names the address."""
        self._resolve(request, queryset, services.Resolution.REFUND)

    @admin.action(description="Deposit: let it be", permissions=["operate"])
    def ignore_deposits(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        """Take deposits out of the inbox without doing anything."""
        self._resolve(request, queryset, services.Resolution.IGNORE)

    def _resolve(self, request: HttpRequest, queryset: QuerySet[Payment], resolution: services.Resolution) -> None:
        def resolve(payment: Payment) -> Payment:
            return services.resolve_deposit(
                merchant=payment.merchant,
                livemode=payment.livemode,
                public_id=payment.public_id,
                resolution=resolution,
                now=timezone.now(),
            )

        self.apply(request, queryset.select_related("merchant"), resolve)


@admin.register(Refund)
class RefundAdmin(StaffAdmin):
    list_display = (
        *("public_id", "created_at", "invoice", "amount", "network", "kind", "status", "is_held"),
        *("address", "tag", "txid", "named_txid"),
    )
    list_filter = ("status", "kind", "is_held", ("named_txid", admin.EmptyFieldListFilter), "network", "asset_code")
    list_select_related = ("invoice",)
    search_fields = ("=id", "=txid", "=named_txid", "=address", "=invoice__id")
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
class CursorAdmin(StaffAdmin):
    list_display = ("network", "height", "tip_height", "finalized_height", "scanned_at")
    change_list_template = "admin/payments/networks.html"
    search_fields = ("=network",)
    ordering = ("network",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show how every chain stands above the list."""
        networks = {
            "networks": network_statuses(now=timezone.now()),
            "network_headings": (
                *("Network", "Tip", "Read up to", "Behind", "Final", "Read"),
                *("Read twice up to", "Not yet", "In the inbox", "Needs a look"),
            ),
        }
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **networks})
        return page


@admin.register(ScannedRange)
class ScannedRangeAdmin(StaffAdmin):
    list_display = ("network", "first", "last", "hash", "source", "scanned_at", "verified_at", "verified_by")
    list_filter = ("network", ("verified_at", admin.EmptyFieldListFilter))
    search_fields = ("=hash", "=last")
    ordering = ("network", "-last")
    show_full_result_count = False


@admin.register(Finding)
class FindingAdmin(StaffAdmin):
    list_display = ("public_id", "created_at", "network", "kind", "first", "last", "txid", "source", "resolved_at")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "kind", "network")
    search_fields = ("=txid", "=address")
    ordering = ("-created_at",)
    readonly_fields = ("public_id",)
    actions = ("resolve",)

    @admin.display(description="ID")
    def public_id(self, finding: Finding) -> str:
        """The id in the logs."""
        return finding.public_id

    @admin.action(description="Looked at: close", permissions=["operate"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Finding]) -> None:
        """Close findings that somebody has looked at."""
        self.apply(request, queryset, lambda finding: services.close_finding(finding_id=finding.pk, now=timezone.now()))
