"""Signatures a receiver can check: with three lines of its own, or with the published library."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks import signing

BODY = '{"event":"invoice.paid","data":{"total_amount":16.49,"title":"Café"}}'.encode()


def signed(*live_secrets: str, body: bytes = BODY, now: datetime | None = None) -> dict[str, str]:
    return signing.headers(
        message_id="whk_abc123",
        event_type="invoice.paid",
        body=body,
        live_secrets=live_secrets,
        now=now or datetime.now(UTC),
    )


def test_the_native_signature_covers_the_timestamp_and_the_raw_body():
    headers = signed("whsec_abc123", now=datetime.fromtimestamp(1642694400, UTC))

    expected = hmac.new(b"whsec_abc123", b"1642694400." + BODY, hashlib.sha256).hexdigest()
    assert headers["X-Crypto-Checkout-Signature"] == f"sha256={expected}"
    assert headers["X-Crypto-Checkout-Timestamp"] == "1642694400"
    assert headers["X-Crypto-Checkout-Webhook-Id"] == "whk_abc123"
    assert headers["X-Crypto-Checkout-Event"] == "invoice.paid"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "secret",
    [
        signing.new_secret(),
        "whsec_abc123...",  # as printed in the documents; the library skips the dots
        "whsec_" + base64.b64encode(b"x" * 24).decode().rstrip("="),
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ],
    ids=["made here", "as printed", "without padding", "without prefix"],
)
def test_the_published_library_accepts_the_standard_headers(secret):
    Webhook(secret).verify(BODY, signed(secret))


def test_the_published_library_refuses_a_changed_body():
    secret = signing.new_secret()

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.replace(b"16.49", b"1.49"), signed(secret))


def test_the_standard_example_has_the_published_signature():
    """The vector of the standard's own test suites."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    signature = signing.standard_signature(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
    )

    assert signature == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_is_no_base64_signs_with_its_plain_bytes():
    signature = signing.standard_signature("whsec_a", "id", "1", b"{}")

    expected = base64.b64encode(hmac.new(b"a", b"id.1.{}", hashlib.sha256).digest()).decode()
    assert signature == expected


def test_while_a_secret_rotates_receivers_with_either_accept():
    new, old = signing.new_secret(), signing.new_secret()

    headers = signed(new, old)

    Webhook(new).verify(BODY, headers)
    Webhook(old).verify(BODY, headers)
    assert len(headers["webhook-signature"].split(" ")) == 2
    timestamp = headers["X-Crypto-Checkout-Timestamp"]
    assert headers["X-Crypto-Checkout-Signature"] == f"sha256={signing.native_signature(new, timestamp, BODY)}"
    assert headers["X-Crypto-Checkout-Previous-Signature"] == (
        f"sha256={signing.native_signature(old, timestamp, BODY)}"
    )


def test_without_a_rotation_there_is_one_signature():
    headers = signed(signing.new_secret())

    assert " " not in headers["webhook-signature"]
    assert "X-Crypto-Checkout-Previous-Signature" not in headers


def test_a_new_secret_is_32_random_bytes_in_base64():
    first, second = signing.new_secret(), signing.new_secret()

    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize(("secret", "shown"), [("whsec_abc123", "whsec_***123"), ("my-own-secret", "***ret")])
def test_a_secret_is_shown_by_its_last_three_characters(secret, shown):
    assert signing.masked(secret) == shown
