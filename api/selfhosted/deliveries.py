"""
How this format tells of an event: an envelope with the session, and one header that signs it.

    X-Webhook-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<raw body>" with the endpoint's secret>
    X-Webhook-Timestamp: <the same Unix seconds>

While a secret is being rotated there is one ``v1`` for each, the newest first.
"""

from typing import Any, Final

from api.selfhosted.mapping import EVENTS, TEST_NAME
from api.selfhosted.sessions import event_views
from core import exact_json
from core.exact_json import timestamp
from core.ids import public_id
from events.models import Event
from events.types import WEBHOOK_TEST
from invoices.models import Invoice
from webhooks import signing
from webhooks.formats import DeliveryFormat, Message

NAME: Final = "selfhosted"


def headers(message: Message) -> dict[str, str]:
    """Return the headers of one attempt."""
    seconds = str(int(message.now.timestamp()))
    tags = [f"v1={signing.native_signature(secret, seconds, message.body)}" for secret in message.live_secrets]
    return {
        "Content-Type": "application/json",
        "X-Webhook-Signature": ",".join([f"t={seconds}", *tags]),
        "X-Webhook-Timestamp": seconds,
    }


def body(event: Event) -> str:
    """Return the envelope of an event."""
    if event.type == WEBHOOK_TEST:
        return exact_json.dumps(_test(event))
    [view] = event_views([event])
    return exact_json.dumps({name: value for name, value in view.items() if name != "object"})


def _test(event: Event) -> dict[str, Any]:
    """Return an event that looks like a payment, says that it is none of real money, and is about no session."""
    moment = timestamp(event.created_at)
    return {
        "id": event.public_id,
        "type": TEST_NAME,
        "livemode": False,
        "createdAt": moment,
        "data": {
            "id": public_id(Invoice.SESSION_PREFIX, event.pk),
            "object": "checkout_session",
            "linkId": None,
            "status": "paid",
            "address": "0x0000000000000000000000000000000000000000",
            "amount": {
                "wei": "1000000000000000",
                "eth": "0.001",
                "units": "1000000000000000",
                "value": "0.001",
                "asset": "ETH",
                "network": "ethereum",
            },
            "fiat": {"amount": "1.00", "currency": "USD"},
            "ethPriceUsd": "1000.00",
            "expiresAt": moment,
            "paidAt": moment,
            "txHash": "0x" + "0" * 64,
            "chainId": 1,
            "metadata": {"test": True},
            "successUrl": None,
            "cancelUrl": None,
            "checkoutUrl": None,
            "livemode": False,
            "createdAt": moment,
        },
    }


SELFHOSTED_WEBHOOKS: Final = DeliveryFormat(NAME, frozenset(EVENTS), body, headers)
