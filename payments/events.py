"""What the log says of a payment, a refund or a settlement: the invoice's facts, and the payment's own beside them."""

from decimal import Decimal
from typing import Any

from core import exact_json
from core.ids import public_id
from events.outbox import Happening
from invoices.events import about
from invoices.models import Invoice
from payments.models import Booking, Payment, Payout, Refund, Settlement


def amount_of(record: Payment | Refund | Payout) -> Decimal:
    """Return the amount in major units of its asset; in base units when the asset is no longer configured."""
    return in_major_units(record, record.units)


def in_major_units(record: Payment | Refund | Settlement | Booking | Payout, units: int) -> Decimal:
    """Return ``units`` in major units of the record's asset; as they are when it is no longer configured."""
    return record.asset.to_amount(units) if record.asset else Decimal(units)


def payment_facts(payment: Payment) -> dict[str, Any]:
    """Return the part of an event that describes ``payment``."""
    return {
        "id": payment.public_id,
        "amount": amount_of(payment),
        "crypto_currency": payment.asset_code,
        "status": str(payment.status),
        "confirmations": payment.confirmations,
        "required_confirmations": payment.required_confirmations,
        "tx_hash": payment.txid,
        "block_number": payment.block_height,
        "from_address": payment.sender,
        "confirmed_at": exact_json.timestamp(payment.confirmed_at) if payment.confirmed_at else None,
    }


def payment_event(payment: Payment, invoice: Invoice, event_type: str, **more: Any) -> Happening:
    """Return an event about ``payment`` as it is now."""
    return about(
        invoice,
        event_type,
        payment_id=payment.public_id,
        tx_hash=payment.txid,
        confirmations=payment.confirmations,
        payment=payment_facts(payment),
        late=payment.is_late,
        in_review=payment.review == "open",
        **more,
    )


def deposit_event(payment: Payment, event_type: str) -> Happening:
    """Return an event about a payment that is for no invoice: ``invoice_id`` is null."""
    return Happening(
        type=event_type,
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
        object_id=payment.public_id,
        data={
            "invoice_id": None,
            "crypto_currency": payment.asset_code,
            "network": payment.network,
            "address": payment.address,
            "tag": payment.tag or None,
            "payment_id": payment.public_id,
            "tx_hash": payment.txid,
            "confirmations": payment.confirmations,
            "payment": payment_facts(payment),
            "late": payment.is_late,
            "in_review": payment.review == "open",
        },
    )


def with_last_payment(happening: Happening, payment: Payment | None) -> Happening:
    """Add the payment that caused it to an invoice's event, where the webhook payload names it."""
    if payment is None:
        return happening
    return Happening(
        type=happening.type,
        merchant_id=happening.merchant_id,
        livemode=happening.livemode,
        invoice_id=happening.invoice_id,
        object_id=happening.object_id,
        data={
            **happening.data,
            "payment_id": payment.public_id,
            "tx_hash": payment.txid,
            "confirmations": payment.confirmations,
        },
    )


def refund_event(refund: Refund, event_type: str) -> Happening:
    """Return an event about ``refund`` as it is now; ``invoice_id`` is null when it returns an unknown deposit."""
    facts = {
        "refund_id": refund.public_id,
        "refund": {
            "id": refund.public_id,
            "amount": amount_of(refund),
            "crypto_currency": refund.asset_code,
            "network": refund.network,
            "address": refund.address or None,
            **({"tag": refund.tag} if refund.tag else {}),
            "status": str(refund.status),
            "kind": refund.kind,
            "reason": refund.reason or None,
            "tx_hash": refund.txid or None,
            **({"named_tx_hash": refund.named_txid} if refund.named_txid else {}),
        },
    }
    if refund.invoice is not None:
        return about(refund.invoice, event_type, **facts)
    return Happening(
        type=event_type,
        merchant_id=refund.merchant_id,
        livemode=refund.livemode,
        object_id=refund.public_id,
        data={"invoice_id": None, "payment_id": _public_id_of_payment(refund), **facts},
    )


def _public_id_of_payment(refund: Refund) -> str | None:
    return public_id(Payment.PREFIX, refund.payment_id) if refund.payment_id else None


def settlement_event(settlement: Settlement, invoice: Invoice, event_type: str) -> Happening:
    """Return an event about ``settlement`` as it is now."""
    return about(
        invoice,
        event_type,
        settlement_id=settlement.public_id,
        settlement={
            "id": settlement.public_id,
            "gross": in_major_units(settlement, settlement.gross_units),
            "fee": in_major_units(settlement, settlement.fee_units),
            "net": in_major_units(settlement, settlement.net_units),
            "fee_percent": settlement.fee_percent,
            "crypto_currency": settlement.asset_code,
            "network": settlement.network,
            "status": str(settlement.status),
            "replaces": public_id(Settlement.PREFIX, settlement.replaces_id) if settlement.replaces_id else None,
            "reversal_reason": settlement.reversal_reason or None,
        },
    )


def payout_event(payout: Payout, event_type: str) -> Happening:
    """Return an event about ``payout`` as it is now, for the audit trail; never the signed transaction."""
    return Happening(
        type=event_type,
        merchant_id=payout.merchant_id,
        livemode=True,
        object_id=payout.public_id,
        data={
            "payout_id": payout.public_id,
            "kind": str(payout.kind),
            "status": str(payout.status),
            "amount": amount_of(payout),
            "crypto_currency": payout.asset_code,
            "network": payout.network,
            "from_address": payout.sender,
            "address": payout.recipient,
            "nonce": payout.nonce,
            "tx_hash": payout.txid or None,
            "refund_id": public_id(Refund.PREFIX, payout.refund_id) if payout.refund_id else None,
            "error": payout.error or None,
        },
    )
