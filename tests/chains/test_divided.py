"""Histories of accounts are read from one node: another one that takes over within a reading spoils it."""

import json

import pytest

from chains.base import ChainUnavailable, Ends
from tests.chains import test_solana as solana
from tests.chains import test_xrp as xrp
from tests.chains.fake_node import FakeNode, RpcAnswers
from tests.chains.watching import Watching


def on_solana():
    chain, last = solana.SmallSolana(), solana.SLOT + 10
    chain.pay(solana.SLOT, solana.sol("paid", 7))
    nodes = [FakeNode(RpcAnswers(each)) for each in (chain, solana.SmallSolana())]
    reader = solana.reader_of(*(node.url for node in nodes))
    return nodes, reader, Watching(solana.SHOP), solana.FIRST_SLOT, last, "getSignaturesForAddress", "getBlock"


def on_xrp():
    chain = xrp.SmallXrp()
    chain.pay(xrp.INDEX, xrp.payment("paid", "7", tag=1))
    nodes = [FakeNode(each) for each in (chain, xrp.SmallXrp())]
    reader = xrp.reader_of(*(node.url for node in nodes))
    return nodes, reader, Watching(xrp.SHOP), xrp.FIRST, xrp.INDEX + 5, "account_tx", '"ledger"'


def deaf(node: FakeNode, word: str) -> None:
    """Have a node fail whenever it is asked something with this word."""
    honest = node.answer
    node.answer = lambda path, body: (503, b"") if word in json.dumps(body) else honest(path, body)


@pytest.mark.parametrize("build", [on_solana, on_xrp])
def test_a_history_told_by_another_node_than_the_ends_is_not_believed(build):
    (node, other), reader, watchlist, first, last, history, block = build()
    try:
        ends, honest = Ends(last=reader.block_at(last).hash), node.answer
        deaf(node, history)
        deaf(other, block)

        with pytest.raises(ChainUnavailable, match="another node took over"):
            list(reader.transfers(first=first, last=last, watchlist=watchlist, ends=ends))

        node.answer = honest
        (transfer,) = reader.transfers(first=first, last=last, watchlist=watchlist, ends=ends)
        assert transfer.units == 7
    finally:
        node.stop()
        other.stop()
