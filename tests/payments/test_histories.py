"""Random histories of transfers, blocks, forks and faults: when the dust settles, the books equal the chain."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from chains.base import ChainUnavailable
from chains.sandbox.services import new_address
from core.errors import Conflict, Invalid
from events.models import Event
from invoices.models import Invoice
from invoices.services import expire_due
from invoices.states import InvoiceStatus, next_status
from payments.models import Cursor, Payment, Refund, ScannedRange
from payments.services import (
    RefundOrder,
    Resolution,
    cancel_invoice,
    cancel_refund,
    complete_refund,
    request_refund,
    resolve_deposit,
    scan,
    verify,
)
from payments.states import STATUS_EVENT, PaymentStatus, Review
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer

HISTORIES = int(os.environ.get("HISTORIES", "40"))  # CI plays 200, `make soak` thousands
NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


@dataclass
class World:
    """A chain, a gateway that reads it, and everything that can go wrong between them."""

    chain: ScriptedChain
    invoices: list[Invoice]
    clock: datetime = NOW
    transactions: Iterator[int] = field(default_factory=itertools.count)

    def pay(self, which: int, units: int) -> None:
        invoice = self.invoices[which % len(self.invoices)]
        self.chain.mine(transfer(invoice, units=units, txid=f"{next(self.transactions):064x}"))

    def wait(self, which: int, units: int) -> None:
        invoice = self.invoices[which % len(self.invoices)]
        self.chain.pool = [transfer(invoice, units=units, txid=f"{next(self.transactions):064x}")]

    def take_from_pool(self) -> None:
        self.chain.mine(*self.chain.pool)
        self.chain.pool = []

    def fork(self, depth: int, bring_back: bool, extra: int) -> None:
        depth = min(depth, len(self.chain.blocks) - 1)
        lost = [replace(t, block=None) for _, held in self.chain.blocks[len(self.chain.blocks) - depth :] for t in held]
        self.chain.fork(depth)
        if bring_back:
            self.chain.mine(*lost)
        self.chain.grow(extra)

    def read(self) -> None:
        try:
            scan(network="sandbox", now=self.clock, reader=self.chain, max_rounds=3)
        except ChainUnavailable:
            assert self.chain.is_down  # nothing else may keep a reading from being recorded

    def read_while_down(self) -> None:
        self.chain.is_down = True
        self.read()
        self.chain.is_down = False

    def read_while_blind(self) -> None:
        self.chain.is_blind = True
        self.read()
        self.chain.is_blind = False

    def crash_while_reading(self, writes: int) -> None:
        with contextlib.suppress(Crash), connection.execute_wrapper(crash_after(writes)), transaction.atomic():
            self.read()

    def read_again(self) -> None:
        with contextlib.suppress(ChainUnavailable):
            verify(network="sandbox", reader_apart_from=lambda _: self.chain, now=self.clock)

    def cancel(self, which: int) -> None:
        invoice = self.invoices[which % len(self.invoices)]
        with contextlib.suppress(Conflict), transaction.atomic():
            cancel_invoice(**self.of_merchant(invoice), reason="", refund_partial_payments=True, now=self.clock)

    def return_part(self, which: int, amount: Decimal | None) -> None:
        order = RefundOrder(address=new_address(), amount=amount)
        with contextlib.suppress(Conflict, Invalid), transaction.atomic():
            request_refund(**self.of_merchant(self.invoices[which % len(self.invoices)]), order=order, now=self.clock)

    def end_return(self, is_sent: bool) -> None:
        refund = Refund.objects.filter(status="requested").order_by("created_at", "pk").first()
        if refund is not None and is_sent:
            complete_refund(**self.of_merchant(refund), txid=f"{next(self.transactions):064x}", now=self.clock)
        elif refund is not None:
            cancel_refund(**self.of_merchant(refund), now=self.clock)

    def decide(self, resolution: Resolution) -> None:
        payment = Payment.objects.filter(review=Review.OPEN).order_by("pk").first()
        if payment is not None:
            with contextlib.suppress(Conflict, Invalid), transaction.atomic():
                resolve_deposit(**self.of_merchant(payment), resolution=resolution, now=self.clock)

    def of_merchant(self, thing: Invoice | Payment | Refund) -> dict[str, object]:
        return {"merchant": self.invoices[0].merchant, "livemode": False, "public_id": thing.public_id}

    def restart_from_an_old_cursor(self, back: int) -> None:
        known = list(ScannedRange.objects.filter(network="sandbox").order_by("-last")[: back + 1])
        if known:
            Cursor.objects.update(height=known[-1].last, hash=known[-1].hash)

    def pass_time(self, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)
        expire_due(now=self.clock)


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


def crash_after(writes: int):
    """Return a wrapper for statements that lets ``writes`` of those that write pass."""
    left = itertools.count(writes, -1)

    def execute(execute, sql, params, many, context):
        if not sql.lstrip().startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")) and next(left) <= 0:
            raise Crash
        return execute(sql, params, many, context)

    return execute


numbers = st.integers(min_value=0, max_value=2)
amounts = st.sampled_from([1, 5_000_000, 8_250_000, 16_490_000, 30_000_000])
actions = st.one_of(
    st.tuples(st.just("pay"), numbers, amounts),
    st.tuples(st.just("wait"), numbers, amounts),
    st.tuples(st.just("take_from_pool")),
    st.tuples(st.just("fork"), st.integers(min_value=1, max_value=6), st.booleans(), st.integers(0, 5)),
    st.tuples(st.just("read")),
    st.tuples(st.just("read_while_down")),
    st.tuples(st.just("restart_from_an_old_cursor"), st.integers(min_value=0, max_value=5)),
    # Clocks are set back, too.
    st.tuples(st.just("pass_time"), st.integers(min_value=-30, max_value=20)),
    st.tuples(st.just("read_while_blind")),
    st.tuples(st.just("crash_while_reading"), st.integers(min_value=0, max_value=12)),
    st.tuples(st.just("read_again")),
    st.tuples(st.just("cancel"), numbers),
    st.tuples(st.just("return_part"), numbers, st.sampled_from([None, Decimal(1), Decimal("5.5")])),
    st.tuples(st.just("end_return"), st.booleans()),
    st.tuples(st.just("decide"), st.sampled_from([Resolution.ACCEPT, Resolution.REFUND, Resolution.IGNORE])),
)


# A node that knew the blocks and not what was in them took the money away, and the second reading brought it back.
CANCELLED_WHILE_AWAY = [
    ("pay", 1, 16_490_000),
    ("take_from_pool",),
    ("read",),
    ("read_again",),
    ("fork", 1, False, 1),
    ("read_again",),
    ("read_while_blind",),
    ("pay", 2, 16_490_000),
    ("fork", 1, False, 1),
    ("cancel", 1),
]


@pytest.mark.django_db
@settings(
    max_examples=HISTORIES,
    deadline=None,
    # Shrinking a history of database work takes minutes; the history that failed is printed as it is.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(history=CANCELLED_WHILE_AWAY, max_range=7)
@given(history=st.lists(actions, min_size=5, max_size=25), max_range=st.sampled_from([2, 7, 100]))
def test_after_any_history_the_books_equal_the_chain(db, history, max_range):
    with transaction.atomic():
        merchant = make_merchant(NOW)
        world = World(ScriptedChain(start=NOW, max_range=max_range), [make_invoice(merchant, NOW) for _ in range(3)])

        for name, *arguments in history:
            getattr(world, name)(*arguments)

        settle(world)
        check_payments(world)
        check_invoices(world)
        check_events()
        transaction.set_rollback(True)


def settle(world: World) -> None:
    """Let the chain grow past every fork and have all of it read."""
    world.chain.pool = []
    cursor = Cursor.objects.filter(network="sandbox").first()
    world.chain.grow(5 + max(cursor.height if cursor else 0, 0))
    for _ in range(200):
        world.read()
        if Cursor.objects.get(network="sandbox").height == len(world.chain.blocks) - 1:
            break
    else:
        raise AssertionError("the scan never caught up")
    # Beneath the newest blocks everything is final: the second pass finds what a blind node kept from us.
    world.chain.grow(5)
    world.read()
    while verify(network="sandbox", reader_apart_from=lambda _: world.chain, now=world.clock):
        pass
    assert ScannedRange.objects.filter(verified_at=None, last__lt=len(world.chain.blocks) - 5).count() == 0


def check_payments(world: World) -> None:
    on_chain = {t.txid: t.units for _, held in world.chain.blocks for t in held}
    credited = {p.txid: p.units for p in Payment.objects.filter(status=PaymentStatus.CONFIRMED)}
    assert credited == on_chain
    others = Payment.objects.exclude(status=PaymentStatus.CONFIRMED)
    assert {p.status for p in others} <= {PaymentStatus.ORPHANED, PaymentStatus.DETECTED}
    assert all(p.block_height is None for p in others)


def check_invoices(world: World) -> None:
    for stale in world.invoices:
        invoice = Invoice.objects.get(pk=stale.pk)
        counting = Payment.objects.filter(invoice=invoice, counts=True)
        came = sum(int(p.units) for p in counting.filter(status=PaymentStatus.CONFIRMED))
        parts = Refund.objects.filter(invoice=invoice, kind="part").exclude(status="cancelled")
        left = max(came - sum(int(part.units) for part in parts), 0)  # what goes back pays for nothing
        confirmed = invoice.rate * invoice.asset.to_amount(left)
        assert (invoice.confirmed_units, invoice.confirmed_value) == (left, confirmed)
        status = InvoiceStatus(invoice.status)
        follows = next_status(status, invoice.facts(now=world.clock))
        assert follows is status or follows is InvoiceStatus.EXPIRED
        is_enough = confirmed > 0 and confirmed >= invoice.facts(now=world.clock).enough
        assert (status is InvoiceStatus.PAID) == is_enough


def check_events() -> None:
    for payment in Payment.objects.all():
        told = [
            event.type
            for event in Event.objects.filter(invoice_id=payment.invoice_id).order_by("sequence")
            if event.data.get("payment", {}).get("id") == payment.public_id
        ]
        assert told[0] == "payment.detected"
        assert told[-1] == STATUS_EVENT[PaymentStatus(payment.status)]
    for invoice in Invoice.objects.all():
        types = [event.type for event in Event.objects.filter(invoice_id=invoice.pk).order_by("sequence")]
        assert types.count("invoice.paid") - types.count("invoice.reversed") == (invoice.status == "paid")
