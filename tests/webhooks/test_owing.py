"""Which receivers an event is owed to, and what exactly they will be sent."""

from decimal import Decimal

import pytest

from core import exact_json
from core.exact_json import timestamp
from core.ids import public_id, uuid7
from events.outbox import Happening, dispatch, emit
from tests.webhooks.conftest import make_merchant
from webhooks import services
from webhooks.models import Delivery, InvoiceHook
from webhooks.services import EndpointChanges, EndpointOrder

pytestmark = pytest.mark.django_db


def test_each_endpoint_that_subscribes_gets_one_delivery(make_endpoint, happen):
    everything, paid = make_endpoint("/all"), make_endpoint("/paid", events=["invoice.paid"])
    make_endpoint("/expired", events=["invoice.expired"])

    happen("invoice.paid")

    assert set(Delivery.objects.values_list("endpoint", flat=True)) == {everything.pk, paid.pk}


def test_a_star_does_not_cover_internal_events(endpoint, happen):
    happen("api_key.created")

    assert Delivery.objects.count() == 0


def test_live_and_test_mode_never_mix(make_endpoint, happen):
    live, test = make_endpoint("/live", livemode=True), make_endpoint("/test")

    happen(livemode=True)

    assert [delivery.endpoint for delivery in Delivery.objects.all()] == [live]
    assert not Delivery.objects.filter(endpoint=test).exists()


def test_an_endpoint_of_another_merchant_hears_nothing(endpoint, receiver, happen, now):
    order = EndpointOrder(url=receiver.url("/other"), events=["*"])
    services.create_endpoint(merchant=make_merchant("Other"), livemode=False, order=order, now=now)

    happen()

    assert [delivery.endpoint for delivery in Delivery.objects.all()] == [endpoint]


def test_a_disabled_or_deleted_endpoint_is_owed_nothing(make_endpoint, happen, merchant, now):
    disabled, deleted = make_endpoint("/disabled", enabled=False), make_endpoint("/deleted")
    services.delete_endpoint(merchant=merchant, livemode=False, endpoint_id=deleted.public_id, now=now)

    happen()

    assert disabled.enabled is False
    assert Delivery.objects.count() == 0


def test_an_event_handed_out_twice_is_owed_once(endpoint, happen, now):
    event = happen()

    services.owe(event=event, now=now)

    assert Delivery.objects.count() == 1


def test_seed2_webhook_payload(endpoint, happen):
    invoice = uuid7()
    data = {
        "status": "paid",
        "total_amount": Decimal("16.49"),
        "total_received": Decimal("16.49"),
        "currency": "USD",
        "crypto_currency": "USDT",
        "payment_id": "pay_xyz789",
        "tx_hash": "a7b2c3d4e5f6789012345678901234567890abcdef",
        "confirmations": 15,
        "paid_at": "2025-01-15T10:18:00Z",
        "metadata": {"customer_id": "cust_456", "order_id": "ord_789"},
    }

    event = happen("invoice.paid", invoice_id=invoice, **data)

    delivery = Delivery.objects.get()
    assert exact_json.loads(delivery.body) == {
        "id": event.public_id,
        "event": "invoice.paid",
        "api_version": "v1",
        "created_at": timestamp(event.created_at),
        "livemode": False,
        "data": {"invoice_id": public_id("inv", invoice), **data},
    }
    assert '"total_amount":16.49,' in delivery.body
    assert list(exact_json.loads(delivery.body)["data"])[:3] == ["invoice_id", "status", "total_amount"]
    assert delivery.message_id == event.public_id.replace("evt_", "whk_")


class TestInvoiceHook:
    URL = "https://merchant.example/hook"

    def test_an_invoice_with_a_webhook_url_is_told_of_all_that_happens_to_it(self, happen):
        invoice = uuid7()

        happen("invoice.created", invoice_id=invoice, webhook_url=self.URL)
        happen("payment.detected", invoice_id=invoice)
        happen("invoice.created", invoice_id=uuid7())

        hook = InvoiceHook.objects.get()
        assert list(Delivery.objects.order_by("created_at").values_list("hook", "event_type", "url")) == [
            (hook.pk, "invoice.created", self.URL),
            (hook.pk, "payment.detected", self.URL),
        ]

    def test_a_url_that_an_endpoint_covers_is_told_once(self, make_endpoint, happen, receiver):
        endpoint = make_endpoint("/same", events=["invoice.created"])
        invoice = uuid7()

        happen("invoice.created", invoice_id=invoice, webhook_url=receiver.url("/same"))
        happen("invoice.paid", invoice_id=invoice)

        hook = InvoiceHook.objects.get()
        assert set(Delivery.objects.values_list("event_type", "endpoint", "hook")) == {
            ("invoice.created", endpoint.pk, None),
            ("invoice.paid", None, hook.pk),
        }

    def test_hooks_on_one_server_share_a_lane_so_a_slow_shop_fills_only_its_own(self, happen, now):
        for url in (
            self.URL,
            "https://merchant.example/hook?order=2",
            "https://MERCHANT.example/other#3",
            "http://merchant.example.:8080/",
            *(f"https://merchant.example/hooks/{number}" for number in range(10)),
        ):
            happen("invoice.created", invoice_id=uuid7(), webhook_url=url)
        happen("invoice.created", invoice_id=uuid7(), webhook_url="https://another.example/hook")

        assert InvoiceHook.objects.count() == 15
        assert Delivery.objects.values("lane").distinct().count() == 2
        assert len(services.claim_due(now=now)) == 8 + 1


def test_a_delivery_commits_with_the_number_of_its_event(endpoint, merchant, monkeypatch):
    from django.db import transaction

    from events import outbox

    with transaction.atomic():
        emit(Happening("invoice.paid", merchant.pk, False, {}))

    def die(events):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_store_positions", die)
        with pytest.raises(KeyboardInterrupt):
            dispatch()
    assert Delivery.objects.count() == 0

    dispatch()

    assert Delivery.objects.count() == 1


def test_what_an_endpoint_no_longer_subscribes_to_is_not_owed(endpoint, merchant, happen):
    changes = EndpointChanges(events=["invoice.expired"])
    services.update_endpoint(merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, changes=changes)

    happen("invoice.paid")

    assert Delivery.objects.count() == 0
