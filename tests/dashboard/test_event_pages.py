"""The log of events at the desk."""

import json
from html import unescape

import pytest
from django.utils import timezone

from chains.sandbox import services as sandbox
from events.models import Event
from events.outbox import dispatch
from payments.services import scan
from tests.factories import make_invoice, make_merchant
from webhooks import services
from webhooks.models import Delivery
from webhooks.services import EndpointOrder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]


@pytest.fixture
def invoice(merchant):
    """One that was paid; everything about it is in the log."""
    now = timezone.now()
    order = EndpointOrder("https://8.8.8.8/hook", events=["invoice.paid"])
    services.create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
    invoice = make_invoice(merchant, now)
    sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=now)
    sandbox.mine(count=3, now=now)
    scan(network="sandbox", now=now)
    dispatch()
    return invoice


def text_of(response):
    return unescape(response.content.decode())


def types_of(response):
    return [event.type for event, _invoice in response.context["events"]]


def test_the_newest_stands_first_and_what_is_internal_is_not_there(owner, invoice):
    types = types_of(owner.get("/dashboard/events/"))

    assert types[-1] == "invoice.created"
    assert {"payment.confirmed", "invoice.paid"} <= set(types)
    assert Event.objects.filter(type="webhook_endpoint.created").exists()
    assert "webhook_endpoint.created" not in types


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("?event=invoice.paid", ["invoice.paid"]),
        ("?event=invoice.cancelled", []),
        ("?event=webhook_endpoint.created", None),
        ("?event=nonsense&place=x", None),
    ],
)
def test_the_url_says_which_are_listed(owner, invoice, query, types):
    everything = types_of(owner.get("/dashboard/events/"))

    assert types_of(owner.get(f"/dashboard/events/{query}")) == (everything if types is None else types)


def test_one_is_shown_as_receivers_get_it_and_who_got_it(owner, invoice):
    event, delivery = Event.objects.get(type="invoice.paid"), Delivery.objects.get()

    answer = owner.get(f"/dashboard/events/{event.public_id}/")

    assert answer.context["body"] == delivery.body
    assert json.dumps(json.loads(delivery.body)["id"]) in text_of(answer)
    assert f'href="/dashboard/webhooks/deliveries/{delivery.public_id}/"' in text_of(answer)


def test_neither_the_other_mode_nor_another_merchant_is_in_it(owner, invoice):
    make_invoice(make_merchant(timezone.now(), email="other@example.com"), timezone.now())
    dispatch()
    listed = {event.invoice_id for event, _invoice in owner.get("/dashboard/events/").context["events"]}
    assert listed == {invoice.pk}

    owner.post("/dashboard/mode/", {"mode": "live"})
    assert types_of(owner.get("/dashboard/events/")) == []
    assert (
        owner.get(f"/dashboard/events/{Event.objects.filter(invoice_id=invoice.pk)[0].public_id}/").status_code == 404
    )


@pytest.mark.parametrize("name", ["evt_nonsense", "inv_06bq3z5n8cz9v4w2k7r1t0x5ye"])
def test_what_is_no_event_is_not_found(owner, name):
    assert owner.get(f"/dashboard/events/{name}/").status_code == 404
