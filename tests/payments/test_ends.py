"""A reading is of the chain that it was compared with, though another node took over meanwhile and then failed."""

import pytest

from chains.base import ChainUnavailable
from payments.models import Cursor, Payment, ScannedRange
from payments.reconciliation import Scope, chain_differences, scanned
from payments.services import rescan, scan, verify
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    chain.grow(9)
    scan(network="sandbox", now=now, reader=chain)
    return chain


def fork_of(chain: ScriptedChain, shared: int) -> ScriptedChain:
    """Return a chain as long whose blocks are others from height ``shared`` on, and all of them empty."""
    fork = ScriptedChain(start=chain.start, blocks=chain.blocks[:shared], branch=7)
    fork.grow(len(chain.blocks) - shared)
    return fork


def test_a_scan_that_read_a_fork_of_the_end_records_nothing(chain, invoice, now):
    chain.mine(transfer(invoice))
    chain.rival = fork_of(chain, 10)

    with pytest.raises(ChainUnavailable):
        scan(network="sandbox", now=now, reader=chain)

    assert Cursor.objects.get().height == 9
    chain.rival = None
    scan(network="sandbox", now=now, reader=chain)
    assert Payment.objects.get().block_height == 10


def test_a_scan_that_read_a_fork_from_below_its_beginning_records_nothing(chain, invoice, now):
    chain.grow(1)
    rival = fork_of(chain, 8)
    rival.mine(transfer(invoice))
    chain.rival = rival
    chain.blocks.append(rival.blocks[-1])  # the tip is told by the node on the fork, too

    with pytest.raises(ChainUnavailable):
        scan(network="sandbox", now=now, reader=chain)

    assert (Cursor.objects.get().height, Payment.objects.count()) == (9, 0)


@pytest.mark.parametrize(("told", "kept"), [(10**9, 4), (5, 4), (3, 3), (None, None)])
def test_what_is_final_is_not_above_what_was_read(invoice, now, told, kept):
    chain = ScriptedChain(start=now, finalized=told)
    chain.grow(4)

    scan(network="sandbox", now=now, reader=chain)

    assert Cursor.objects.get().finalized_height == kept


def test_a_first_look_after_an_absence_at_a_fork_shows_nothing(chain, invoice, now):
    chain.max_range = 3
    chain.grow(10)
    rival = fork_of(chain, 18)
    rival.blocks.pop()
    rival.mine(transfer(invoice))
    chain.rival = rival

    with pytest.raises(ChainUnavailable):
        scan(network="sandbox", now=now, reader=chain, max_rounds=0)

    assert Payment.objects.count() == 0


@pytest.mark.parametrize("last", [9, 5], ids=["to the end of a range", "into a range"])
def test_blocks_of_a_fork_that_are_read_again_credit_nothing(chain, invoice, now, last):
    rival = ScriptedChain(start=now, blocks=chain.blocks[:2], branch=7)
    rival.mine(transfer(invoice))
    rival.grow(7)
    chain.rival = rival

    with pytest.raises(ChainUnavailable):
        list(rescan(network="sandbox", first=0, last=last, reader=chain, now=now))

    assert Payment.objects.count() == 0


def test_a_second_pass_over_a_fork_marks_nothing(chain, now):
    chain.grow(5)
    scan(network="sandbox", now=now, reader=chain)
    chain.rival = fork_of(chain, 2)

    with pytest.raises(ChainUnavailable):
        verify(network="sandbox", reader_apart_from=lambda _: chain, now=now)

    assert ScannedRange.objects.exclude(verified_at=None).count() == 0


@pytest.mark.parametrize("last", [None, 5], ids=["to the cursor", "to a block beneath it"])
def test_the_books_are_not_compared_with_a_fork(chain, invoice, now, last):
    rival = ScriptedChain(start=now, blocks=chain.blocks[:2], branch=7)
    rival.mine(transfer(invoice))
    rival.grow(7)
    chain.rival = rival
    scope = Scope(last=last)
    blocks = scanned("sandbox", scope)
    assert blocks is not None

    with pytest.raises(ChainUnavailable):
        list(chain_differences("sandbox", blocks, scope, reader=chain))
