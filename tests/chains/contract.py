"""What every reader promises, whatever the chain: one set of tests, unchanged for each. See test_contract.py."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from chains.base import ANY_ENDS, Block, ChainReader, ChainUnavailable, Ends, Transfer
from tests.chains.fake_node import FakeNode
from tests.chains.watching import Watching


@dataclass(frozen=True)
class Stage:
    """
    A chain on which ``shop`` was paid, in blocks strictly between ``first`` and ``last``, and a reader of it.

    ``fork`` moves the same transactions to other blocks; None where a chain cannot fork.
    """

    reader: ChainReader
    network: str
    shop: str
    stranger: str  # a good address that nobody pays
    first: int
    last: int
    paid: list[tuple[str, int]]  # asset and base units, in chain order
    fork: Callable[[], None] | None = None
    node: FakeNode | None = None

    def read(
        self, first: int | None = None, last: int | None = None, *, watched: str | None = None, ends: Ends = ANY_ENDS
    ) -> list[Transfer]:
        start, end = self.first if first is None else first, self.last if last is None else last
        watchlist = Watching(watched or self.shop)
        return list(self.reader.transfers(first=start, last=end, watchlist=watchlist, ends=ends))


Name = tuple[str, str, str, int]


def name_of(transfer: Transfer) -> Name:
    """Return what names a transfer for good."""
    return transfer.txid, transfer.asset, transfer.recipient, transfer.ordinal


def height_of(transfer: Transfer) -> int:
    assert transfer.block is not None
    return transfer.block.height


class ReaderContract:
    """Inherit it with a fixture ``stage``."""

    def test_the_tip_is_a_block_like_any_other(self, stage: Stage) -> None:
        tip = stage.reader.block_at()

        assert tip == stage.reader.block_at(tip.height)
        assert tip.height >= stage.last

    def test_a_block_is_the_one_that_was_asked_for_and_stays_the_same(self, stage: Stage) -> None:
        block = stage.reader.block_at(stage.last)

        assert isinstance(block, Block)
        assert block.height == stage.last
        assert block.timestamp.utcoffset() == timedelta(0)
        assert block == stage.reader.block_at(stage.last)

    def test_each_block_names_the_one_before_it(self, stage: Stage) -> None:
        blocks = [stage.reader.block_at(height) for height in range(stage.first, stage.last + 1)]

        assert [block.parent_hash for block in blocks[1:]] == [block.hash for block in blocks[:-1]]
        assert len({block.hash for block in blocks}) == len(blocks)

    def test_a_block_beyond_the_tip_is_unavailable(self, stage: Stage) -> None:
        with pytest.raises(ChainUnavailable):
            stage.reader.block_at(stage.reader.block_at().height + 100)

    def test_what_is_final_is_not_above_the_tip(self, stage: Stage) -> None:
        final = stage.reader.finalized_height()

        assert final is None or 0 <= final <= stage.reader.block_at().height

    def test_each_transfer_comes_exactly_once_and_in_order(self, stage: Stage) -> None:
        transfers = stage.read()

        assert [(transfer.asset, transfer.units) for transfer in transfers] == stage.paid
        assert len({name_of(transfer) for transfer in transfers}) == len(stage.paid)
        assert [height_of(each) for each in transfers] == sorted(height_of(each) for each in transfers)
        assert {(transfer.network, transfer.recipient) for transfer in transfers} == {(stage.network, stage.shop)}

    def test_each_transfer_holds_its_block_as_it_is(self, stage: Stage) -> None:
        for transfer in stage.read():
            assert transfer.block == stage.reader.block_at(height_of(transfer))

    def test_a_second_reading_is_the_same(self, stage: Stage) -> None:
        assert stage.read() == stage.read()

    def test_a_range_is_the_sum_of_its_blocks(self, stage: Stage) -> None:
        apart = [stage.read(height, height) for height in range(stage.first, stage.last + 1)]

        assert [transfer for transfers in apart for transfer in transfers] == stage.read()

    def test_both_ends_of_a_range_belong_to_it_and_nothing_beyond(self, stage: Stage) -> None:
        heights = [height_of(transfer) for transfer in stage.read()]
        low, high = heights[0], heights[-1]

        assert stage.read(low, high) == stage.read()
        assert stage.read(stage.first, low - 1) == []
        assert stage.read(high + 1, stage.last) == []
        assert [height_of(each) for each in stage.read(low + 1, stage.last)] == [each for each in heights if each > low]

    def test_a_range_lies_between_the_blocks_it_is_meant_to(self, stage: Stage) -> None:
        ends = Ends(stage.reader.block_at(stage.first).parent_hash, stage.reader.block_at(stage.last).hash)
        other = stage.reader.block_at(stage.first).hash

        assert stage.read(ends=ends) == stage.read(ends=replace(ends, before="")) == stage.read()
        for wrong in (replace(ends, before=other), replace(ends, last=other)):
            with pytest.raises(ChainUnavailable):
                stage.read(ends=wrong)

    def test_a_range_of_a_fork_does_not_end_where_it_was_meant_to(self, stage: Stage) -> None:
        if stage.fork is None:
            pytest.skip("this chain does not fork")
        ends = Ends(last=stage.reader.block_at(stage.last).hash)
        stage.fork()

        with pytest.raises(ChainUnavailable):
            stage.read(ends=ends)

    def test_ordinals_count_from_zero_within_a_transaction(self, stage: Stage) -> None:
        seen: dict[tuple[str, str, str], list[int]] = {}
        for transfer in stage.read():
            seen.setdefault(name_of(transfer)[:3], []).append(transfer.ordinal)

        assert all(ordinals == list(range(len(ordinals))) for ordinals in seen.values())

    def test_a_fork_changes_the_blocks_and_no_name(self, stage: Stage) -> None:
        if stage.fork is None:
            pytest.skip("this chain does not fork")
        before = stage.read()
        stage.fork()
        after = stage.read(last=stage.reader.block_at().height)

        assert sorted(map(name_of, after)) == sorted(map(name_of, before))
        assert [each.units for each in after] == [each.units for each in before]
        assert {each.block for each in after} & {each.block for each in before} == set()

    def test_nothing_is_told_of_foreign_addresses(self, stage: Stage) -> None:
        assert stage.read(watched=stage.stranger) == []
        assert list(stage.reader.mempool(watchlist=Watching(stage.stranger))) == []

    def test_what_waits_has_no_block(self, stage: Stage) -> None:
        assert all(transfer.block is None for transfer in stage.reader.mempool(watchlist=Watching(stage.shop)))

    def test_a_payment_that_is_there_has_not_failed(self, stage: Stage) -> None:
        assert [stage.reader.has_failed(transfer.txid) for transfer in stage.read()] == [False] * len(stage.paid)

    def test_a_transaction_is_found_in_its_block(self, stage: Stage) -> None:
        transfers = stage.read()

        assert [stage.reader.height_of(each.txid) for each in transfers] == [height_of(each) for each in transfers]

    def test_a_transaction_that_nobody_made_is_found_nowhere(self, stage: Stage) -> None:
        made = stage.read()[0].txid

        assert stage.reader.height_of(made[:8] + made[:7:-1]) is None

    def test_a_call_takes_some_blocks(self, stage: Stage) -> None:
        assert stage.reader.max_range >= 1


def _answers(status: int, body: bytes) -> Callable[[FakeNode], None]:
    def break_(node: FakeNode) -> None:
        node.raw = lambda _path, _body: (status, body)

    return break_


def _hang_up(node: FakeNode) -> None:
    node.hangs_up = True


FAULTS: dict[str, Callable[[FakeNode], None]] = {
    "hangs up": _hang_up,
    "not JSON": _answers(200, b"<html>502</html>"),
    "cut off": _answers(200, b'{"jsonrpc":"2.0","id":1,"resu'),
    "null": _answers(200, b"null"),
    "an empty object": _answers(200, b"{}"),
    "an empty list": _answers(200, b"[]"),
    "a number": _answers(200, b"1"),
    "no result": _answers(200, b'{"jsonrpc":"2.0","id":1}'),
    "a redirect": _answers(302, b""),
    "not allowed": _answers(401, b'{"message":"who are you"}'),
    "busy": _answers(429, b"slow down"),
    "broken": _answers(500, b"oops"),
    "away": _answers(503, b""),
}


class FaultContract:
    """Beside ``ReaderContract`` where the node of ``stage`` is a ``FakeNode``."""

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_of_the_node_is_unavailability_and_nothing_else(self, stage: Stage, fault: str) -> None:
        assert stage.node is not None
        stage.read()  # connected, and the chain's id is known
        FAULTS[fault](stage.node)

        for ask in (
            stage.reader.block_at,
            lambda: stage.reader.block_at(stage.last),
            stage.read,
        ):
            with pytest.raises(ChainUnavailable):
                ask()

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_node_that_recovers_is_believed_again(self, stage: Stage, fault: str) -> None:
        assert stage.node is not None
        FAULTS[fault](stage.node)
        with pytest.raises(ChainUnavailable):
            stage.read()
        stage.node.raw, stage.node.hangs_up = None, False

        assert [(transfer.asset, transfer.units) for transfer in stage.read()] == stage.paid

    def test_health_is_told_without_asking(self, stage: Stage) -> None:
        assert stage.node is not None
        stage.read()
        asked = len(stage.node.requests)
        healths = stage.reader.health()

        assert [(each.name, each.is_awake) for each in healths] == [(stage.node.url, True)] * len(healths)
        assert stage.reader.source == stage.node.url
        assert len(stage.node.requests) == asked


LIES = (
    "is on another chain",
    "tells another block than was asked for",
    "tells a block that does not follow the one before",
    "tells of money in a block that it is not in",
    "says that something is there and does not tell it",
    "tells another transaction than was asked for",
    "tells amounts that cannot be",
)


@dataclass(frozen=True)
class Lying:
    """
    Two nodes of one chain, of which the first tells one of ``lies`` as soon as it is called, and readers of them.

    A chain whose nodes cannot tell one of the ``LIES`` leaves it out: where nobody is asked, nobody lies.
    """

    alone: ChainReader  # reads the liar only
    both: ChainReader  # reads the liar, and then the honest one
    liar: FakeNode
    honest: FakeNode
    shop: str
    first: int
    last: int
    paid: list[tuple[str, int]]
    lies: dict[str, Callable[[], None]]

    def read(self, reader: ChainReader) -> list[tuple[str, int]]:
        found = reader.transfers(first=self.first, last=self.last, watchlist=Watching(self.shop))
        return [(transfer.asset, transfer.units) for transfer in found]

    def stop(self) -> None:
        self.liar.stop()
        self.honest.stop()


class LieContract:
    """Inherit it with a fixture ``lying``."""

    def test_before_it_lies_it_is_believed(self, lying: Lying) -> None:
        assert lying.read(lying.alone) == lying.read(lying.both) == lying.paid
        assert lying.both.source == lying.liar.url

    @pytest.mark.parametrize("lie", LIES)
    def test_a_node_that_lies_brings_nothing(self, lying: Lying, lie: str) -> None:
        self.tell(lying, lie)

        with pytest.raises(ChainUnavailable):
            lying.read(lying.alone)

    @pytest.mark.parametrize("lie", LIES)
    def test_a_node_that_lies_is_left_for_an_honest_one_and_stays_left(self, lying: Lying, lie: str) -> None:
        self.tell(lying, lie)
        with suppress(ChainUnavailable):
            lying.read(lying.both)
        asked = len(lying.liar.requests)

        assert [lying.read(lying.both), lying.read(lying.both)] == [lying.paid, lying.paid]
        assert len(lying.liar.requests) == asked
        assert lying.both.source == lying.honest.url
        assert ["" if each.reason == "" else "told" for each in lying.both.health()] == ["told", ""]

    def tell(self, lying: Lying, lie: str) -> None:
        if lie not in lying.lies:
            pytest.skip("nodes of this chain are not asked what this lie would answer")
        lying.lies[lie]()


def running(node: FakeNode, stage: Stage) -> Iterator[Stage]:
    """Yield the stage, and stop its node in the end."""
    yield stage
    node.stop()
