"""The tail: each event read once per process, in order, found again whatever was lost on the way."""

import asyncio
import contextlib
import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core import valkey as shared_valkey
from core.ids import uuid7
from events import outbox, selectors, stream
from events.outbox import Happening, dispatch, emit
from events.stream import Overflowed, Subscription, Tail, Topic
from tests.events.tails import database_threads

pytestmark = pytest.mark.django_db(transaction=True)
MERCHANT, INVOICE = uuid7(), uuid7()


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    monkeypatch.setattr(outbox, "_subscribers", {})
    monkeypatch.setattr(outbox, "_after_dispatch", [stream.announce])
    with database_threads(monkeypatch):
        yield


def happen(event_type="payment.detected", invoice_id=INVOICE, merchant_id=MERCHANT, livemode=False, count=1):
    with transaction.atomic():
        for _ in range(count):
            emit(Happening(event_type, merchant_id, livemode, {}, invoice_id=invoice_id))
    dispatch()
    connection.close()


async def subscribed(tail, topic, **options) -> Subscription:
    """Subscribe, and wait until the tail listens to announcements."""
    subscription = await tail.subscribe(topic, **{"on_overflow": lambda: None, **options})
    for _ in range(200):
        if shared_valkey.client().pubsub_numsub(stream.CHANNEL)[0][1]:
            break
        await asyncio.sleep(0.01)
    return subscription


async def news(subscription, *, seconds):
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(subscription.next(), seconds)
    return []


async def types_from(subscription, count):
    found = []
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        found += await news(subscription, seconds=0.2)
    return [event.type for event in found]


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario, 30))


def test_an_event_reaches_every_listener_of_its_invoice_and_merchant_and_no_other():
    async def scenario():
        tail = Tail()
        first, second = [await subscribed(tail, Topic(invoice_id=INVOICE)) for _ in range(2)]
        merchant = await subscribed(tail, Topic(merchant_id=MERCHANT))
        others = [
            await subscribed(tail, Topic(invoice_id=uuid7())),
            await subscribed(tail, Topic(merchant_id=uuid7())),
            await subscribed(tail, Topic(merchant_id=MERCHANT, livemode=True)),
        ]

        await asyncio.to_thread(happen)

        for listener in (first, second, merchant):
            assert await types_from(listener, 1) == ["payment.detected"]
        for other in others:
            assert await news(other, seconds=0.05) == []

    run(scenario())


def test_it_arrives_at_once_and_not_when_the_log_is_next_looked_at(monkeypatch):
    monkeypatch.setattr(stream, "POLL_SECONDS", 60.0)

    async def scenario():
        tail = Tail()
        listener = await subscribed(tail, Topic(invoice_id=INVOICE))
        await asyncio.to_thread(happen)

        assert await types_from(listener, 1) == ["payment.detected"]

    run(scenario())


def test_each_event_is_read_once_however_many_listen(monkeypatch):
    reads = []
    read_log = selectors.read_log

    def counted(**arguments):
        events = read_log(**arguments)
        reads.extend(event.pk for event in events)
        return events

    monkeypatch.setattr(selectors, "read_log", counted)

    async def scenario():
        tail = Tail()
        listeners = [await subscribed(tail, Topic(invoice_id=INVOICE)) for _ in range(50)]

        await asyncio.to_thread(happen, count=3)

        for listener in listeners:
            assert len(await types_from(listener, 3)) == 3

    run(scenario())
    assert len(reads) == len(set(reads)) == 3


def test_events_nobody_here_listens_to_are_not_read(monkeypatch):
    monkeypatch.setattr(stream, "POLL_SECONDS", 60.0)
    reads = []
    read_log = selectors.read_log
    monkeypatch.setattr(selectors, "read_log", lambda **arguments: reads.append(1) or read_log(**arguments))

    async def scenario():
        tail = Tail()
        listener = await subscribed(tail, Topic(invoice_id=INVOICE))
        await asyncio.sleep(0.2)
        before = len(reads)

        await asyncio.to_thread(happen, invoice_id=uuid7())
        await asyncio.sleep(0.3)
        assert len(reads) == before

        await asyncio.to_thread(happen, "invoice.paid")
        assert await types_from(listener, 1) == ["invoice.paid"]

    run(scenario())


def test_a_lost_announcement_costs_seconds_not_data(monkeypatch):
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.2)
    monkeypatch.setattr(outbox, "_after_dispatch", [])

    async def scenario():
        tail = Tail()
        listener = await subscribed(tail, Topic(invoice_id=INVOICE))

        await asyncio.to_thread(happen)

        assert await types_from(listener, 1) == ["payment.detected"]

    run(scenario())


def test_an_announcement_of_no_interest_does_not_hide_one_that_was_lost(monkeypatch):
    monkeypatch.setattr(stream, "POLL_SECONDS", 60.0)

    async def scenario():
        tail = Tail()
        listener = await subscribed(tail, Topic(invoice_id=INVOICE))
        await asyncio.sleep(0.2)  # what it reads at the start must not find it

        monkeypatch.setattr(outbox, "_after_dispatch", [])
        await asyncio.to_thread(happen)
        monkeypatch.setattr(outbox, "_after_dispatch", [stream.announce])
        await asyncio.to_thread(happen, invoice_id=uuid7())

        assert await types_from(listener, 1) == ["payment.detected"]

    run(scenario())


def test_with_valkey_down_the_poll_still_finds_everything(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.2)

    async def scenario():
        tail = Tail()
        listener = await tail.subscribe(Topic(invoice_id=INVOICE), on_overflow=lambda: None)

        await asyncio.to_thread(happen)

        assert await types_from(listener, 1) == ["payment.detected"]

    run(scenario())


def test_after_a_restart_of_valkey_announcements_are_heard_again(monkeypatch):
    monkeypatch.setattr(stream, "_RECONNECT_SECONDS", 0.1)
    monkeypatch.setattr(stream, "POLL_SECONDS", 60.0)

    async def scenario():
        tail = Tail()
        listener = await subscribed(tail, Topic(invoice_id=INVOICE))
        shared_valkey.client().client_kill_filter(_type="pubsub")
        await asyncio.to_thread(happen, "payment.detected")  # perhaps while nobody hears it

        assert await types_from(listener, 1) == ["payment.detected"]
        await asyncio.to_thread(happen, "payment.confirmed")
        assert await types_from(listener, 1) == ["payment.confirmed"]

    run(scenario())


def test_a_failing_database_is_survived(monkeypatch):
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.1)
    read_log = selectors.read_log
    moods = [True, True]

    def moody(**arguments):
        if moods:
            moods.pop()
            raise OSError("gone for a moment")
        return read_log(**arguments)

    monkeypatch.setattr(selectors, "read_log", moody)

    async def scenario():
        tail = Tail()
        listener = await tail.subscribe(Topic(invoice_id=INVOICE), on_overflow=lambda: None)
        await asyncio.to_thread(happen)

        assert await types_from(listener, 1) == ["payment.detected"]

    run(scenario())


def test_a_reader_that_does_not_read_is_dropped_and_the_others_are_not(monkeypatch):
    monkeypatch.setattr(stream, "BACKLOG", 2)
    dropped = []

    async def scenario():
        tail = Tail()
        slow = await subscribed(tail, Topic(invoice_id=INVOICE), on_overflow=lambda: dropped.append("slow"))
        quick = await subscribed(tail, Topic(merchant_id=MERCHANT))

        for _ in range(3):
            await asyncio.to_thread(happen)
            assert await types_from(quick, 1) == ["payment.detected"]

        with pytest.raises(Overflowed):
            await asyncio.wait_for(slow.next(), stream.QUIET_SECONDS / 3)  # it is told at once

    run(scenario())
    assert dropped == ["slow"]


def test_nothing_happens_in_a_process_without_listeners():
    async def scenario():
        tail = Tail()
        listener = await subscribed(tail, Topic(invoice_id=INVOICE))
        tasks = list(tail._tasks)
        tail.unsubscribe(listener)
        await asyncio.gather(*tasks, return_exceptions=True)

        assert all(task.cancelled() for task in tasks)
        assert tail.listeners(Topic(invoice_id=INVOICE)) == 0
        again = await subscribed(tail, Topic(invoice_id=INVOICE))
        await asyncio.to_thread(happen)
        assert await types_from(again, 1) == ["payment.detected"]

    run(scenario())


def test_a_request_to_end_that_something_swallowed_is_heeded_all_the_same():
    async def scenario():
        started = asyncio.Event()

        async def swallow():
            started.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

        task = asyncio.create_task(Tail()._for_ever(swallow, 0))
        await started.wait()
        task.cancel()
        await asyncio.wait([task], timeout=10)

        assert task.cancelled()

    run(scenario())


def test_an_announcement_never_raises(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    stream.announce([])


def test_reading_the_newest_positions_needs_one_statement_each():
    happen()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        selectors.last_position()
        selectors.invoice_position(invoice_id=INVOICE)

    assert len(queries) == 2
