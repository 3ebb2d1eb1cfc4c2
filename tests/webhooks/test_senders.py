"""The loop that sends: everything due is sent, slow receivers hold only themselves, nothing is sent twice."""

import time
from collections.abc import Iterator
from threading import Event

import pytest
from django.db import connections
from django.utils import timezone

from webhooks import senders, services, tasks
from webhooks.models import Delivery
from webhooks.senders import Senders

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crew(monkeypatch) -> Iterator[Senders]:
    """Twenty-four places, whose recorder closes its connection to the test's database after each batch."""
    monkeypatch.setattr(senders, "close_old_connections", connections.close_all)
    crew = Senders(24)
    yield crew
    crew.wait()


def delivered(crew: Senders, count: int, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if Delivery.objects.filter(status="delivered").count() == count:
            return True
        time.sleep(0.02)
    return False


def test_one_call_sends_all_that_is_due_eight_at_a_time_per_receiver(crew, endpoint, happen, receiver):
    for _ in range(19):
        happen()

    assert crew.hand_out() == 8

    assert delivered(crew, 19)
    assert len(receiver.requests) == 19
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 19


def test_a_slow_receiver_does_not_delay_another(crew, make_endpoint, happen, receiver):
    make_endpoint("/slow", events=["invoice.created"])
    make_endpoint("/fast", events=["invoice.paid"])
    receiver.held = {"/slow": Event()}
    for _ in range(3):
        happen("invoice.created")
    crew.hand_out()

    for _ in range(5):
        happen("invoice.paid")
    crew.hand_out()

    assert delivered(crew, 5)
    assert receiver.paths().count("/slow") == 3
    receiver.held["/slow"].set()
    assert delivered(crew, 8)


def test_with_every_sender_busy_the_rest_stays_in_the_table(endpoint, make_endpoint, happen, receiver, monkeypatch):
    monkeypatch.setattr(senders, "close_old_connections", connections.close_all)
    one = Senders(1)
    make_endpoint("/other")
    receiver.held = dict.fromkeys(["/webhook", "/other"], Event())
    happen()

    assert [one.hand_out(), one.hand_out()] == [1, 0]
    assert len(services.claim_due(now=timezone.now())) == 1  # another worker takes it

    receiver.held["/webhook"].set()
    assert delivered(one, 1)
    one.wait()


def test_a_crash_in_one_delivery_stops_neither_the_others_nor_the_sender(crew, endpoint, happen, monkeypatch):
    first = Delivery.objects.get(event=happen())
    second = Delivery.objects.get(event=happen())
    record = services.record

    def crash(results):
        if first.pk in {each.claim.delivery_id for each in results}:
            raise ZeroDivisionError
        return record(results)

    monkeypatch.setattr(services, "record", crash)

    crew.hand_out()

    assert delivered(crew, 1)
    second.refresh_from_db()
    first.refresh_from_db()
    assert (first.status, second.status) == ("pending", "delivered")


def test_two_workers_send_each_delivery_once(crew, endpoint, make_endpoint, happen, receiver, monkeypatch):
    other_worker = Senders(24)
    make_endpoint("/other")
    for _ in range(6):
        happen()

    crew.hand_out()
    other_worker.hand_out()

    assert delivered(crew, 12)
    other_worker.wait()
    assert len(receiver.requests) == 12


def test_an_event_is_on_its_way_as_soon_as_it_is_dispatched(crew, endpoint, happen, receiver, settings, monkeypatch):
    settings.WEBHOOK_SENDERS = 24
    monkeypatch.setattr(senders, "_senders", lambda places: {24: crew}[places])

    happen()

    assert delivered(crew, 1)


def test_the_clock_finds_what_was_not_sent_at_once(crew, delivery, settings, monkeypatch):
    settings.WEBHOOK_SENDERS = 24
    monkeypatch.setattr(senders, "_senders", lambda places: {24: crew}[places])

    assert tasks.deliver_due() == 1

    assert delivered(crew, 1)


def test_without_senders_nothing_is_sent_from_this_process(delivery, receiver):
    assert tasks.deliver_due() == 0

    assert receiver.requests == []
