"""The feed to Kafka, against brokers that speak its protocol: everything at least once, an invoice in its order."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from config import env
from core.ids import public_id, uuid7
from events import outbox, sink, tasks
from events.models import Event, Feed
from events.outbox import Happening, dispatch_all, emit
from tests.events.kafka import Cluster

pytestmark = pytest.mark.django_db

MERCHANT = uuid7()


@pytest.fixture(autouse=True)
def only_the_feed_listens(monkeypatch):
    """These events are about nothing real."""
    monkeypatch.setattr(outbox, "_subscribers", {})
    monkeypatch.setattr(sink, "_producers", {})


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture
def topic(cluster, settings, monkeypatch):
    name = f"events-{uuid4().hex}"
    monkeypatch.setattr(env, "ENVIRON", {"EVENT_SINK_URL": f"kafka://{cluster.servers}/{name}"})
    settings.EVENT_SINK = env.event_sink("EVENT_SINK_URL")
    return name


def happen(*invoices, what="invoice.paid"):
    with transaction.atomic():
        for invoice in invoices:
            emit(Happening(type=what, merchant_id=MERCHANT, livemode=True, invoice_id=invoice, data={"n": 1}))
    dispatch_all()


def feed():
    return sink.feed(now=timezone.now())


def positions(messages):
    return [int(dict(message.headers())["position"]) for message in messages]


def test_every_event_arrives_keyed_by_its_invoice_in_its_order(cluster, topic):
    invoices = [uuid7() for _ in range(4)]
    happen(*invoices, *invoices, *invoices)

    assert feed() == 12
    messages = cluster.read(topic, 12)

    assert sorted(positions(messages)) == list(Event.objects.order_by("position").values_list("position", flat=True))
    for invoice in invoices:
        own = [message for message in messages if message.key() == public_id("inv", invoice).encode()]
        assert len(own) == 3
        assert len({message.partition() for message in own}) == 1
        assert positions(own) == sorted(positions(own))
    assert sink.lag() == 0


def test_a_message_says_what_a_webhook_would_and_whose_it_is(cluster, topic):
    happen(uuid7())

    feed()
    (message,) = cluster.read(topic, 1)

    event = Event.objects.get()
    assert json.loads(message.value()) == {
        "id": event.public_id,
        "event": "invoice.paid",
        "api_version": "v1",
        "created_at": json.loads(message.value())["created_at"],
        "livemode": True,
        "data": {"n": 1},
    }
    assert dict(message.headers()) == {
        "position": str(event.position).encode(),
        "event_id": event.public_id.encode(),
        "event": b"invoice.paid",
        "merchant_id": public_id("mer", MERCHANT).encode(),
    }


def test_what_was_taken_is_not_sent_again_and_what_nobody_is_told_of_never_is(cluster, topic):
    happen(uuid7())
    feed()
    happen(uuid7(), what="api_key.created")
    happen(uuid7())

    assert (feed(), feed()) == (1, 0)

    assert len(cluster.read(topic, 2)) == 2
    assert sink.lag() == 0


def test_with_the_brokers_away_nothing_is_lost_and_nothing_waits_for_them(topic, settings, monkeypatch):
    away = Cluster(brokers=1)
    settings.EVENT_SINK = {**settings.EVENT_SINK, "bootstrap.servers": away.servers}
    happen(uuid7(), uuid7())
    feed()
    away.close()
    monkeypatch.setattr(sink, "_ACKNOWLEDGED_WITHIN_MS", 300)
    monkeypatch.setattr(sink, "_producers", {})
    happen(uuid7())

    assert tasks.feed_sink() == 0
    assert sink.lag() == 1
    oldest = Event.objects.order_by("-position").first().created_at
    assert sink.lag_seconds(now=oldest + timedelta(minutes=9)) == 540

    monkeypatch.setattr(sink, "_ACKNOWLEDGED_WITHIN_MS", 30_000)
    back = Cluster()
    settings.EVENT_SINK = {**settings.EVENT_SINK, "bootstrap.servers": back.servers}
    assert feed() == 1
    assert len(back.read(topic, 1)) == 1
    back.close()


def test_while_one_worker_feeds_another_leaves_it_alone_until_the_lease_lapses(topic):
    happen(uuid7())
    now = timezone.now()
    Feed.objects.create(name="kafka", lease_token=uuid4(), leased_until=now + timedelta(seconds=60))

    assert sink.feed(now=now) == 0
    assert sink.feed(now=now + timedelta(seconds=61)) == 1


def test_a_worker_whose_lease_lapsed_does_not_move_the_position(topic, monkeypatch):
    happen(uuid7())
    real = sink._send

    def outlived(events):  # another worker takes over while this one is on the network
        Feed.objects.update(lease_token=uuid4())
        return real(events)

    monkeypatch.setattr(sink, "_send", outlived)
    feed()

    assert Feed.objects.get().position == 0


def test_without_a_sink_there_is_nothing_to_do(settings):
    settings.EVENT_SINK = {}
    happen(uuid7())

    assert (feed(), sink.lag(), sink.lag_seconds(now=timezone.now()), Feed.objects.count()) == (0, 0, 0, 0)
