"""Any part of any reply of a node replaced by anything: payments wait, and nothing worse happens."""

import copy
import json
import random

import pytest

from chains.base import ChainUnavailable
from tests.chains import (
    fake_node,
    small_cardano,
    small_solana,
    small_xrp,
    test_cardano,
    test_evm_lies,
    test_solana,
    test_tron,
    test_xrp,
)
from tests.chains.fake_node import FakeNode, RpcAnswers
from tests.chains.watching import Watching

ANYTHING = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    2**63,
    "",
    "0",
    "-1",
    "1e3",
    "\u0000",
    "٣",
    "\ud83d\ude00" * 3,
    "f" * 64,
    "9" * 90,
    "x" * 3000,
    [],
    [None],
    [[[]]],
    {},
    {"a": None},
    {"error": "x"},
)


class Spoiler:
    """Passes on what a server answers, but in one reply puts something else in one place."""

    def __init__(self, honest, seed):
        self.honest = honest
        self.random = random.Random(seed)
        self.left = self.random.randrange(12)
        self.spoilt = ""

    def __call__(self, path, body):
        status, raw = self.honest(path, body)
        self.left -= 1
        if self.left >= 0 or self.spoilt:
            return status, raw
        told = json.loads(raw)
        places = list(self.places(told))
        home, place = self.random.choice(places)
        value = copy.deepcopy(self.random.choice(ANYTHING))
        self.spoilt = f"{path} {body}: {place!r} is {value!r} instead of {home[place]!r}"
        if value is None and isinstance(home, dict) and self.random.random() < 0.5:
            del home[place]
        else:
            home[place] = value
        return status, json.dumps(told).encode()

    def places(self, told):
        """Yield everything that can be replaced, with the object or list it is in."""
        keys = told if isinstance(told, dict) else range(len(told)) if isinstance(told, list) else ()
        for place in keys:
            yield told, place
            yield from self.places(told[place])


def solana():
    chain = small_solana.SmallSolana()
    chain.skipped = {chain.tip - 4, chain.finalized}
    slot = small_solana.FIRST_SLOT + 10
    chain.pay(slot, small_solana.usdc("a", 7, references=(test_solana.REFERENCE,)), small_solana.sol("b", 9))
    chain.pay(slot + 1, small_solana.sol("c", 5, err={"InstructionError": []}))
    watchlist = Watching(small_solana.SHOP, tags={test_solana.REFERENCE})
    return RpcAnswers(chain), test_solana.reader_of, slot, watchlist, small_solana.signature("c")


def xrp():
    chain = small_xrp.SmallXrp()
    height = small_xrp.FIRST + 10
    escrow = small_xrp.removed("Escrow", Account=small_xrp.PAYER, Destination=small_xrp.SHOP, Amount="10000")
    chain.page = 1
    chain.pay(
        height,
        small_xrp.payment("a", "7", tag=7),
        small_xrp.Tx("b", "EscrowFinish", nodes=[small_xrp.account_root(), escrow], sender=small_xrp.OTHER_SHOP),
        small_xrp.payment("c", "5", result="tecPATH_DRY"),
    )
    return chain, test_xrp.reader_of, height, Watching(small_xrp.SHOP), small_xrp.hash_of("c")


def cardano():
    chain = small_cardano.SmallCardano()
    height = small_cardano.FIRST + 10
    chain.add(height, small_cardano.pay("a", 7, 8), small_cardano.pay("b", 9, is_listed=False))
    chain.add(height + 1, small_cardano.pay("c", 5, succeeded=False))
    return chain, test_cardano.reader_of, height, Watching(small_cardano.SHOP), small_cardano.hash_of("c")


def evm():
    return RpcAnswers(fake_node.SmallChain()), test_evm_lies.reader_of, 105, Watching(test_evm_lies.SHOP_TEXT), "0x12"


def tron():
    chain = test_tron.SmallTron()
    return chain, test_tron.reader_of, chain.paid, Watching(test_tron.SHOP), test_tron.FAILED_TX


@pytest.mark.parametrize("seed", range(80))
@pytest.mark.parametrize("make", [solana, xrp, cardano, evm, tron])
def test_nothing_a_node_says_causes_anything_but_waiting(make, seed):
    honest, reader_of, height, watchlist, failed = make()
    spoiler = Spoiler(honest, seed)
    node = FakeNode(spoiler)
    reader = reader_of(node.url)

    def ask(work):
        try:
            return work()
        except ChainUnavailable:
            return None

    try:
        ask(reader.block_at)
        ask(lambda: reader.block_at(height))
        ask(reader.finalized_height)
        found = ask(lambda: list(reader.transfers(first=height - 2, last=height + 1, watchlist=watchlist))) or []
        ask(lambda: reader.has_failed(failed))
        ask(lambda: reader.height_of(failed))
    finally:
        node.stop()

    for transfer in found:
        assert transfer.recipient in watchlist.addresses, spoiler.spoilt
        assert type(transfer.units) is int, spoiler.spoilt
        assert 0 < transfer.units < 2**256, spoiler.spoilt
        assert height - 2 <= transfer.block.height <= height + 1, spoiler.spoilt
        texts = (transfer.txid, transfer.sender, transfer.tag, transfer.block.hash, transfer.block.parent_hash)
        assert all(text.isascii() and text.isprintable() and len(text) <= 128 for text in texts), spoiler.spoilt
