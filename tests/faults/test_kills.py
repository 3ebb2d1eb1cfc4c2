"""A process killed between any two writes, and started again, leaves what one that was never killed leaves."""

import asyncio
import itertools
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from django.db import connection, connections
from django.utils import timezone

from core import http
from events import outbox
from events.models import Event
from invoices.models import Invoice
from merchants.models import Merchant
from payments.models import Cursor, Payment, ScannedRange
from payments.services import scan
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer
from tests.webhooks.receiver import Receiver, serve
from webhooks import services as webhook_services
from webhooks.models import Attempt, Delivery
from webhooks.services import Claim, EndpointOrder, Result

pytestmark = pytest.mark.django_db(transaction=True)

READS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")
MOST_POINTS = 200


def start(work: Callable[[], object]) -> int:
    """Start ``work`` in a process of its own and return its id."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        _work_and_end(work)
    return child


def _work_and_end(work: Callable[[], object]) -> NoReturn:
    try:
        work()
    except BaseException:  # noqa: BLE001 - a forked child must never return into the tests
        traceback.print_exc(file=sys.stderr)
        os._exit(1)
    os._exit(0)


def is_killed_at(point: int, work: Callable[[], object]) -> bool:
    """Run ``work`` in a process that gets SIGKILL at its ``point``-th write or commit; return whether it got there."""
    _, status = os.waitpid(start(lambda: _until(point, work)), 0)
    assert status in {0, signal.SIGKILL}, "the process failed by itself; its traceback stands above"
    return status == signal.SIGKILL


def _until(point: int, work: Callable[[], object]) -> None:
    left = itertools.count(point - 1, -1)

    def pass_point() -> None:
        if next(left) <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def execute(execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
        if not str(sql).lstrip().upper().startswith(READS):
            pass_point()
        return execute(sql, *rest)

    def commit() -> None:
        pass_point()
        real_commit()
        pass_point()

    real_commit = connection._commit
    connection._commit = commit
    with connection.execute_wrapper(execute):
        work()


def points_of(prepare: Callable[[], Any], work: Callable[[Any], object], told: Callable[[Any], object]) -> int:
    """Kill ``work`` at its first point, its second and so on, each time in a new world; return how many there were."""
    untouched = prepare()
    work(untouched)
    expected = told(untouched)
    for point in range(1, MOST_POINTS):
        world = prepare()
        was_killed = is_killed_at(point, lambda world=world: work(world))
        if was_killed:
            work(world)
        assert told(world) == expected, f"killed at point {point}"
        if not was_killed:
            return point - 1
    raise AssertionError("there is no end to the points")


class World:
    """A merchant with two invoices, paid on a chain that has forked since it was last read."""

    def __init__(self, now: datetime) -> None:
        Cursor.objects.all().delete()
        ScannedRange.objects.all().delete()
        self.now = now
        self.merchant = make_merchant(now)
        self.paid, self.short = (make_invoice(self.merchant, now) for _ in range(2))
        self.chain = ScriptedChain(start=now, max_range=3)
        self.read()
        self.chain.mine(transfer(self.short, units=9_000_000, txid="b" * 64))
        self.chain.grow(2)
        self.read()
        self.chain.fork(3)
        self.chain.grow(1)
        self.chain.mine(transfer(self.paid, txid="a" * 64), transfer(self.short, units=1, txid="c" * 64))
        self.chain.grow(5)

    def read(self) -> None:
        scan(network="sandbox", now=self.now, reader=self.chain)

    def told(self) -> dict[str, list[Any]]:
        invoices = Invoice.objects.filter(merchant=self.merchant).order_by("pk")
        payments = Payment.objects.filter(invoice__merchant=self.merchant).order_by("txid")
        events = Event.objects.filter(merchant_id=self.merchant.pk, invoice_id__isnull=False).order_by("sequence")
        return {
            "invoices": list(invoices.values_list("status", "exception", "received_units", "confirmed_units")),
            "payments": list(payments.values_list("txid", "status", "block_height", "confirmations")),
            "events": [(event.type, event.data.get("tx_hash")) for event in events],
            "ranges": list(ScannedRange.objects.order_by("last").values_list("first", "last")),
        }


def test_a_scanner(now):
    told = World(now)
    told.read()
    assert told.told() == {
        "invoices": [("paid", "none", 16_490_000, 16_490_000), ("partial", "underpaid", 1, 1)],
        "payments": [
            ("a" * 64, "confirmed", 2, 5),
            ("b" * 64, "orphaned", None, 0),
            ("c" * 64, "confirmed", 2, 5),
        ],
        "events": told.told()["events"],
        "ranges": [(0, 0), (1, 3), (4, 6), (7, 7)],
    }

    assert points_of(lambda: World(now), World.read, World.told) > 20


def test_a_dispatcher(now):
    def prepare() -> Merchant:
        merchant = make_merchant(now)
        order = EndpointOrder(url="https://merchant.example/hook", events=["*"])
        webhook_services.create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
        for _ in range(2):
            make_invoice(merchant, now)
        return merchant

    def told(merchant: Merchant) -> int:
        events = Event.objects.filter(merchant_id=merchant.pk, invoice_id__isnull=False).order_by("sequence")
        positions = [event.position for event in events]
        assert None not in positions
        assert positions == sorted(set(positions))
        owed = Delivery.objects.filter(merchant=merchant).order_by("created_at", "pk")
        assert sorted(owed.values_list("event_id", flat=True)) == sorted(event.pk for event in events)
        return len(positions)

    assert points_of(prepare, lambda _: outbox.dispatch_all(), told) > 3


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    server = serve(receiver)
    yield receiver
    server.shutdown()
    server.server_close()


def test_a_sender(now, receiver):
    begun = timezone.now() + timedelta(hours=1)  # later than all that is prepared

    def prepare() -> Merchant:
        receiver.requests.clear()
        merchant = make_merchant(now)
        order = EndpointOrder(url=receiver.url("/hook"), events=["invoice.created"])
        webhook_services.create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
        make_invoice(merchant, now)
        outbox.dispatch_all()
        return merchant

    def send(_: Merchant) -> None:
        # What a killed sender had claimed is due again when its lease has lapsed.
        for moment in (begun, begun + timedelta(minutes=30)):
            while claims := webhook_services.claim_due(now=moment):
                for claim in claims:
                    webhook_services.attempt(claim=claim)

    def told(merchant: Merchant) -> tuple[str, int, int]:
        delivery = Delivery.objects.get(merchant=merchant)
        ids = {request.headers["webhook-id"] for request in receiver.requests}
        return delivery.status, Attempt.objects.filter(delivery=delivery, response_code=200).count(), len(ids)

    assert points_of(prepare, send, told) > 3


def test_a_sender_of_many_at_once(now, receiver):
    begun = timezone.now() + timedelta(hours=1)

    def prepare() -> Merchant:
        receiver.requests.clear()
        merchant = make_merchant(now)
        for number in range(3):
            order = EndpointOrder(url=receiver.url(f"/{number}"), events=["invoice.created"])
            webhook_services.create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
        make_invoice(merchant, now)
        outbox.dispatch_all()
        return merchant

    async def talk(claims: list[Claim]) -> list[Result]:
        client = http.Client()
        try:
            outcomes = await asyncio.gather(*(webhook_services.send(claim, client) for claim in claims))
        finally:
            client.close()
        return [Result(claim, outcome) for claim, outcome in zip(claims, outcomes, strict=True)]

    def send(_: Merchant) -> None:
        for moment in (begun, begun + timedelta(minutes=30)):
            while claims := webhook_services.claim_due(now=moment):
                webhook_services.record(asyncio.run(talk(claims)))

    def told(merchant: Merchant) -> tuple[list[str], int, set[str], int]:
        deliveries = Delivery.objects.filter(merchant=merchant).order_by("url")
        made = Attempt.objects.filter(delivery__in=deliveries, response_code=200).count()
        ids = {request.headers["webhook-id"] for request in receiver.requests}
        return [each.status for each in deliveries], made, set(receiver.paths()), len(ids)

    assert points_of(prepare, send, told) > 3


def test_three_scanners_at_once_do_the_work_once(now):
    world = World(now)
    children = [start(world.read) for _ in range(3)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    world.read()
    together = world.told()

    alone = World(now)
    alone.read()
    assert together == alone.told()


def test_three_dispatchers_at_once_hand_each_event_out_once(now):
    merchant = make_merchant(now)
    order = EndpointOrder(url="https://merchant.example/hook", events=["*"])
    webhook_services.create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
    for _ in range(20):
        make_invoice(merchant, now)

    children = [start(outbox.dispatch_all) for _ in range(3)]

    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    events = Event.objects.filter(merchant_id=merchant.pk, invoice_id__isnull=False)
    owed = Delivery.objects.filter(merchant=merchant).values_list("event_id", flat=True)
    assert sorted(owed) == sorted(event.pk for event in events)
    assert len(owed) == 20
