"""
How a ``notifyUrl`` is told: body, headers and signature.

    {"event": "INVOICE_PAID", "data": {…}, "timestamp": 1704070800000, "webhookId": "whk_…"}
    X-Signature: sha256=<hex HMAC-SHA256(secret, raw body)>

The secret is the merchant's webhook secret of the mode. The body is frozen with the event.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from api.cryptic.envelopes import moment
from api.cryptic.mapping import EVENTS, TRANSACTION_STATUS, status_word
from api.cryptic.rendering import ORDER_ID, amount_text, network_word, order_id
from core import exact_json
from core.ids import public_id
from events.models import Event
from payments.states import PaymentStatus
from webhooks.formats import DeliveryFormat, Message
from webhooks.models import Delivery

FORMAT: Final = "cryptic"


def body(event: Event) -> str:
    """Return the text that every attempt to tell of ``event`` sends."""
    return exact_json.dumps(
        {
            "event": EVENTS[event.type],
            "data": _data(event.data),
            "timestamp": _milliseconds(event.created_at),
            "webhookId": public_id(Delivery.MESSAGE_PREFIX, event.pk),
        }
    )


def headers(message: Message) -> dict[str, str]:
    """Return the headers of one attempt. Each live secret signs, the newest first; one more has a header of its own."""
    signatures = [f"sha256={signature(secret, message.body)}" for secret in message.live_secrets]
    return {
        **({"X-Previous-Signature": signatures[1]} if len(signatures) > 1 else {}),
        "Content-Type": "application/json",
        "X-Signature": signatures[0],
        "X-Webhook-Event": EVENTS[message.event_type],
        "X-Webhook-Id": message.id,
        "X-Webhook-Attempt": str(message.attempt),
        "X-Webhook-Timestamp": str(_milliseconds(message.now)),
    }


def signature(secret: str, content: bytes) -> str:
    """Return the hex digest over the raw body; the key is the whole text of the secret."""
    return hmac.digest(secret.encode(), content, "sha256").hex()


def _data(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the invoice as the event froze it, and the transaction when it is about one."""
    if not facts.get("invoice_id"):  # a test, or money that is for no invoice
        return {"invoiceId": None, **_transaction(facts)}
    return {
        "id": facts["invoice_id"],
        "invoiceId": facts["invoice_id"],
        "orderId": order_id(facts["metadata"]),
        "status": status_word(facts["status"], facts["exception"]),
        "amount": amount_text(facts["crypto_amount"]),
        "amountPaid": amount_text(facts["payment_progress"]["received"]),
        "currency": facts["crypto_currency"],
        "network": network_word(facts["network"]),
        "depositAddress": facts["address"],
        "paymentUrl": f"{settings.PAY_BASE_URL}{reverse('paypages:invoice', args=[facts['invoice_id']])}",
        "customData": {name: value for name, value in facts["metadata"].items() if name != ORDER_ID},
        "expiresAt": _time(facts["expires_at"]),
        "createdAt": _time(facts["created_at"]),
        "paidAt": _time(facts["paid_at"]),
        **_transaction(facts),
    }


def _transaction(facts: Mapping[str, Any]) -> dict[str, Any]:
    payment = facts.get("payment")
    if not payment:
        return {}
    height = payment["block_number"]
    return {
        "transaction": {
            "id": payment["id"],
            "txHash": payment["tx_hash"],
            "amount": amount_text(payment["amount"]),
            "blockNumber": None if height is None else str(height),
            "confirmations": payment["confirmations"],
            "status": TRANSACTION_STATUS[PaymentStatus(payment["status"])],
        }
    }


def _time(text: str | None) -> str | None:
    return moment(datetime.fromisoformat(text)) if text else None


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


CRYPTIC_WEBHOOKS: Final = DeliveryFormat(FORMAT, frozenset(EVENTS), body, headers)
