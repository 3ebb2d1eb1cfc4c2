"""Refunds as the chain shows them: the merchant pays from any wallet, and the scan recognises it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db.models import Q, Sum

from chains import registry
from chains.base import Transfer
from events.outbox import emit
from invoices import services as invoice_services
from invoices.models import Invoice
from invoices.states import InvoiceStatus
from payments.errors import RefundNotOpen
from payments.events import refund_event
from payments.models import Payment, Refund
from payments.services import books
from payments.services.payouts import release_refund, signed_txid
from payments.services.receipts import PART
from payments.services.recognition import Key, give_back, key_of, recognise
from payments.states import TIERS_USD, PaymentStatus, RefundStatus, View, required_confirmations
from payments.watchlist import IssuedAddresses

log = structlog.get_logger(__name__)


def touched_returns(network: str, transfers: Sequence[Transfer], *, first: int | None) -> list[Refund]:
    """
    Return the refunds that ``transfers`` may be, and those whose transaction may have changed its place.

    ``first`` is the first block that was read; None when nothing can have left its block.
    """
    which = Q(address__in={transfer.recipient for transfer in transfers}) & ~Q(address="")
    if first is not None:
        which |= Q(status=RefundStatus.SENT) | Q(block_height__gte=first)
    refunds = Refund.objects.filter(which, network=network).exclude(status=RefundStatus.CANCELLED)
    return list(refunds.order_by("created_at", "pk"))


def follow_returns(
    refunds: Sequence[Refund],
    transfers: Sequence[Transfer],
    *,
    view: View,
    now: datetime,
    first: int | None = None,
    is_fork: bool = False,
) -> None:
    """
    Find each refund's transaction, wait until it is final, and take it back when a fork removes it.

    The caller holds the locks of the refunds' invoices. A transfer is a refund's when it moves
    exactly the refund's units of its asset to its address, and it is that of one refund only.
    """
    if not refunds:
        return
    locked = {refund.pk: refund for refund in Refund.objects.select_for_update().filter(pk__in=[r.pk for r in refunds])}
    rows = [locked[refund.pk] for refund in refunds if refund.pk in locked]
    ours = IssuedAddresses(rows[0].network).issued({refund.address for refund in rows}) if rows and transfers else set()
    recognise(rows, transfers, ours=ours)
    _ask_again(rows, ours, now)
    if first is not None:
        seen = {key_of(transfer) for transfer in transfers}
        for refund in rows:
            if _has_left(refund, seen, first=first, last=None if is_fork else view.read_height):
                _take_back(refund, now)
    for refund in rows:
        _deepen(refund, view, now)


def ask_again(network: str, addresses: Collection[str], *, now: datetime) -> None:
    """Ask anew where those refunds go that are to go to one of ``addresses``, on which payments are taken by now."""
    waiting = Refund.objects.select_for_update().filter(network=network, address__in=addresses)
    _ask_again(list(waiting.filter(status=RefundStatus.REQUESTED).order_by("pk")), addresses, now)


def _ask_again(rows: Sequence[Refund], ours: Collection[str], now: datetime) -> None:
    for refund in rows:
        if refund.address not in ours or refund.status != RefundStatus.REQUESTED:
            continue
        try:
            release_refund(refund, now=now)
        except RefundNotOpen:  # a vault has signed it: nobody can call it back
            log.exception("refund_goes_to_own_address", refund=refund.public_id, network=refund.network)
            continue
        refund.address, refund.tag, refund.claimed_at = "", "", None
        refund.save()
        emit(refund_event(refund, "refund.address_withdrawn"))


def finish(refund: Refund, *, now: datetime) -> None:
    """
    Note that a refund has gone out; a paid invoice whose whole amount has gone back becomes refunded.

    The caller holds the locks of the invoice and of the refund.
    """
    refund.status = RefundStatus.COMPLETED
    refund.completed_at = now
    refund.save()
    emit(refund_event(refund, "refund.completed"))
    books.follow_refund(refund, now=now)
    invoice = Invoice.objects.filter(pk=refund.invoice_id).first() if refund.invoice_id else None
    if invoice and invoice.status == InvoiceStatus.PAID and returned_units(invoice) >= invoice.confirmed_units:
        invoice_services.mark_refunded(invoice_id=invoice.pk, now=now)


def returned_units(invoice: Invoice) -> int:
    """Return how much of what paid the invoice has gone back, in base units of its asset."""
    completed = invoice.refunds.filter(status=RefundStatus.COMPLETED, asset_code=invoice.asset_code)
    return int(completed.exclude(kind__in=["deposit", PART]).aggregate(units=Sum("units"))["units"] or 0)


def refundable_units(invoice: Invoice, asset_code: str = "") -> int:
    """Return what is confirmed in an asset, by default the invoice's own, and not yet promised back, in base units."""
    code = asset_code or invoice.asset_code
    confirmed = confirmed_units(invoice).get(code, 0)
    promised = (
        invoice.refunds.filter(asset_code=code)
        .exclude(status=RefundStatus.CANCELLED)
        .exclude(kind="deposit")
        .aggregate(units=Sum("units"))["units"]
    )
    return confirmed - int(promised or 0)


def confirmed_units(invoice: Invoice) -> dict[str, int]:
    """Return what is confirmed and counts towards ``invoice``, per asset, in base units."""
    counting = Payment.objects.filter(invoice=invoice, counts=True, status=PaymentStatus.CONFIRMED)
    return {code: int(units) for code, units in counting.values_list("asset_code").annotate(units=Sum("units"))}


def hold_unfounded(*, invoice: Invoice, refunds: Sequence[Refund]) -> None:
    """
    Hold those standing ``refunds`` of ``invoice`` whose money is not confirmed; let go of those whose money came back.

    Called whenever payments or refunds changed; the caller holds the invoice's row lock.
    """
    if refunds:
        _hold(refunds, _unfounded(refunds, confirmed_units(invoice)))


def hold_unfounded_of(payments: Sequence[Payment]) -> None:
    """Do the same for the refunds of ``payments`` that are for no invoice."""
    rows = Refund.objects.select_related("payment").filter(invoice=None, payment__in=payments)
    refunds = list(rows.exclude(status=RefundStatus.CANCELLED))
    _hold(refunds, _unfounded(refunds, {}))


def _unfounded(refunds: Sequence[Refund], confirmed: Mapping[str, int]) -> set[UUID]:
    """
    Return which of ``refunds`` promise more than there is, given what is confirmed per asset.

    What has been sent is gone: it comes first. Then come those that return one payment, then the rest, the oldest
    first. A deposit counts towards nothing and rests on its own payment alone.
    """
    left = dict(confirmed)
    unfounded = set()
    for refund in sorted(refunds, key=_by_claim):
        is_gone = refund.payment is not None and refund.payment.status != PaymentStatus.CONFIRMED
        rests_on_payment = refund.kind == "deposit" or (is_gone and refund.status == RefundStatus.REQUESTED)
        if not rests_on_payment:
            left[refund.asset_code] = left.get(refund.asset_code, 0) - int(refund.units)
        if is_gone or (not rests_on_payment and left[refund.asset_code] < 0):
            unfounded.add(refund.pk)
    return unfounded


def _by_claim(refund: Refund) -> tuple[bool, bool, datetime, UUID]:
    return refund.status == RefundStatus.REQUESTED, refund.payment_id is None, refund.created_at, refund.pk


def _hold(refunds: Sequence[Refund], unfounded: set[UUID]) -> None:
    for refund in refunds:
        is_unfounded = refund.pk in unfounded
        if is_unfounded == refund.is_held:
            continue
        refund.is_held = is_unfounded
        refund.save(update_fields=["is_held"])
        emit(refund_event(refund, "refund.held" if is_unfounded else "refund.released"))
        if is_unfounded and refund.status != RefundStatus.REQUESTED:
            log.error("refund_rests_on_reversed_payment", refund=refund.public_id, network=refund.network)


def _has_left(refund: Refund, seen: set[Key], *, first: int, last: int | None) -> bool:
    if refund.block_height is None or refund.block_height < first or key_of(refund) in seen:
        return False
    return last is None or refund.block_height <= last


def _take_back(refund: Refund, now: datetime) -> None:
    """
    A fork removed the transaction: the money is with the merchant again, and the refund is owed again.

    What a vault has signed for it stays its transaction: the vault sends the same one again. What somebody named
    otherwise stands as it was named.
    """
    if give_back(refund):
        return
    log.warning("refund_reversed", refund=refund.public_id, network=refund.network, txid=refund.txid)
    refund.status = RefundStatus.REQUESTED
    refund.txid, refund.ordinal = signed_txid(refund), None
    refund.block_height, refund.block_hash = None, ""
    refund.completed_at = None
    refund.save()
    emit(refund_event(refund, "refund.reversed"))
    books.follow_refund(refund, now=now)


def _deepen(refund: Refund, view: View, now: datetime) -> None:
    if refund.status != RefundStatus.SENT:
        return
    invoice = refund.invoice
    required, needs_finality = required_confirmations(
        registry.network(refund.network).confirmations,
        total_usd=invoice.total_usd if invoice else TIERS_USD[-1],
        override=None,
    )
    status, _ = view.judge(refund.block_height, required=required, needs_finality=needs_finality)
    if status is PaymentStatus.CONFIRMED:
        finish(refund, now=now)
