"""A history of accounts is told by one node: one that takes over begins its piece anew, and only that."""

import json

import pytest

from chains import histories
from chains.base import ANY_ENDS, ChainUnavailable, Ends
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


@pytest.fixture
def two_nodes(monkeypatch):
    """Two nodes of one ledger that has paid two accounts, which are asked for one after the other."""
    monkeypatch.setattr(histories, "PIECE", 1)
    chains = [xrp.SmallXrp() for _ in range(2)]
    for chain in chains:
        chain.pay(xrp.INDEX, xrp.payment("later", "7", to=xrp.SHOP))
        chain.pay(xrp.INDEX - 1, xrp.payment("earlier", "5", to=xrp.OTHER_SHOP))
    nodes = [FakeNode(chain) for chain in chains]
    yield chains, nodes, xrp.reader_of(*(node.url for node in nodes))
    for node in nodes:
        node.stop()


def read_both(reader, ends):
    watchlist = Watching(xrp.SHOP, xrp.OTHER_SHOP)
    return list(reader.transfers(first=xrp.FIRST, last=xrp.INDEX + 5, watchlist=watchlist, ends=ends))


def asked_for(chain):
    return [fields["account"] for method, fields in chain.requests if method == "account_tx"]


def test_a_node_that_fails_is_followed_by_one_that_goes_on_where_it_was(two_nodes):
    (one, other), (node, _), reader = two_nodes
    first, second = sorted([xrp.SHOP, xrp.OTHER_SHOP])
    ends = Ends(last=reader.block_at(xrp.INDEX + 5).hash)
    deaf(node, second)

    assert [transfer.units for transfer in read_both(reader, ends)] == [5, 7]

    assert asked_for(one) == [first]
    assert set(asked_for(other)) == {second}


def test_a_node_that_lies_is_followed_by_one_that_goes_on_where_it_was(two_nodes):
    (one, other), _, reader = two_nodes
    first, second = sorted([xrp.SHOP, xrp.OTHER_SHOP])
    ends = Ends(last=reader.block_at(xrp.INDEX + 5).hash)
    one.bend = lambda _, fields, result: {**result, "validated": False} if fields.get("account") == second else result

    assert [transfer.units for transfer in read_both(reader, ends)] == [5, 7]

    assert asked_for(one) == [first, second]
    assert set(asked_for(other)) == {second}


@pytest.mark.parametrize("is_back_after", [None, 2])  # forked all the time, or only before it told
def test_one_that_follows_on_another_fork_is_not_believed(two_nodes, is_back_after):
    (_, other), (node, _), reader = two_nodes
    ends = Ends(last=reader.block_at(xrp.INDEX + 5).hash)
    other.ledgers.clear()

    def fork(method, _fields, result):
        if method == "ledger" and (is_back_after is None or len(asked_for(other)) < is_back_after):
            result["ledger"]["ledger_hash"] = result["ledger_hash"] = "F" * 64
        return result

    other.bend = fork
    deaf(node, max(xrp.SHOP, xrp.OTHER_SHOP))

    with pytest.raises(ChainUnavailable, match="read on another fork"):
        read_both(reader, ends)


def test_where_no_end_is_known_one_node_tells_all(two_nodes):
    (one, other), (node, _), reader = two_nodes
    deaf(node, max(xrp.SHOP, xrp.OTHER_SHOP))

    assert [transfer.units for transfer in read_both(reader, ANY_ENDS)] == [5, 7]

    both = sorted([xrp.SHOP, xrp.OTHER_SHOP])
    assert asked_for(one) == both[:1]
    assert asked_for(other)[-2:] == both
