"""Turn a transfer into a payment, and let the invoice follow from all of its payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Sum

from chains import registry
from chains.base import Transfer
from core.money import WIDE
from events.outbox import emit
from invoices.models import Invoice
from invoices.quotes import QUOTE_GRACE, value_of
from invoices.states import FINAL, InvoiceException, InvoiceStatus
from merchants.settings import MerchantSettings
from payments.events import deposit_event, payment_event, with_last_payment
from payments.models import Payment, Refund
from payments.services import books
from payments.services.options import follow_return, follow_transfer
from payments.services.receipts import recount, standing_refunds
from payments.services.refunds import is_too_small, refund_surplus
from payments.services.returns import hold_unfounded, hold_unfounded_of
from payments.states import (
    RECEIVED,
    STATUS_EVENT,
    TIERS_USD,
    UNSETTLED,
    PaymentStatus,
    Review,
    required_confirmations,
)

IMPLAUSIBLE: Final = Decimal(10) ** 15  # more than all the money there is; a broken token, not a payment
_AWAY: Final = frozenset({PaymentStatus.ORPHANED, PaymentStatus.FAILED})
PROGRESS_STEPS: Final = 10  # at most so many "confirming" events a payment

Key = tuple[str, ...]


@dataclass(slots=True)
class Change:
    """A payment that may have changed, and what it was before."""

    payment: Payment
    was: PaymentStatus | None  # None: it is new
    deepened: bool = False

    @property
    def is_new(self) -> bool:
        """Whether the payment was first seen now."""
        return self.was is None

    @property
    def touches_confirmed(self) -> bool:
        """Whether confirmed money came or went; nothing else is on the books."""
        return PaymentStatus.CONFIRMED in {self.was, self.payment.status}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a transfer counts towards its invoice, and if not, why somebody has to look at it."""

    counts: bool
    is_late: bool
    reason: str  # "" | "wrong_asset" | "late" | "closed"; payments know "short", "implausible", "unknown", "dust" too

    @property
    def is_in_time(self) -> bool:
        """Whether it counts as if the invoice had never been over."""
        return self.counts and not self.is_late


def transfer_key(thing: Transfer | Payment) -> Key:
    """Return what names a transfer for good, whichever block it is in."""
    if isinstance(thing, Payment):
        return thing.txid, thing.asset_code, thing.address, thing.tag, str(thing.ordinal)
    return thing.txid, thing.asset, thing.recipient, thing.tag, str(thing.ordinal)


def upsert(invoice: Invoice, transfer: Transfer, *, now: datetime) -> Change:
    """Record a transfer to ``invoice``, whose row the caller has locked; seen again, it changes its block only."""
    payment = _recorded(transfer)
    if payment is None:
        moment = sent_at(transfer, now)
        is_in_time = _judge_time(invoice, moment).is_in_time
        follow_transfer(invoice, transfer, sent_at=moment, is_in_time=is_in_time, now=now)
        return _placed(None, _new_payment(invoice, transfer, now), transfer, now)
    if payment.status in _AWAY:
        follow_return(invoice, payment, is_in_time=_judge_time(invoice, payment.sent_at).is_in_time, now=now)
        _ask_if_cancelled_meanwhile(invoice, payment)
    return _placed(payment, None, transfer, now)


def upsert_unmatched(merchant_id: UUID, transfer: Transfer, *, now: datetime) -> Change:
    """Record a transfer to an address of a merchant that is for no invoice: it waits in the inbox."""
    payment = _recorded(transfer)
    return _placed(payment, None if payment else _new_deposit(merchant_id, transfer, now), transfer, now)


def _ask_if_cancelled_meanwhile(invoice: Invoice, payment: Payment) -> None:
    """
    Have somebody decide about money that is back when its invoice was cancelled without it.

    The merchant saw nothing paid when they cancelled, so nothing was promised back either. Where something was, the
    payment goes on counting, as the promise rests on it, and the question is about the rest of it.
    """
    if not payment.counts or invoice.status != InvoiceStatus.CANCELLED:
        return
    refunds = [refund for refund in standing_refunds(invoice) if refund.kind != "deposit"]
    if not refunds:
        payment.count_for_nothing()
        payment.is_late = True
    elif (left := _left_of(invoice, payment, refunds)) <= 0 or is_too_small(payment.asset, left):
        return
    payment.resolved_at = None
    _ask(payment, "closed")


def _left_of(invoice: Invoice, payment: Payment, refunds: Sequence[Refund]) -> int:
    """Return how much of what counts in the asset of ``payment``, with itself, is promised to nobody, in base units."""
    kind = {"network": payment.network, "asset_code": payment.asset_code}
    others = Payment.objects.filter(invoice=invoice, counts=True, status__in=RECEIVED, **kind).exclude(pk=payment.pk)
    promised = sum(int(refund.units) for refund in refunds if refund.asset_code == payment.asset_code)
    return int(others.aggregate(units=Sum("units"))["units"] or 0) + int(payment.units) - promised


def sent_at(transfer: Transfer, now: datetime) -> datetime:
    """Return when a transfer was sent, as far as anybody can tell."""
    return min(transfer.block.timestamp, now) if transfer.block else now


def judge(invoice: Invoice, *, network: str, asset_code: str, sent_at: datetime) -> Verdict:
    """Decide whether money sent at ``sent_at`` counts towards ``invoice``."""
    if not invoice.asks_for(network=network, asset_code=asset_code):
        return Verdict(counts=False, is_late=False, reason="wrong_asset")
    return _judge_time(invoice, sent_at)


def _judge_time(invoice: Invoice, sent_at: datetime) -> Verdict:
    if invoice.status in FINAL:
        return Verdict(counts=False, is_late=True, reason="closed")
    was_waiting = invoice.status in {InvoiceStatus.CREATED, InvoiceStatus.PENDING, InvoiceStatus.EXPIRED}
    if sent_at <= invoice.expires_at or not was_waiting:
        return Verdict(counts=True, is_late=False, reason="")
    rule = MerchantSettings.of(invoice.merchant).late_payment
    is_accepted = rule.rule == "accept" and sent_at <= invoice.expires_at + timedelta(hours=rule.window_hours)
    return Verdict(counts=is_accepted, is_late=True, reason="" if is_accepted else "late")


def settle_invoice(invoice: Invoice, changes: list[Change], *, now: datetime, always: bool = False) -> None:
    """
    Sum up what counts, move the invoice, then tell: first the payments, then what they meant.

    The caller holds the invoice's row lock and has saved the payments. ``always`` sums up even when
    no payment has anything to tell, because a decision changed what counts.
    """
    told = [(change, event) for change in changes for event in _events_of(change)]
    if not told and not always:
        return
    was_over = invoice.exception == InvoiceException.OVERPAID
    refunds = standing_refunds(invoice)
    happenings = recount(invoice, refunds, now=now)
    for change, event in told:
        emit(payment_event(change.payment, invoice, event))
    hold_unfounded(invoice=invoice, refunds=refunds)
    last = changes[-1].payment if changes else None
    for happening in happenings:
        emit(with_last_payment(happening, last))
    # A surplus that is not confirmed yet replaces the credit for what is.
    is_over = was_over or invoice.exception == InvoiceException.OVERPAID
    if always or is_over or any(change.touches_confirmed for change in changes):
        payments = [change.payment for change in changes]
        books.follow_payments(invoice, payments, now=now)
        # Before the rest is settled: what goes back to the customer never is the merchant's.
        refund_surplus(invoice, now=now)
        books.follow(invoice, now=now)


def settle_unmatched(changes: list[Change], *, now: datetime) -> None:
    """Tell what happened to payments that are for no invoice; the caller has saved them."""
    for change in changes:
        for event in _events_of(change):
            emit(deposit_event(change.payment, event))
        if change.touches_confirmed:
            books.follow_deposit(change.payment, now=now)
    hold_unfounded_of([change.payment for change in changes])


def credit(payment: Payment, invoice: Invoice, *, rate: Decimal) -> None:
    """Count ``payment`` at ``rate`` (fiat per unit of its own asset), also in units of the invoice's asset."""
    asset = payment.asset
    if asset is None:
        return
    payment.counts = True
    payment.value = value_of(payment.units, rate=rate, asset=asset)
    if invoice.asks_for(network=payment.network, asset_code=payment.asset_code):
        payment.credited_units = payment.units
    else:
        own = invoice.asset
        payment.credited_units = int(WIDE.divide(payment.value, invoice.rate).scaleb(own.decimals, context=WIDE))


def require_confirmations(payment: Payment, invoice: Invoice) -> None:
    """Have ``payment`` wait for as many blocks as the network and the invoice's total ask for."""
    network = registry.network(payment.network)
    override = MerchantSettings.of(invoice.merchant).confirmations.get(payment.network)
    payment.required_confirmations, payment.needs_finality = required_confirmations(
        network.confirmations, total_usd=invoice.total_usd, override=override
    )


def _recorded(transfer: Transfer) -> Payment | None:
    return Payment.objects.filter(
        network=transfer.network,
        txid=transfer.txid,
        asset_code=transfer.asset,
        address=transfer.recipient,
        tag=transfer.tag,
        ordinal=transfer.ordinal,
    ).first()


def _placed(known: Payment | None, fresh: Payment | None, transfer: Transfer, now: datetime) -> Change:
    """Save the one of the two payments that there is, in the block where the transfer was seen."""
    payment = known or fresh
    if payment is None:
        raise ValueError("neither a known payment nor a new one")
    change = Change(payment, was=PaymentStatus(known.status) if known else None)
    _place(payment, transfer, now)
    payment.save()
    return change


def _of_transfer(transfer: Transfer, now: datetime) -> Payment:
    """Return what a new payment takes from its transfer alone."""
    return Payment(
        livemode=registry.network(transfer.network).livemode,
        network=transfer.network,
        asset_code=transfer.asset,
        address=transfer.recipient,
        tag=transfer.tag,
        txid=transfer.txid,
        ordinal=transfer.ordinal,
        sender=transfer.sender,
        units=transfer.units,
        fee_units=transfer.fee_units,
        status=PaymentStatus.DETECTED,
        counts=False,
        sent_at=sent_at(transfer, now),
        last_seen_at=now,
        created_at=now,
    )


def _new_deposit(merchant_id: UUID, transfer: Transfer, now: datetime) -> Payment:
    payment = _of_transfer(transfer, now)
    payment.merchant_id = merchant_id
    _ask(payment, "unknown")
    # Nobody knows yet what it is for: ask for as much as for the largest invoice.
    payment.required_confirmations, payment.needs_finality = required_confirmations(
        registry.network(transfer.network).confirmations, total_usd=TIERS_USD[-1], override=None
    )
    return payment


def _new_payment(invoice: Invoice, transfer: Transfer, now: datetime) -> Payment:
    payment = _of_transfer(transfer, now)
    verdict = judge(invoice, network=payment.network, asset_code=payment.asset_code, sent_at=payment.sent_at)
    payment.invoice, payment.merchant_id, payment.livemode = invoice, invoice.merchant_id, invoice.livemode
    if verdict.reason:
        _ask(payment, verdict.reason)
    payment.is_late = verdict.is_late
    require_confirmations(payment, invoice)
    if verdict.counts:
        credit(payment, invoice, rate=_rate_for(invoice, payment.sent_at))
    if payment.value > IMPLAUSIBLE:
        payment.count_for_nothing()
        payment.review, payment.review_reason = Review.OPEN, "implausible"
    return payment


def _ask(payment: Payment, reason: str) -> None:
    """Have somebody decide about a payment, unless it is dust: anybody can send that to any address, all day long."""
    asset = payment.asset
    is_dust = asset is not None and payment.units < asset.dust
    payment.review, payment.review_reason = (Review.IGNORED, "dust") if is_dust else (Review.OPEN, reason)


def _rate_for(invoice: Invoice, sent_at: datetime) -> Decimal:
    """Return the best rate the customer may rely on: today's quote, or one replaced shortly before they sent."""
    still_good = invoice.replaced_quotes.filter(
        network=invoice.network,
        asset_code=invoice.asset_code,
        quoted_at__lte=sent_at,
        replaced_at__gte=sent_at - QUOTE_GRACE,
    ).values_list("rate", flat=True)
    return max([invoice.rate, *still_good])


def _place(payment: Payment, transfer: Transfer, now: datetime) -> None:
    """Note where the transfer was seen. Back from an orphaned block it starts over as detected."""
    payment.last_seen_at = now
    if payment.status in _AWAY:
        payment.status = PaymentStatus.DETECTED
    if transfer.block is None:
        payment.block_height, payment.block_hash = None, ""
    else:
        payment.block_height, payment.block_hash = transfer.block.height, transfer.block.hash
    if transfer.fee_units is not None:
        payment.fee_units = transfer.fee_units


def _events_of(change: Change) -> list[str]:
    """Return what there is to tell of a payment: each status it reached, or that it fell back."""
    status = PaymentStatus(change.payment.status)
    if change.was is PaymentStatus.CONFIRMED and status in UNSETTLED:
        return [STATUS_EVENT[PaymentStatus.ORPHANED]]  # its block moved: what was certain is so no more
    if change.was is not status:
        first = [STATUS_EVENT[PaymentStatus.DETECTED]] if change.is_new and status is not PaymentStatus.DETECTED else []
        return [*first, STATUS_EVENT[status]]
    if status is PaymentStatus.CONFIRMING and change.deepened:
        step = max(change.payment.required_confirmations // PROGRESS_STEPS, 1)
        return [STATUS_EVENT[status]] if change.payment.confirmations % step == 0 else []
    return []
