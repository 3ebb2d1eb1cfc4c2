"""A process that pays is killed at every point, runs twice, or at the same time: the recipient gets the money once."""

import os
import signal
import threading
from decimal import Decimal

import pytest
from django.db import connections

from chains.evm_signing import EvmSigner
from chains.signing import BroadcastUnclear
from payments.models import Payout
from payments.services import vaults
from tests.factories import make_invoice
from tests.faults.test_kills import MOST_POINTS, _until, start
from tests.flows.test_vault_outbidding import later, let_go, signed, stuck
from tests.flows.vault import CUSTOMER, ETHER, OWNER, Proxy, VaultWorld, use
from tests.peers import anvil

__all__ = ["anvil"]

pytestmark = [pytest.mark.evm, pytest.mark.django_db(transaction=True)]

UNITS, NET = 16_490_000, 16_325_100


@pytest.fixture
def token(anvil, settings):
    contract = anvil.deploy("SilentCoin")
    use(settings, anvil, token=contract)
    settings.VAULT_FORWARD_COST_PERCENT = 1000
    return contract


@pytest.fixture
def node(anvil, token, settings):
    proxy = Proxy(anvil.url)
    use(settings, proxy, token=token)
    yield proxy
    proxy.stop()
    anvil.rpc("evm_setAutomine", True)


def is_killed_at(point: int, world: VaultWorld, *, minutes: int = 0) -> bool:
    """Work in a process that gets SIGKILL at its ``point``-th write, commit, or moment around a broadcast."""

    def work() -> None:
        real = EvmSigner.broadcast

        def broadcast(signer, signed):
            execute_nothing()
            real(signer, signed)
            execute_nothing()

        def execute_nothing() -> None:
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute("/* a point */ SELECT 1")

        EvmSigner.broadcast = broadcast
        if minutes:
            later(world, minutes)
        else:
            world.work(4)

    _, status = os.waitpid(start(lambda: _until(point, work)), 0)
    assert status in {0, signal.SIGKILL}, "the process failed by itself; its traceback stands above"
    return status == signal.SIGKILL


def test_a_payer_killed_at_every_point_pays_a_refund_once(anvil, token):
    world = VaultWorld(anvil, token)
    killed = 0
    for point in range(1, MOST_POINTS):
        world = VaultWorld(anvil, token)
        world.refund()
        before = world.held_by(CUSTOMER)
        was_killed = is_killed_at(point, world)

        world.settle()

        assert world.held_by(CUSTOMER) - before == UNITS, f"killed at point {point}"
        refunds = Payout.objects.filter(merchant=world.merchant, kind="refund")
        assert [payout.status for payout in refunds] == ["confirmed"], f"killed at point {point}"
        if not was_killed:
            break
        killed += 1
    assert killed > 15


def test_a_payer_killed_while_it_plans_forwards_once(anvil, token):
    for point in (1, 3, 5, 8, 12, 17, 23):
        world = VaultWorld(anvil, token, forward_to=OWNER)
        before = world.held_by(OWNER)
        is_killed_at(point, world)

        world.settle()
        world.settle()

        assert world.held_by(OWNER) - before == NET, f"killed at point {point}"


def test_a_payer_killed_at_every_point_while_it_offers_more_pays_once(anvil, node, token):
    killed = 0
    for point in range(1, MOST_POINTS):
        world = VaultWorld(anvil, token)
        refund = stuck(world, anvil, node)
        before = world.held_by(CUSTOMER)
        was_killed = is_killed_at(point, world, minutes=11)

        node.lies.clear()
        if point % 2:
            anvil.mine()  # takes whichever the node has by now
        world.work(1)
        let_go(anvil)
        world.settle()

        payout = world.payout()
        refund.refresh_from_db()
        assert world.held_by(CUSTOMER) - before == UNITS, f"killed at point {point}"
        assert (payout.status, refund.status, refund.txid) == ("confirmed", "completed", payout.txid)
        if not was_killed:
            break
        killed += 1
    assert killed > 8


def test_two_payers_at_once_do_not_both_use_what_is_left_of_the_day(anvil, token, settings, monkeypatch):
    settings.VAULT_DAILY_USD = Decimal(20)  # each is worth 16.49
    world = VaultWorld(anvil, token)
    first = world.refund()
    world.invoice = make_invoice(world.merchant, world.now, livemode=True)
    world.read()
    anvil.transfer(token, world.invoice.address, world.invoice.amount_units)
    anvil.mine(4)
    world.read()
    second = world.refund()
    for refund in (first, second):
        anvil.rpc("anvil_setBalance", refund.invoice.address, hex(ETHER))
    one, other = (Payout.objects.get(refund=refund) for refund in (first, second))
    real, rivals = EvmSigner.sign, []

    def pay_the_other():
        vaults.advance(other.pk, now=world.now)
        connections.close_all()

    def sign(signer, *args, **kwargs):
        if not rivals:
            rivals.append(threading.Thread(target=pay_the_other))
            rivals[0].start()
            rivals[0].join(timeout=2)  # ends if nothing holds it up
        return real(signer, *args, **kwargs)

    monkeypatch.setattr(EvmSigner, "sign", sign)
    vaults.advance(one.pk, now=world.now)
    rivals[0].join()

    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, other.status, other.raw) == ("sent", "planned", "")
    assert other.waiting_for.startswith("More than 20 USD would be sent within 24 hours")


def test_three_payers_at_once_offer_more_once(anvil, node, token):
    world = VaultWorld(anvil, token)
    refund = stuck(world, anvil, node)
    before = world.held_by(CUSTOMER)

    children = [start(lambda: later(world, 11)) for _ in range(3)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]

    assert len(signed(world)) == 2
    let_go(anvil)
    world.settle()
    refund.refresh_from_db()
    assert world.held_by(CUSTOMER) - before == UNITS
    assert (refund.status, refund.txid) == ("completed", world.payout().txid)


def test_three_payers_at_once_pay_once(anvil, token):
    world = VaultWorld(anvil, token, forward_to="")
    world.refund()
    before = world.held_by(CUSTOMER)

    for _ in range(3):
        children = [start(lambda: world.work(3)) for _ in range(3)]
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    world.settle()

    assert world.held_by(CUSTOMER) - before == UNITS
    assert Payout.objects.filter(kind="refund").count() == 1
    assert Payout.objects.get(kind="refund").status == "confirmed"


def test_a_payer_that_dies_between_the_broadcast_and_its_note_is_followed_by_one_that_asks_the_chain(
    anvil, token, monkeypatch
):
    world = VaultWorld(anvil, token)
    world.refund()
    world.work(2)
    real, sent = EvmSigner.broadcast, []

    def broadcast(signer, signed):
        sent.append(signed.raw)
        real(signer, signed)
        raise BroadcastUnclear("the process ended here")

    monkeypatch.setattr(EvmSigner, "broadcast", broadcast)
    world.work(1)
    monkeypatch.setattr(EvmSigner, "broadcast", real)
    world.work(1)

    assert world.payout().status == "sent"
    assert len(sent) == 1
    connections.close_all()
