"""A receiver is told in the words and with the signature of its own format, and only of what those have words for."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from core import exact_json
from core.ids import uuid7
from events.models import Event
from webhooks import formats, services
from webhooks.errors import InvalidSetting
from webhooks.formats import DeliveryFormat, Message
from webhooks.models import Delivery, InvoiceHook
from webhooks.services import EndpointOrder, Period, Rotation

pytestmark = pytest.mark.django_db
URL = "https://merchant.example/hook"


def signed(message: Message) -> dict[str, str]:
    tags = [hmac.digest(secret.encode(), message.body, "sha256").hex() for secret in message.live_secrets]
    return {"Content-Type": "text/plain", "X-Plain": ",".join(tags), "X-Plain-Id": message.id}


@pytest.fixture(autouse=True)
def plain(monkeypatch) -> Iterator[DeliveryFormat]:
    """A format that knows of paid and expired invoices, and never says the same thing in the same words."""
    monkeypatch.setattr(formats, "_formats", dict(formats._formats))
    times = count(1)

    def body(event: Event) -> str:
        return f"{event.type} for the {next(times)}. time"

    plain = DeliveryFormat("plain", frozenset({"invoice.paid", "invoice.expired"}), body, signed)
    formats.register(plain)
    return plain


def test_it_is_told_in_its_words_and_the_others_in_theirs(make_endpoint, happen, receiver, now):
    plain, _native = make_endpoint("/plain", format="plain"), make_endpoint("/native")

    event = happen("invoice.paid")
    for delivery in Delivery.objects.all():
        services.deliver(delivery_id=delivery.pk, now=now)

    received = {request.path: request for request in receiver.requests}
    said = received["/plain"]
    assert said.body == b"invoice.paid for the 1. time"
    assert said.headers["Content-Type"] == "text/plain"
    assert said.headers["X-Plain"] == hmac.new(plain.secret.encode(), said.body, hashlib.sha256).hexdigest()
    assert said.headers["X-Plain-Id"] == event.public_id.replace("evt_", "whk_")
    assert not [name for name in said.headers if name.lower().startswith(("webhook-", "x-crypto-checkout"))]
    assert exact_json.loads(received["/native"].body)["event"] == "invoice.paid"
    assert received["/native"].headers["X-Crypto-Checkout-Event"] == "invoice.paid"


def test_what_it_has_no_word_for_is_not_owed(make_endpoint, happen):
    make_endpoint(format="plain")

    happen("invoice.created")

    assert Delivery.objects.count() == 0


def test_every_attempt_sends_the_same_bytes_and_signs_them_with_the_secrets_of_its_moment(
    make_endpoint, happen, merchant, receiver, now
):
    endpoint = make_endpoint(format="plain")
    happen("invoice.paid")
    delivery = Delivery.objects.get()
    receiver.status = 500
    services.deliver(delivery_id=delivery.pk, now=now)
    rotation = Rotation(secret="a-new-one", overlap=timedelta(days=1))
    services.rotate_secret(
        merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, rotation=rotation, now=now
    )

    services.deliver(delivery_id=delivery.pk, now=now + timedelta(minutes=5))

    first, second = receiver.requests
    assert first.body == second.body == b"invoice.paid for the 1. time"
    old = first.headers["X-Plain"]
    assert second.headers["X-Plain"] == f"{hmac.new(b'a-new-one', second.body, hashlib.sha256).hexdigest()},{old}"


def test_a_replay_counts_and_sends_only_what_it_has_words_for(make_endpoint, happen, merchant, now):
    for kind in ("invoice.created", "invoice.paid", "invoice.expired"):
        happen(kind)
    endpoint = make_endpoint(format="plain")
    period = Period(start=Event.objects.earliest("created_at").created_at, end=now)

    replay = services.replay(merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, period=period, now=now)

    assert replay.total == 2
    assert {*Delivery.objects.values_list("event_type", flat=True)} == {"invoice.paid", "invoice.expired"}


def test_a_test_is_worded_by_the_format_too(make_endpoint, merchant, receiver, now):
    endpoint = make_endpoint(format="plain")

    result = services.send_test(merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, now=now)

    assert result.status == "delivered"
    assert receiver.requests[0].body == b"webhook.test for the 1. time"


def test_an_invoices_own_address_is_told_in_the_format_asked_for_with_it(happen):
    invoice = uuid7()

    happen("invoice.created", invoice_id=invoice, webhook_url=URL, webhook_format="plain")
    happen("invoice.paid", invoice_id=invoice)
    happen("invoice.created", invoice_id=uuid7(), webhook_url=URL, webhook_format="forgotten")

    assert [*InvoiceHook.objects.order_by("created_at").values_list("format", flat=True)] == ["plain", "native"]
    told = Delivery.objects.filter(hook__invoice_id=invoice)
    assert [*told.values_list("event_type", "body")] == [("invoice.paid", "invoice.paid for the 1. time")]


def test_one_address_in_two_formats_is_told_in_both(make_endpoint, happen, receiver):
    make_endpoint("/same")
    invoice = uuid7()

    happen("invoice.created", invoice_id=invoice, webhook_url=receiver.url("/same"), webhook_format="plain")
    happen("invoice.paid", invoice_id=invoice)

    told = Delivery.objects.filter(event_type="invoice.paid").values_list("endpoint__format", "hook__format")
    assert {*told} == {("native", None), (None, "plain")}


def test_a_format_that_nobody_speaks_is_refused(merchant, now):
    order = EndpointOrder(url=URL, events=["*"], format="morse")

    with pytest.raises(InvalidSetting) as refusal:
        services.create_endpoint(merchant=merchant, livemode=False, order=order, now=now)

    assert refusal.value.field == "format"


@pytest.mark.parametrize("wrong", [{"types": {"invoice.eaten"}}, {"name": "a-name-of-17-long"}])
def test_a_format_that_could_not_work_is_noticed_when_the_process_starts(plain, wrong):
    words = {"name": "plainer", "types": plain.types, "body": plain.body, "headers": plain.headers}

    with pytest.raises(LookupError):
        formats.register(DeliveryFormat(**{**words, **wrong}))
