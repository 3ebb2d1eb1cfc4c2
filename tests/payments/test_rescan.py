"""Blocks are read again only from the chain that was scanned: neither another fork nor a new one credits anything."""

from dataclasses import replace

import pytest

from chains.base import ChainUnavailable
from invoices.models import Invoice
from payments.models import Payment, ScannedRange
from payments.services import rescan, scan
from payments.services.ranges import last_shared
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now, max_range=4)
    scan(network="sandbox", now=now, reader=chain)
    return chain


@pytest.fixture
def missed(chain, invoice, now):
    """The chain after a scan whose node had no index: block 1 pays the invoice, and nobody has seen it."""
    chain.mine(transfer(invoice))
    chain.grow(9)
    chain.is_blind = True
    scan(network="sandbox", now=now, reader=chain)
    chain.is_blind = False
    return chain


def read_again(chain: ScriptedChain, now, first: int = 0, last: int = 10) -> int:
    *_, final = rescan(network="sandbox", first=first, last=last, reader=chain, now=now)
    return final.found


def status(invoice: Invoice) -> str:
    invoice.refresh_from_db()
    return invoice.status


@pytest.mark.parametrize("last", [1, 2, 10], ids=["within a range", "within a range too", "to the cursor"])
def test_what_was_missed_is_credited_once(missed, invoice, now, last):
    assert read_again(missed, now, 1, last) == 1
    assert read_again(missed, now, 1, last) == 0

    assert status(invoice) == "paid"
    assert Payment.objects.count() == 1


def test_a_node_on_another_fork_credits_nothing(chain, invoice, now):
    chain.grow(10)
    scan(network="sandbox", now=now, reader=chain)
    elsewhere = ScriptedChain(start=now, max_range=4, blocks=chain.blocks[:2], branch=7)
    elsewhere.mine(transfer(invoice))
    elsewhere.grow(12)

    with pytest.raises(ChainUnavailable, match="other blocks up to 3"):
        read_again(elsewhere, now)

    assert Payment.objects.count() == 0
    assert status(invoice) == "created"


def test_a_fork_that_the_scan_follows_meanwhile_credits_nothing(chain, invoice, now):
    chain.grow(1)
    chain.mine(transfer(invoice))
    chain.grow(8)
    chain.is_blind = True
    scan(network="sandbox", now=now, reader=chain)
    chain.is_blind = False
    fork = ScriptedChain(start=now, max_range=4, blocks=chain.blocks[:2], branch=7)
    fork.grow(12)

    class Overtaken(ScriptedChain):
        def block_at(self, height=None):
            if asked.append(height) is None and asked.count(8) == 3:  # after the last look at the end of the range
                block = super().block_at(height)
                scan(network="sandbox", now=now, reader=fork)
                return block
            return super().block_at(height)

    asked: list[int | None] = []
    overtaken = Overtaken(start=now, max_range=4, blocks=chain.blocks)

    with pytest.raises(ChainUnavailable, match="changed while they were being read"):
        read_again(overtaken, now, 5, 8)

    assert Payment.objects.count() == 0
    assert ScannedRange.objects.get(last=8).hash == fork.block_at(8).hash


def test_the_block_from_which_a_fork_is_read_is_one_that_was_scanned(chain, now):
    """A node that changes its chain between two questions must not make us start above its new fork."""
    chain.grow(10)
    scan(network="sandbox", now=now, reader=chain)
    known = set(ScannedRange.objects.values_list("last", "hash"))
    asked: list[int] = []

    def block_at(height):
        block = chain.block_at(height)
        asked.append(height)
        return replace(block, hash="e" * 64) if height > 8 or asked.count(height) > 1 else block

    shared = last_shared("sandbox", below=11, block_at=block_at)

    assert shared is not None
    assert (shared.height, shared.hash) in known
    assert shared.height == 8
