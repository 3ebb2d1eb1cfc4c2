"""A ``notifyUrl`` hears of every change of status in Cryptic's words, signed with the merchant's secret."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from django.utils import timezone

from api.cryptic.mapping import EVENTS, UNMAPPED_EVENTS
from core import exact_json
from events.outbox import dispatch_all
from events.types import DELIVERABLE
from merchants.selectors import webhook_secret
from merchants.services import KeyOrder
from merchants.services.keys import issue_first_key
from payments.services import scan
from tests.api.conftest import Api
from tests.api.cryptic.conftest import ORDER
from tests.walks import samples
from webhooks import services
from webhooks.models import Delivery, InvoiceHook

pytestmark = pytest.mark.django_db


@pytest.fixture
def native(merchant) -> Api:
    """The native key of test mode."""
    order = KeyOrder(name="x", livemode=False, permissions=["*"])
    return Api(issue_first_key(merchant=merchant, order=order, now=timezone.now())[1])


def told() -> list[dict]:
    dispatch_all()
    return [exact_json.loads(each.body) for each in Delivery.objects.order_by("event__sequence")]


def test_every_event_has_a_name_or_a_reason_why_not():
    assert set(EVENTS) | set(UNMAPPED_EVENTS) == DELIVERABLE
    assert set(EVENTS) & set(UNMAPPED_EVENTS) == set()


def test_from_creation_to_payment(sandboxed, native):
    invoice = sandboxed.post("/invoices", ORDER).data
    native.post("/sandbox/transfers", {"invoice": invoice["id"], "amount": 125})
    native.post("/sandbox/blocks", {"count": 3})
    scan(network="sandbox", now=timezone.now())

    said = told()

    assert InvoiceHook.objects.get().format == "cryptic"
    assert [each["event"] for each in said] == ["INVOICE_CREATED", "TRANSACTION_CONFIRMED", "INVOICE_PAID"]
    paid = said[-1]
    assert paid["webhookId"].startswith("whk_")
    assert abs(paid["timestamp"] - timezone.now().timestamp() * 1000) < 60_000
    data = paid["data"]
    named = ("id", "invoiceId", "orderId", "status", "amount", "amountPaid", "currency")
    assert {name: data[name] for name in named} == {
        "id": invoice["id"],
        "invoiceId": invoice["id"],
        "orderId": "5012",
        "status": "PAID",
        "amount": "125.00",
        "amountPaid": "125.00",
        "currency": "USDT",
    }
    assert data["customData"] == {"customerEmail": "alice@example.com"}
    assert (data["network"], data["depositAddress"]) == ("sandbox", invoice["depositAddress"])
    assert data["expiresAt"] == invoice["expiresAt"][:20] + data["expiresAt"][20:]
    transaction = said[1]["data"]["transaction"]
    assert (transaction["amount"], transaction["status"]) == ("125.00", "CONFIRMED")


def test_too_little_and_then_nothing_more(sandboxed, native):
    invoice = sandboxed.post("/invoices", ORDER).data
    native.post("/sandbox/transfers", {"invoice": invoice["id"], "amount": 25})
    scan(network="sandbox", now=timezone.now())

    assert [(each["event"], each["data"]["status"]) for each in told()] == [
        ("INVOICE_CREATED", "PENDING"),
        ("INVOICE_UNDERPAID", "UNDERPAID"),
    ]


def test_each_attempt_is_signed_over_its_bytes_with_the_secret_of_the_mode(live, merchant, receiver):
    live.post("/invoices", {**ORDER, "notifyUrl": receiver.url()})
    dispatch_all()
    delivery = Delivery.objects.get()
    now = timezone.now()

    receiver.status = 500
    services.deliver(delivery_id=delivery.pk, now=now)
    receiver.status = 200
    services.deliver(delivery_id=delivery.pk, now=now + timedelta(hours=1))

    secret = webhook_secret(merchant_id=merchant.pk, livemode=True)
    shown: dict = {}
    exec(compile(samples("cryptic")[-1].code, "cryptic.md", "exec"), shown)
    assert len(receiver.requests) == 2
    for request in receiver.requests:
        assert shown["is_ours"](secret, request.body, request.headers["X-Signature"])
        assert not shown["is_ours"](secret, request.body + b" ", request.headers["X-Signature"])
        expected = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
        assert request.headers["X-Signature"] == f"sha256={expected}"
        assert request.headers["X-Webhook-Event"] == "INVOICE_CREATED"
        assert request.headers["X-Webhook-Id"] == exact_json.loads(request.body)["webhookId"]
        assert not [name for name in request.headers if name.lower().startswith(("webhook-", "x-crypto-checkout"))]
    assert [request.headers["X-Webhook-Attempt"] for request in receiver.requests] == ["1", "2"]
    first, second = receiver.requests
    assert first.body == second.body
    moments = [int(request.headers["X-Webhook-Timestamp"]) for request in receiver.requests]
    assert moments[1] - moments[0] == 3_600_000
