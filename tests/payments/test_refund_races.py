"""Decisions about a refund while the scan books what it rests on: both happen, one after the other."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from threading import Event
from time import monotonic, sleep

import pytest
from django.db import connection

from chains.sandbox.services import new_address
from merchants.models import Wallet, WalletAddress
from payments import reconciliation, services
from payments.models import Payment, Refund
from payments.reconciliation import Scope
from payments.services import Resolution
from tests.payments.chain import ScriptedChain, transfer

SECONDS = 20  # after which a test that hangs fails

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chain(now) -> ScriptedChain:
    return ScriptedChain(start=now)


@pytest.fixture
def refund(chain, merchant, invoice, now) -> Refund:
    """A refund of money that matched no invoice."""
    address = new_address()
    wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
    WalletAddress.objects.create(wallet=wallet, network="sandbox", address=address)
    services.scan(network="sandbox", now=now, reader=chain)
    chain.mine(replace(transfer(invoice), recipient=address))
    chain.grow(5)
    services.scan(network="sandbox", now=now, reader=chain)
    deposit = {"merchant": merchant, "livemode": False, "public_id": Payment.objects.get().public_id}
    services.resolve_deposit(**deposit, resolution=Resolution.REFUND, address=new_address(), now=now)
    return Refund.objects.get()


def complete(refund, now) -> None:
    services.complete_refund(
        merchant=refund.merchant, livemode=False, public_id=refund.public_id, txid="f" * 64, now=now
    )


def cancel(refund, now) -> None:
    services.cancel_refund(merchant=refund.merchant, livemode=False, public_id=refund.public_id, now=now)


@pytest.mark.parametrize(("decide", "status"), [(complete, "completed"), (cancel, "cancelled")])
def test_a_decision_while_a_fork_takes_the_deposit_back_keeps_the_books_right(chain, refund, now, decide, status):
    chain.fork(6)
    chain.grow(7)
    reached, may_go_on = Event(), Event()
    pause = pause_at("payments_booking b JOIN", reached, may_go_on)

    with ThreadPoolExecutor() as threads:
        scanning = threads.submit(alone, lambda: services.scan(network="sandbox", now=now, reader=chain), pause)
        assert reached.wait(SECONDS)
        deciding = threads.submit(alone, lambda: decide(refund, now))
        wait_until_done_or_blocked(deciding)
        may_go_on.set()
        scanning.result(SECONDS)
        deciding.result(SECONDS)

    refund.refresh_from_db()
    assert refund.status == status
    assert Payment.objects.get().status == "orphaned"
    assert reconciliation.ledger_differences(Scope()) == []


def alone(work: Callable[[], object], *wrappers) -> None:
    """Do ``work`` in a thread that has a connection of its own."""
    try:
        with ExitStack() as stack:
            for wrapper in wrappers:
                stack.enter_context(connection.execute_wrapper(wrapper))
            work()
    finally:
        connection.close()


def pause_at(text: str, reached: Event, may_go_on: Event):
    """Return a wrapper for statements that waits before the first one with ``text`` in it."""

    def execute(execute, sql, params, many, context):
        if text in sql and not reached.is_set():
            reached.set()
            assert may_go_on.wait(SECONDS)
        return execute(sql, params, many, context)

    return execute


def wait_until_done_or_blocked(work: Future[None]) -> None:
    end = monotonic() + SECONDS
    while not work.done() and monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        sleep(0.02)
    assert work.done()
