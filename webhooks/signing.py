"""
Headers by which a receiver knows that a webhook is ours, fresh and whole.

Two sets in each request. The native one: HMAC-SHA256, in hex, over ``<timestamp>.<raw body>`` with
the bytes of the whole secret. The one of Standard Webhooks (standardwebhooks.com, specification
1.0.0): HMAC-SHA256, in base64, over ``<id>.<timestamp>.<raw body>`` with the decoded part after
``whsec_``. While a secret is being rotated each live one signs.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - says what the rest is
_SECRET_BYTES: Final = 32
_SHOWN: Final = 3


def new_secret() -> str:
    """Return a fresh secret: ``whsec_`` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def masked(secret: str) -> str:
    """Return what may be shown of a secret: ``whsec_***`` and its last three characters."""
    prefix = SECRET_PREFIX if secret.startswith(SECRET_PREFIX) else ""
    return f"{prefix}***{secret[-_SHOWN:]}"


def headers(
    *, message_id: str, event_type: str, body: bytes, live_secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """Return all headers of a delivery; ``live_secrets`` has the newest first, then one being rotated out, if any."""
    timestamp = str(int(now.timestamp()))
    native = [f"sha256={native_signature(secret, timestamp, body)}" for secret in live_secrets]
    return {
        **({"X-Crypto-Checkout-Previous-Signature": native[1]} if len(native) > 1 else {}),
        "Content-Type": "application/json",
        "X-Crypto-Checkout-Signature": native[0],
        "X-Crypto-Checkout-Timestamp": timestamp,
        "X-Crypto-Checkout-Webhook-Id": message_id,
        "X-Crypto-Checkout-Event": event_type,
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(
            f"v1,{standard_signature(secret, message_id, timestamp, body)}" for secret in live_secrets
        ),
    }


def native_signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the hex digest over ``<timestamp>.<raw body>``."""
    return hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()


def standard_signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the base64 digest over ``<id>.<timestamp>.<raw body>``."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_standard_key(secret), content, "sha256")).decode()


def _standard_key(secret: str) -> bytes:
    # As lenient as the published libraries that receivers use: no padding needed, strange characters skipped.
    text = secret.removeprefix(SECRET_PREFIX)
    try:
        return base64.b64decode(text + "==") or text.encode()
    except binascii.Error:
        return text.encode()
