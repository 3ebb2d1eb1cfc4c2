"""The sandbox chain behaves like a chain: a mempool, blocks that point to their parents, branches."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError

from chains.base import Block, ChainUnavailable
from chains.sandbox import selectors, services, tasks
from chains.sandbox.errors import InvalidBlockCount, InvalidReorgDepth, InvalidTransferAmount, NotASandboxAddress
from chains.sandbox.models import SandboxBlock, SandboxTransfer
from chains.sandbox.reader import SandboxReader

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
READER = SandboxReader()

pytestmark = pytest.mark.django_db


class Watching:
    """A watchlist that counts how often it is asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = set(addresses)
        self.questions = 0

    def among(self, addresses: Collection[str]) -> set[str]:
        self.questions += 1
        return self.addresses & set(addresses)

    def live(self) -> Iterator[str]:
        return iter(self.addresses)


@pytest.fixture
def address():
    return services.new_address()


def pay(address: str, units: int = 1_000_000, asset: str = "USDT") -> str:
    return services.send(address=address, asset_code=asset, units=units, now=NOW)


def chain() -> list[Block]:
    return [READER.block_at(height) for height in range(READER.block_at().height + 1)]


def assert_is_linked(blocks: list[Block]) -> None:
    assert [block.height for block in blocks] == list(range(len(blocks)))
    assert [block.parent_hash for block in blocks[1:]] == [block.hash for block in blocks[:-1]]
    assert len({block.hash for block in blocks}) == len(blocks)


class TestAddresses:
    def test_a_new_address_is_one_of_this_chain(self):
        addresses = {services.new_address() for _ in range(100)}

        assert len(addresses) == 100
        assert {len(address) for address in addresses} == {40}
        assert all(services.is_sandbox_address(address) for address in addresses)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "sandbox1",
            "sandbox1" + "0" * 31,
            "sandbox1" + "0" * 33,
            "sandbox1" + "u" * 32,
            "sandbox1" + "A" * 32,
            "0" * 32,
            "0x" + "0" * 40,
            "Sandbox1" + "0" * 32,
        ],
    )
    def test_other_text_is_no_address(self, text):
        assert services.is_sandbox_address(text) is False


class TestSend:
    def test_a_transfer_waits_in_the_mempool(self, address):
        txid = pay(address, 16_490_000)

        (transfer,) = READER.mempool(watchlist=Watching(address))
        assert (transfer.network, transfer.asset, transfer.txid, transfer.ordinal) == ("sandbox", "USDT", txid, 0)
        assert (transfer.recipient, transfer.units, transfer.block) == (address, 16_490_000, None)
        assert services.is_sandbox_address(transfer.sender)
        assert len(txid) == 64
        assert int(txid, 16) >= 0

    def test_the_whole_range_of_a_uint256_arrives_unchanged(self, address):
        pay(address, 2**256 - 1)
        services.mine(now=NOW)

        (transfer,) = READER.transfers(first=1, last=1, watchlist=Watching(address))
        assert transfer.units == 2**256 - 1

    @pytest.mark.parametrize("units", [0, -1, 2**256])
    def test_amounts_that_no_chain_can_move_are_refused(self, address, units):
        with pytest.raises(InvalidTransferAmount) as refusal:
            pay(address, units)

        assert refusal.value.field == "amount"
        assert SandboxTransfer.objects.count() == 0

    def test_a_foreign_address_is_refused(self):
        with pytest.raises(NotASandboxAddress):
            pay("TXYZabcdefghijklmnopqrstuvwxyz1234")

        assert SandboxTransfer.objects.count() == 0


class TestMine:
    def test_a_chain_nobody_mined_on_has_its_genesis_as_tip(self):
        assert READER.block_at() == READER.block_at(0) == services.GENESIS

    def test_each_block_points_to_the_one_before(self):
        services.mine(now=NOW)
        last = services.mine(count=4, now=NOW + timedelta(seconds=3))

        assert last == READER.block_at()
        assert last.timestamp == NOW + timedelta(seconds=3)
        assert_is_linked(chain())
        assert last.height == 5

    def test_the_first_block_takes_what_waits(self, address):
        txids = [pay(address), pay(address), pay(services.new_address())]

        services.mine(count=3, now=NOW)

        watching = Watching(address)
        mined = list(READER.transfers(first=1, last=3, watchlist=watching))
        assert [transfer.txid for transfer in mined] == txids[:2]
        assert [transfer.block for transfer in mined] == [READER.block_at(1)] * 2
        assert list(READER.mempool(watchlist=Watching(address))) == []

    @pytest.mark.parametrize("count", [0, -1, 1001])
    def test_an_impossible_number_of_blocks_is_refused(self, count):
        with pytest.raises(InvalidBlockCount):
            services.mine(count=count, now=NOW)

        assert SandboxBlock.objects.count() == 0


class TestReorg:
    def test_a_longer_branch_replaces_the_last_blocks_and_keeps_their_transfers(self, address):
        services.mine(count=2, now=NOW)
        first, second = pay(address), ""
        services.mine(now=NOW)
        second = pay(address)
        services.mine(now=NOW)
        before = chain()

        tip = services.reorg(depth=2, now=NOW)

        after = chain()
        assert_is_linked(after)
        assert after[-1] == tip
        assert tip.height == 5
        assert after[:3] == before[:3]
        assert not {block.hash for block in before[3:]} & {block.hash for block in after[3:]}
        moved = list(READER.transfers(first=0, last=5, watchlist=Watching(address)))
        assert [(transfer.txid, transfer.block) for transfer in moved] == [(first, after[3]), (second, after[3])]

    def test_dropped_transfers_vanish_and_others_stay(self, address):
        kept, gone = pay(address), pay(address)
        services.mine(now=NOW)

        services.reorg(depth=1, drop=[gone], now=NOW)

        assert [t.txid for t in READER.transfers(first=0, last=9, watchlist=Watching(address))] == [kept]
        assert list(READER.mempool(watchlist=Watching(address))) == []
        services.mine(now=NOW)
        assert [t.txid for t in READER.transfers(first=0, last=9, watchlist=Watching(address))] == [kept]

    def test_a_transfer_below_the_fork_cannot_be_dropped(self, address):
        deep = pay(address)
        services.mine(count=2, now=NOW)

        services.reorg(depth=1, drop=[deep], now=NOW)

        assert [t.txid for t in READER.transfers(first=0, last=9, watchlist=Watching(address))] == [deep]

    def test_what_waits_keeps_waiting(self, address):
        services.mine(now=NOW)
        txid = pay(address)

        services.reorg(depth=1, drop=[txid], now=NOW)

        assert [transfer.txid for transfer in READER.mempool(watchlist=Watching(address))] == [txid]

    @pytest.mark.parametrize("depth", [0, -1, 3, 101])
    def test_the_genesis_and_what_is_not_there_cannot_be_replaced(self, depth):
        services.mine(count=2, now=NOW)

        with pytest.raises(InvalidReorgDepth):
            services.reorg(depth=depth, now=NOW)

        assert READER.block_at().height == 2

    def test_the_same_block_can_be_replaced_again_and_again(self):
        services.mine(count=1, now=NOW)

        for _ in range(3):
            services.reorg(depth=1, now=NOW)

        assert_is_linked(chain())
        assert READER.block_at().height == 4


class TestReader:
    def test_a_height_above_the_tip_is_unavailable(self):
        services.mine(now=NOW)

        with pytest.raises(ChainUnavailable):
            READER.block_at(2)

    def test_a_range_is_one_query_and_one_question_to_the_watchlist(self, address, django_assert_num_queries):
        for _ in range(20):
            pay(address)
        services.mine(count=20, now=NOW)
        watching = Watching(address)

        with django_assert_num_queries(1):
            found = list(READER.transfers(first=1, last=20, watchlist=watching))

        assert len(found) == 20
        assert watching.questions == 1

    def test_only_the_asked_blocks_are_read(self, address):
        for _ in range(3):
            pay(address)
            services.mine(now=NOW)

        heights = [t.block.height for t in READER.transfers(first=2, last=2, watchlist=Watching(address)) if t.block]

        assert heights == [2]

    def test_nothing_fails_and_nothing_is_final(self, address):
        txid = pay(address)
        services.mine(now=NOW)

        assert READER.has_failed(txid) is False
        assert READER.finalized_height() is None

    def test_addresses_of_known_transactions_can_be_looked_up(self, address):
        txid = pay(address)

        assert selectors.addresses_of([txid, "f" * 64]) == {txid: address}


class TestClock:
    def test_it_stands_still_when_switched_off(self, settings):
        settings.SANDBOX_BLOCK_SECONDS = 0

        assert tasks.mine() is None
        assert SandboxBlock.objects.count() == 0

    def test_each_tick_makes_a_block(self, settings, address):
        settings.SANDBOX_BLOCK_SECONDS = 3
        pay(address)

        assert [tasks.mine(), tasks.mine()] == [1, 2]
        assert SandboxTransfer.objects.get().block.height == 1

    def test_each_tick_asks_a_worker_to_scan(self, settings):
        settings.SANDBOX_BLOCK_SECONDS = 3
        with current_app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
            queue.clear()

            tasks.mine()

            message = queue.get(timeout=20)
            assert message.headers["task"] == "payments.tasks.scan"
            assert message.payload[0] == ["sandbox"]
            assert queue.qsize() == 0
            message.ack()

    def test_a_tick_without_a_broker_still_makes_its_block(self, settings, monkeypatch):
        settings.SANDBOX_BLOCK_SECONDS = 3

        def fail(*_, **__):
            raise OperationalError

        monkeypatch.setattr(current_app, "send_task", fail)

        assert tasks.mine() == 1

    def test_old_empty_blocks_go_and_blocks_with_transfers_stay(self, monkeypatch, address):
        monkeypatch.setattr(services, "KEPT_BLOCKS", 10)
        services.mine(count=2, now=NOW)
        pay(address)
        services.mine(count=3, now=NOW)
        services.reorg(depth=1, now=NOW)
        services.mine(count=14, now=NOW)

        assert services.prune() == 9

        heights = SandboxBlock.objects.order_by("height").values_list("height", flat=True)
        assert list(heights) == [3, *range(10, 21)]
        with pytest.raises(ChainUnavailable):
            READER.block_at(2)


def test_reads_use_an_index(address, django_db_blocker):
    from django.db import connection

    with CaptureQueriesContext(connection) as queries:
        list(READER.transfers(first=1, last=5, watchlist=Watching(address)))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Seq Scan" not in plan
