"""
Move what settled invoices brought out of a vault: the net to the merchant's own wallet, the fee to the platform.

What is due of an invoice follows from its settlement, from what was moved before and from what is promised
back; it is looked at again when it is signed. All that is due at one address goes in one transaction.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from core.fields import UnitsField
from invoices.models import Invoice
from merchants.models import WalletKind
from payments.models import Payout, PayoutKind, PayoutStatus, Refund, Settlement, SettlementStatus
from payments.models.payouts import OVER, UNSIGNED
from payments.services.payouts import MOST_FAILURES, plan
from payments.states import RefundStatus
from payments.watchlist import IssuedAddresses


def plan_forwards(*, now: datetime) -> int:
    """Plan payouts of all that is due in vaults that forward; return how many were planned."""
    return sum(_plan_for(invoice_id, code, now) for invoice_id, code in _candidates())


def is_still_due(payout: Payout) -> bool:
    """Return whether exactly what the payout moves is due; the caller holds the invoice's lock."""
    settlement = payout.settlement
    if settlement is None or settlement.status != SettlementStatus.SETTLED:
        return False
    target = _target(settlement, PayoutKind(payout.kind))
    due = _due(settlement, PayoutKind(payout.kind), without=payout)
    return (due, target) == (payout.units, payout.recipient)


def _candidates() -> list[tuple[UUID, str]]:
    """Return the invoices and assets of which less was moved than was settled, of the net or of the fee."""
    # Fees stay in the vault where the platform has no address.
    lacks_fee = Q(moved_fee__lt=F("fee_units"), network__in=[code for code, to in _fee_targets().items() if to])
    rows = (
        Settlement.objects.filter(
            status=SettlementStatus.SETTLED, livemode=True, invoice__wallet__kind=WalletKind.VAULT
        )
        .exclude(invoice__wallet__forward_to="")
        .annotate(moved=_moved(PayoutKind.FORWARD), moved_fee=_moved(PayoutKind.FEE))
        .filter(Q(moved__lt=F("net_units")) | lacks_fee)
        .order_by("created_at")
    )
    return list(rows.values_list("invoice_id", "asset_code"))


def _moved(kind: PayoutKind) -> Coalesce:
    """Return an expression for how much payouts of one kind have moved, or are to move, of a settlement."""
    same = Payout.objects.filter(
        invoice=OuterRef("invoice"), asset_code=OuterRef("asset_code"), network=OuterRef("network"), kind=kind
    )
    total = same.exclude(status__in=OVER).order_by().values("invoice").annotate(total=Sum("units")).values("total")
    return Coalesce(Subquery(total, output_field=UnitsField()), 0, output_field=UnitsField())


@transaction.atomic
def _plan_for(invoice_id: UUID, code: str, now: datetime) -> int:
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("wallet").get(pk=invoice_id)
    settlement = Settlement.objects.filter(
        invoice=invoice, network=invoice.network, asset_code=code, status=SettlementStatus.SETTLED
    ).first()
    if settlement is None or invoice.wallet is None:
        return 0
    planned = 0
    for kind in (PayoutKind.FORWARD, PayoutKind.FEE):
        target, due = _target(settlement, kind), _due(settlement, kind)
        before = Payout.objects.filter(invoice=invoice, asset_code=code, kind=kind)
        is_hopeless = before.filter(status=PayoutStatus.FAILED).count() >= MOST_FAILURES
        if (
            not target
            or due <= 0
            or is_hopeless
            or before.filter(status__in=UNSIGNED).exists()
            or IssuedAddresses(invoice.network).issued([target])
        ):
            continue
        plan(
            kind=kind,
            wallet=invoice.wallet,
            invoice=invoice,
            settlement=settlement,
            asset_code=code,
            units=due,
            sender=invoice.address,
            sender_path=f"0/{invoice.wallet_index}",
            recipient=target,
            now=now,
        )
        planned += 1
    return planned


def _target(settlement: Settlement, kind: PayoutKind) -> str:
    wallet = settlement.invoice.wallet
    if wallet is None or kind is PayoutKind.FORWARD:
        return wallet.forward_to if wallet else ""
    return str(_fee_targets().get(settlement.network, ""))


def _fee_targets() -> dict[str, str]:
    """Return the platform's address on each network where it has one."""
    return dict(settings.PLATFORM_FEE_ADDRESSES)


def _due(settlement: Settlement, kind: PayoutKind, *, without: Payout | None = None) -> int:
    """Return how much is to be moved: what was settled less what was moved before and, of the net, promised back."""
    before = Payout.objects.filter(
        invoice_id=settlement.invoice_id, network=settlement.network, asset_code=settlement.asset_code, kind=kind
    ).exclude(status__in=OVER)
    if without is not None:
        before = before.exclude(pk=without.pk)
    moved = int(before.aggregate(units=Sum("units"))["units"] or 0)
    if kind is PayoutKind.FEE:
        return settlement.fee_units - moved
    promised = (
        Refund.objects.filter(invoice_id=settlement.invoice_id, asset_code=settlement.asset_code, kind="requested")
        .exclude(status=RefundStatus.CANCELLED)
        .aggregate(units=Sum("units"))["units"]
    )
    return settlement.net_units - int(promised or 0) - moved
