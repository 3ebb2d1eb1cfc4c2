"""Staff's view of what vaults send: approve above the limit, withdraw, and give up what can never be carried out."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.staff import ReadOnly
from events.acts import ActingAdmin
from payments.acts import PAYOUT_ACTS
from payments.events import amount_of
from payments.models import Payout, PayoutApproval, PayoutTransaction


class ApprovalInline(ReadOnly, admin.TabularInline):
    model = PayoutApproval
    fields = ("user", "created_at")
    readonly_fields = fields
    extra = 0


class TransactionInline(ReadOnly, admin.TabularInline):
    """What was signed, without the bytes: at most one of these is ever in a block."""

    model = PayoutTransaction
    fields = ("position", "txid", "fee_cap_units", "created_at")
    readonly_fields = fields
    extra = 0


@admin.register(Payout)
class PayoutAdmin(ActingAdmin):
    """What is sent is decided by services; the signed transaction is shown nowhere."""

    list_display = (
        "public_id",
        "created_at",
        "kind",
        "amount",
        "network",
        "merchant",
        "status",
        "waiting_for",
        "error",
    )
    list_filter = ("status", "kind", "waiting_reason", "network", "asset_code")
    list_select_related = ("merchant",)
    search_fields = ("=id", "=transactions__txid", "=sender", "=recipient", "=invoice__id", "=refund__id")
    search_help_text = "Public id, transaction or address"
    ordering = ("-id",)
    readonly_fields = ("public_id", "amount")
    inlines = (ApprovalInline, TransactionInline)
    acts = PAYOUT_ACTS

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Leave out the signed transaction: whoever has it can send it."""
        return ("raw",)

    @admin.display(description="ID")
    def public_id(self, payout: Payout) -> str:
        """The id the world sees."""
        return payout.public_id

    @admin.display(description="Amount", ordering="units")
    def amount(self, payout: Payout) -> str:
        """How much is sent, in the asset."""
        return f"{amount_of(payout):f} {payout.asset_code}"
