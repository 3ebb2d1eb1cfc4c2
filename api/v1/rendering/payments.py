"""Payments, deposits in review, and refunds."""

from decimal import Decimal
from typing import Any

from api.v1.rendering.amounts import asset_amount, fiat, moment, plain
from chains import registry
from core.ids import public_id
from core.money import WIDE
from invoices.models import Invoice
from payments.models import Payment, PayoutStatus, Refund
from payments.models.payouts import OVER
from payments.refund_links import claim_url, refund_uri
from payments.states import PaymentStatus, Review


def payment_of_invoice(payment: Payment) -> dict[str, Any]:
    """Return a payment within its invoice."""
    return {
        "id": payment.public_id,
        "amount": asset_amount(payment),
        "crypto_currency": payment.asset_code,
        "tx_hash": payment.txid,
        "status": str(payment.status),
        "confirmations": payment.confirmations,
        "required_confirmations": payment.required_confirmations,
        "block_number": payment.block_height,
        "from_address": payment.sender or None,
        "detected_at": moment(payment.created_at),
        "confirmed_at": moment(payment.confirmed_at),
        "network_fee": _network_fee(payment),
        "counts": payment.counts,
        "late": payment.is_late,
        "review": str(payment.review),
    }


def payment_view(payment: Payment) -> dict[str, Any]:
    """Return a payment on its own; its invoice has been loaded with it. One for no invoice has no value yet."""
    invoice = payment.invoice
    return {
        **payment_of_invoice(payment),
        "invoice_id": invoice.public_id if invoice else None,
        "network": payment.network,
        "address": payment.address,
        "tag": payment.tag or None,
        "value": fiat(payment.value, invoice.currency) if invoice else None,
        "currency": invoice.currency if invoice else None,
        "livemode": payment.livemode,
    }


def deposit_view(payment: Payment) -> dict[str, Any]:
    """Return a payment that waits, or waited, for a decision."""
    return {
        **payment_view(payment),
        "review_reason": payment.review_reason or None,
        "resolved_at": moment(payment.resolved_at),
    }


def public_payment(payment: Payment, invoice: Invoice) -> dict[str, Any]:
    """Return what a customer may know of a payment: not where it came from."""
    shown: dict[str, Any] = {"amount": asset_amount(payment), "status": str(payment.status)}
    if not invoice.asks_for(network=payment.network, asset_code=payment.asset_code):
        shown["crypto_currency"] = payment.asset_code
        if payment.network != invoice.network:
            shown["network"] = payment.network
    if payment.review == Review.OPEN:
        shown["in_review"] = True
    if payment.status != PaymentStatus.DETECTED:
        shown["confirmations"] = payment.confirmations
    if payment.status != PaymentStatus.CONFIRMED:
        return {**shown, "required_confirmations": payment.required_confirmations}
    return {**shown, "confirmed_at": moment(payment.confirmed_at)}


def refund_view(refund: Refund) -> dict[str, Any]:
    """Return a refund; one of a deposit that matched no invoice has none."""
    return {
        "id": refund.public_id,
        "invoice_id": public_id(Invoice.PREFIX, refund.invoice_id) if refund.invoice_id else None,
        "payment_id": public_id(Payment.PREFIX, refund.payment_id) if refund.payment_id else None,
        "amount": asset_amount(refund),
        "crypto_currency": refund.asset_code,
        "network": refund.network,
        "address": refund.address or None,
        "tag": refund.tag or None,
        "status": str(refund.status),
        "kind": refund.kind,
        "reason": refund.reason or None,
        "tx_hash": refund.txid or None,
        "named_tx_hash": refund.named_txid or None,
        "held": refund.is_held,
        "payout": payout_view(refund),
        "payment_uri": refund_uri(refund),
        "claim_url": claim_url(refund),
        "livemode": refund.livemode,
        "created_at": moment(refund.created_at),
        "completed_at": moment(refund.completed_at),
    }


def payout_view(refund: Refund) -> dict[str, Any] | None:
    """Return how far a vault is with sending a refund; None unless one was asked to."""
    payout = max(refund.payouts.all(), key=lambda each: (each.created_at, each.pk), default=None)
    if payout is None:
        return None
    is_over = payout.status in {PayoutStatus.CONFIRMED, *OVER}
    return {
        "id": payout.public_id,
        "status": str(payout.status),
        # One word: the text beside it is for staff, and may name a node's endpoint.
        "waiting_for": None if is_over else payout.waiting_reason or None,
        "from_address": payout.sender,
        "tx_hash": payout.txid or None,
    }


def _network_fee(payment: Payment) -> Decimal | None:
    """Return the fee in the network's own coin, where it is known: the coin is the asset without a contract."""
    network = registry.find_network(payment.network)
    coin = next((asset for asset in network.assets if not asset.contract), None) if network else None
    if payment.fee_units is None or coin is None:
        return None
    return plain(Decimal(payment.fee_units).scaleb(-coin.decimals, context=WIDE))
