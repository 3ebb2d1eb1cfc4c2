"""Staff's view of payments, refunds and scanning. What can be done to them is in acts.py."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.staff import StaffAdmin
from events.acts import ActingAdmin
from payments import admin_books, admin_invoices, admin_payouts
from payments.acts import CURSOR_ACTS, DEPOSIT_ACTS, FINDING_ACTS, REFUND_ACTS, RESCAN_ACTS
from payments.events import amount_of
from payments.models import Cursor, Finding, Payment, Refund, Rescan, ScannedRange
from payments.overview import network_statuses

__all__ = ["admin_books", "admin_invoices", "admin_payouts"]  # registered by being imported


@admin.register(Payment)
class PaymentAdmin(ActingAdmin):
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
    ordering = ("-id",)
    readonly_fields = ("public_id", "status", "amount", "created_at")
    acts = DEPOSIT_ACTS
    show_full_result_count = False

    @admin.display(description="ID")
    def public_id(self, payment: Payment) -> str:
        """The id the world sees."""
        return payment.public_id

    @admin.display(description="Amount", ordering="units")
    def amount(self, payment: Payment) -> str:
        """How much arrived, in the asset."""
        return f"{amount_of(payment):f} {payment.asset_code}"


@admin.register(Refund)
class RefundAdmin(ActingAdmin):
    list_display = (
        *("public_id", "created_at", "invoice", "amount", "network", "kind", "status", "is_held"),
        *("address", "tag", "txid", "named_txid"),
    )
    list_filter = ("status", "kind", "is_held", ("named_txid", admin.EmptyFieldListFilter), "network", "asset_code")
    list_select_related = ("invoice",)
    search_fields = ("=id", "=txid", "=named_txid", "=address", "=invoice__id")
    ordering = ("-id",)
    readonly_fields = ("public_id", "amount")
    acts = REFUND_ACTS

    @admin.display(description="ID")
    def public_id(self, refund: Refund) -> str:
        """The id the world sees."""
        return refund.public_id

    @admin.display(description="Amount", ordering="units")
    def amount(self, refund: Refund) -> str:
        """How much goes back, in the asset."""
        return f"{amount_of(refund):f} {refund.asset_code}"


@admin.register(Cursor)
class CursorAdmin(ActingAdmin):
    list_display = ("network", "height", "tip_height", "finalized_height", "scanned_at")
    change_list_template = "admin/payments/networks.html"
    search_fields = ("=network",)
    ordering = ("network",)
    acts = CURSOR_ACTS

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
class FindingAdmin(ActingAdmin):
    list_display = ("public_id", "created_at", "network", "kind", "first", "last", "txid", "source", "resolved_at")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "kind", "network")
    search_fields = ("=txid", "=address")
    ordering = ("-id",)
    readonly_fields = ("public_id",)
    acts = FINDING_ACTS

    @admin.display(description="ID")
    def public_id(self, finding: Finding) -> str:
        """The id in the logs."""
        return finding.public_id


@admin.register(Rescan)
class RescanAdmin(ActingAdmin):
    list_display = ("public_id", "created_at", "network", "first", "last", "progress", "found", "status", "error")
    list_filter = ("status", "network")
    ordering = ("-id",)
    readonly_fields = ("public_id", "progress")
    acts = RESCAN_ACTS

    @admin.display(description="ID")
    def public_id(self, rescan: Rescan) -> str:
        """The id in the logs."""
        return rescan.public_id

    @admin.display(description=_("Read"))
    def progress(self, rescan: Rescan) -> str:
        """How far it has come, as a bar that needs no script: the page is loaded again to see more."""
        return format_html(
            '<progress max="100" value="{0}" aria-label="{1}">{0} %</progress> {0} %', rescan.percent, _("Read")
        )
