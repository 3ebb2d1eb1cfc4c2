"""
Webhooks: whether one is the gateway's own, whole and fresh, and what it says.

    event = webhooks.verify(request.body, request.headers, secret)

Give the bytes as they came: JSON that was read and written again is signed differently.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from crypto_checkout.decoding import Model, decode, loads
from crypto_checkout.errors import SignatureInvalid

TOLERANCE: Final = 300  # seconds that a timestamp may be off, either way
_PREFIX: Final = "whsec_"
_NATIVE: Final = ("x-crypto-checkout-signature", "x-crypto-checkout-previous-signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent(Model):
    """What happened. ``data`` is as in the event log, its numbers exact."""

    id: str
    """The same however often the event is delivered: remember it, and do the work once."""
    event: str
    api_version: str
    created_at: datetime
    livemode: bool
    data: Mapping[str, Any]


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance: int = TOLERANCE,
    now: float | None = None,
) -> WebhookEvent:
    """
    Return the event of a webhook that is genuine.

    Either set of headers will do, the native one or that of Standard Webhooks. ``secret`` may be several while one
    is rotated. ``tolerance`` is in seconds, ``now`` in seconds since 1970, by default the clock's.

    :raises SignatureInvalid: when it is not from the gateway, was changed, or is too old
    """
    content = body.encode() if isinstance(body, str) else bytes(body)
    found = {name.lower(): value for name, value in headers.items()}
    timestamp = found.get("x-crypto-checkout-timestamp") or found.get("webhook-timestamp") or ""
    _check_age(timestamp, tolerance, time.time() if now is None else now)
    secrets = [secret] if isinstance(secret, str) else list(secret)
    # Every pair is compared, each in constant time, so that how long it takes tells nothing.
    matches = [
        hmac.compare_digest(expected.encode(), given.encode())
        for one in secrets
        for expected, given in _pairs(one, found, content)
    ]
    if not any(matches):
        raise SignatureInvalid("No signature fits. Is it the secret of this endpoint, and the body as it came?")
    return decode(WebhookEvent, loads(content))


def sign(body: bytes, secret: str, *, message_id: str, event: str, now: int) -> dict[str, str]:
    """Return the headers that the gateway sends with ``body``, for tests; ``now`` is in seconds since 1970."""
    return {
        "Content-Type": "application/json",
        "X-Crypto-Checkout-Signature": _native(secret, str(now), body),
        "X-Crypto-Checkout-Timestamp": str(now),
        "X-Crypto-Checkout-Webhook-Id": message_id,
        "X-Crypto-Checkout-Event": event,
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{_standard(secret, message_id, str(now), body)}",
    }


def _check_age(timestamp: str, tolerance: int, now: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise SignatureInvalid("The webhook has no timestamp.")
    if abs(now - int(timestamp)) > tolerance:
        raise SignatureInvalid(f"The webhook's timestamp is more than {tolerance} s away from this machine's clock.")


def _pairs(secret: str, headers: Mapping[str, str], body: bytes) -> Iterator[tuple[str, str]]:
    """Yield what each signature in the headers should be, and what it is."""
    expected = _native(secret, headers.get("x-crypto-checkout-timestamp", ""), body)
    for name in _NATIVE:
        if name in headers:
            yield expected, headers[name]
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    standard = f"v1,{_standard(secret, message_id, timestamp, body)}"
    for given in headers.get("webhook-signature", "").split():
        yield standard, given


def _native(secret: str, timestamp: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _standard(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(_standard_key(secret), content, hashlib.sha256).digest()).decode()


def _standard_key(secret: str) -> bytes:
    text = secret.removeprefix(_PREFIX)
    try:
        return base64.b64decode(text + "==") or text.encode()
    except binascii.Error:
        return text.encode()
