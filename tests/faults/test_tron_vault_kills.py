"""A process that pays on TRON is killed at every point, or runs three times at once: the money comes once."""

import os
import signal

import pytest

from chains.tron_signing import TronSigner
from payments.models import Payout
from tests.faults.test_kills import MOST_POINTS, _until, start
from tests.flows.tron_vault import CUSTOMER, TronWorld

pytestmark = pytest.mark.django_db(transaction=True)

UNITS = 16_490_000


@pytest.fixture
def make_world(settings):
    worlds = []

    def make(**order):
        while worlds:
            worlds.pop().stop()
        worlds.append(TronWorld(settings, **order))
        worlds[0].chain.mines_at_once = True
        return worlds[0]

    yield make
    for world in worlds:
        world.stop()


def is_killed_at(point: int, world: TronWorld) -> bool:
    """Work in a process that gets SIGKILL at its ``point``-th write, commit, or moment around a broadcast."""

    def pass_point() -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("/* a point */ SELECT 1")

    def work() -> None:
        real = TronSigner.broadcast

        def broadcast(signer, signed):
            pass_point()
            real(signer, signed)
            pass_point()

        TronSigner.broadcast = broadcast
        world.work(4)

    _, status = os.waitpid(start(lambda: _until(point, work)), 0)
    assert status in {0, signal.SIGKILL}, "the process failed by itself; its traceback stands above"
    return status == signal.SIGKILL


def lost(world: TronWorld) -> None:
    """Have a refund's transaction run out: all nodes said that they took it, and lost it."""
    world.refund()
    world.bring_coin()
    world.be("drops")
    world.work()
    world.be("")
    assert world.statuses() == ["sent"]
    world.run_out()


def test_a_payer_killed_at_every_point_pays_a_refund_once(make_world):
    killed = 0
    for point in range(1, MOST_POINTS):
        world = make_world()
        world.refund()
        was_killed = is_killed_at(point, world)

        world.settle()

        assert world.chain.held(CUSTOMER) == UNITS, f"killed at point {point}"
        assert world.statuses() == ["confirmed"], f"killed at point {point}"
        if not was_killed:
            break
        killed += 1
    assert killed > 15


def test_a_payer_killed_at_every_point_while_it_signs_anew_pays_once(make_world):
    killed = 0
    for point in range(1, MOST_POINTS):
        world = make_world()
        lost(world)
        was_killed = is_killed_at(point, world)

        world.settle()

        assert world.chain.held(CUSTOMER) == UNITS, f"killed at point {point}"
        assert world.statuses() == ["failed", "confirmed"], f"killed at point {point}"
        if not was_killed:
            break
        killed += 1
    assert killed > 15


def test_a_payer_killed_right_after_signing_is_found_after_its_transaction_ran_out(make_world):
    world = make_world()
    world.refund()
    world.bring_coin()
    world.be("drops")
    is_killed_at(200, world)
    assert world.statuses() == ["sent"]
    world.be("")
    world.run_out()

    world.settle()

    assert (world.statuses(), world.chain.held(CUSTOMER)) == (["failed", "confirmed"], UNITS)


@pytest.mark.parametrize("is_lost", [False, True])
def test_three_payers_at_once_pay_once(make_world, is_lost):
    world = make_world()
    if is_lost:
        lost(world)
    else:
        world.refund()

    for _ in range(3):
        children = [start(lambda: world.work(3)) for _ in range(3)]
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    world.settle()

    assert world.chain.held(CUSTOMER) == UNITS
    assert world.statuses() == [*(["failed"] if is_lost else []), "confirmed"]
    assert Payout.objects.filter(kind="refund", txid=world.payout().txid).count() == 1
