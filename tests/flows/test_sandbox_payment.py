"""The whole way in test mode, as an integrator walks it: only what the API offers, and the workers' tasks."""

from decimal import Decimal

import pytest
from django.utils import timezone

from events import outbox
from payments.services import scan
from tests.api.conftest import Api
from tests.api.orders import ID, ORDER, TIME, Like, shows
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db


def work():
    """Do what worker and beat do every few seconds."""
    scan(network="sandbox", now=timezone.now())
    outbox.dispatch_all()


def test_seed1_complete_merchant_onboarding_and_payment_processing_flow(valkey):
    account = Api().post("/merchants", {"business_name": "Acme VPN Services", "contact_email": "admin@acmevpn.com"})
    assert account.status == 201
    shop, customer = Api(account.body["test_api_key"]), Api()
    endpoint = {"url": "https://merchant.com/webhook", "events": ["invoice.paid", "payment.detected"]}
    assert shop.post("/webhook-endpoints", endpoint).status == 201

    invoice = shop.post("/invoices", {**ORDER, "webhook_url": None}, Idempotency_Key="order_789_attempt_1").body
    assert invoice["status"] == "created"
    path = f"/public/invoice/{invoice['id']}"
    assert customer.get(path).body["status"] == "pending"

    sent = shop.post("/sandbox/transfers", {"invoice": invoice["id"]}).body
    work()
    seen = customer.get(path).body
    assert (seen["status"], seen["payments"][0]["status"]) == ("confirming", "detected")
    assert shop.post("/sandbox/blocks", {"count": 2}).status == 201
    work()

    paid = customer.get(path).body
    assert (paid["status"], paid["exception"]) == ("paid", "none")
    assert paid["payment_progress"]["percent"] == 100
    assert list(Delivery.objects.order_by("created_at").values_list("event_type", flat=True)) == [
        "payment.detected",
        "invoice.paid",
    ]
    event = next(event for event in shop.get("/events").body["events"] if event["event"] == "invoice.paid")
    shows(
        event,
        {
            "id": Like(f"evt_{ID}"),
            "event": "invoice.paid",
            "api_version": "v1",
            "created_at": Like(TIME),
            "data": {
                "invoice_id": invoice["id"],
                "status": "paid",
                "total_amount": Decimal("16.49"),
                "total_received": Decimal("16.49"),
                "currency": "USD",
                "crypto_currency": "USDT",
                "payment_id": Like(f"pay_{ID}"),
                "tx_hash": sent["tx_hash"],
                "confirmations": 1,
                "paid_at": paid["paid_at"],
                "metadata": ORDER["metadata"],
            },
        },
    )
    log = [entry["event"] for entry in shop.get(f"/invoices/{invoice['id']}").body["audit_log"]]
    assert log == [
        "invoice.created",
        "invoice.pending",
        "payment.detected",
        "invoice.confirming",
        "payment.confirmed",
        "invoice.paid",
        "settlement.created",
    ]
