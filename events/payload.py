"""An event as the world reads it: the body of a webhook and an entry of the public log are the same object."""

from typing import Any, Final

from core.exact_json import timestamp
from events.models import Event

API_VERSION: Final = "v1"

# jsonb forgets the order of keys; a person who reads a payload should find the weighty ones first.
_FIRST: Final = (
    "invoice_id",
    "status",
    "exception",
    "total_amount",
    "total_received",
    "currency",
    "crypto_currency",
    "network",
    "crypto_amount",
    "address",
    "payment_id",
    "tx_hash",
    "confirmations",
    "paid_at",
    "created_at",
    "expires_at",
)
_RANK: Final = {key: rank for rank, key in enumerate(_FIRST)}


def payload(event: Event) -> dict[str, Any]:
    """Return what receivers get: ``id``, ``event``, ``api_version``, ``created_at``, ``livemode``, ``data``."""
    return {
        "id": event.public_id,
        "event": event.type,
        "api_version": API_VERSION,
        "created_at": timestamp(event.created_at),
        "livemode": event.livemode,
        "data": _in_order(event.data),
    }


def _in_order(data: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(data.items(), key=lambda item: (_RANK.get(item[0], len(_RANK)), item[0])))
