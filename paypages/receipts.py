"""What arrived for an invoice and what went back, each with its place on an explorer."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from chains.base import Asset, Network
from invoices.models import Invoice
from payments.models import Payment, Refund
from payments.states import PaymentStatus, RefundStatus, Review


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment to the invoice."""

    amount: str
    asset: str
    status: PaymentStatus
    confirmations: int
    required: int
    needs_finality: bool
    at: datetime
    txid: str
    txid_short: str
    explorer_url: str
    is_late: bool
    in_review: bool
    is_other_asset: bool


class ReturnStep(StrEnum):
    """How far money on its way back has come."""

    NEEDS_ADDRESS = "needs_address"  # the customer has to say where to
    WAITING = "waiting"
    SENT = "sent"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Return:
    """Money on its way back, or returned."""

    id: str
    amount: str
    asset: str
    step: ReturnStep
    is_surplus: bool
    txid_short: str
    explorer_url: str


def short(txid: str) -> str:
    """Return the two ends of a transaction id."""
    return txid if len(txid) <= 20 else f"{txid[:8]}…{txid[-8:]}"


def amount_text(amount: Decimal) -> str:
    """Return an amount of an asset digit by digit, as a wallet's input field takes it."""
    return f"{amount:f}"


def receipt_of(payment: Payment, invoice: Invoice, network: Network | None) -> Receipt:
    """Return one payment to ``invoice``."""
    return Receipt(
        amount=_amount_of(payment.asset, int(payment.units)),
        asset=payment.asset_code,
        status=PaymentStatus(payment.status),
        confirmations=min(payment.confirmations, payment.required_confirmations),
        required=payment.required_confirmations,
        needs_finality=payment.needs_finality,
        at=payment.sent_at,
        txid=payment.txid,
        txid_short=short(payment.txid),
        explorer_url=explorer(network, payment.txid),
        is_late=payment.is_late,
        in_review=payment.review == Review.OPEN,
        is_other_asset=not invoice.asks_for(network=payment.network, asset_code=payment.asset_code),
    )


def return_of(refund: Refund, network: Network | None) -> Return:
    """Return one refund of an invoice."""
    return Return(
        id=refund.public_id,
        amount=_amount_of(refund.asset, int(refund.units)),
        asset=refund.asset_code,
        step=_step(refund),
        is_surplus=refund.kind == "surplus",
        txid_short=short(refund.txid),
        explorer_url=explorer(network, refund.txid),
    )


def _step(refund: Refund) -> ReturnStep:
    if refund.status == RefundStatus.COMPLETED:
        return ReturnStep.DONE
    if refund.status == RefundStatus.SENT:
        return ReturnStep.SENT
    return ReturnStep.WAITING if refund.address else ReturnStep.NEEDS_ADDRESS


def _amount_of(asset: Asset | None, units: int) -> str:
    return amount_text(asset.to_amount(units) if asset else Decimal(units))


def explorer(network: Network | None, txid: str) -> str:
    """Return where an explorer shows the transaction; empty when the network has none."""
    return network.explorer_tx.format(txid=txid) if network and network.explorer_tx and txid else ""
