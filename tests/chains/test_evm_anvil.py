"""The EVM reader on a real node: real transactions, real reorgs."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chains import registry
from chains.base import ChainUnavailable
from chains.codecs import evm_address
from chains.evm import EvmReader
from tests.chains.anvil import CHAIN_ID, pass_call, spread_call, transfer_call
from tests.chains.watching import Watching

pytestmark = pytest.mark.evm

_fresh = itertools.count(0xC0FFEE)


def fresh_address() -> str:
    """Return an address that no other test has used."""
    return evm_address(f"{next(_fresh):040x}")


@pytest.fixture(scope="module")
def tokens(anvil):
    return {"USDC": anvil.deploy("Coin"), "USDT": anvil.deploy("SilentCoin")}


@pytest.fixture
def network(anvil, tokens, settings):
    settings.CHAINS = {
        "ethereum": {
            "rpc_urls": [anvil.url],
            "chain_id": CHAIN_ID,
            "tokens": {code: {"contract": contract, "decimals": 6} for code, contract in tokens.items()},
        }
    }
    return registry.network("ethereum")


@pytest.fixture
def reader(network):
    return registry.reader("ethereum")


def read(reader, watchlist, first, last):
    return list(reader.transfers(first=first, last=last, watchlist=watchlist))


class TestTransfers:
    @pytest.mark.parametrize("code", ["USDC", "USDT"])
    def test_a_token_payment_is_seen_as_it_is(self, anvil, reader, tokens, code):
        shop = fresh_address()
        first = anvil.height + 1
        txid = anvil.transfer(tokens[code], shop, 16_490_000)

        (transfer,) = read(reader, Watching(shop), first, anvil.height)

        block = reader.block_at(first)
        assert transfer.block == block
        assert (transfer.network, transfer.asset, transfer.txid, transfer.ordinal) == ("ethereum", code, txid, 0)
        assert (transfer.recipient, transfer.units) == (shop, 16_490_000)
        assert transfer.sender.lower() == anvil.accounts[0].lower()
        assert transfer.sender != transfer.sender.lower()  # written with its checksum
        assert abs(block.timestamp - datetime.now(UTC)) < timedelta(hours=1)

    def test_the_coin_itself_is_seen_with_its_fee(self, anvil, reader):
        shop = fresh_address()
        first = anvil.height + 1
        txid = anvil.pay(shop, 10**18 + 1)

        (transfer,) = read(reader, Watching(shop), first, anvil.height)

        receipt = anvil.receipt(txid)
        assert (transfer.asset, transfer.txid, transfer.ordinal, transfer.units) == ("ETH", txid, 0, 10**18 + 1)
        assert transfer.fee_units == int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16) > 0

    def test_several_transfers_in_one_transaction_are_numbered_per_recipient_and_asset(self, anvil, reader, tokens):
        shop, other = fresh_address(), fresh_address()
        first = anvil.height + 1
        txid = anvil.send(tokens["USDC"], data=spread_call([shop, other, shop, shop], [5, 7, 0, 6]))
        anvil.receipt(txid)

        transfers = read(reader, Watching(shop, other), first, anvil.height)

        assert [(t.recipient, t.ordinal, t.units) for t in transfers] == [(shop, 0, 5), (other, 0, 7), (shop, 1, 6)]
        assert {t.txid for t in transfers} == {txid}

    def test_several_payments_in_one_block_come_in_the_order_of_the_chain(self, anvil, reader, tokens):
        shop = fresh_address()
        anvil.rpc("evm_setAutomine", False)
        try:
            sent = [
                anvil.send(shop, value=1, sender=anvil.accounts[0]),
                anvil.send(tokens["USDT"], data=transfer_call(shop, 2), sender=anvil.accounts[0]),
                anvil.send(tokens["USDC"], data=transfer_call(shop, 3), sender=anvil.accounts[0]),
                anvil.send(shop, value=4, sender=anvil.accounts[0]),
            ]
            anvil.mine()
        finally:
            anvil.rpc("evm_setAutomine", True)
        height = int(anvil.receipt(sent[-1])["blockNumber"], 16)

        transfers = read(reader, Watching(shop), height, height)

        assert [(t.txid, t.asset, t.units) for t in transfers] == list(
            zip(sent, ["ETH", "USDT", "USDC", "ETH"], [1, 2, 3, 4], strict=True)
        )

    def test_what_reverted_is_not_seen(self, anvil, reader, tokens):
        till = anvil.deploy("Till")
        first = anvil.height + 1
        coin = anvil.send(till, value=10**18)
        token = anvil.send(tokens["USDC"], data=transfer_call(till, 10**30))

        assert anvil.receipt(coin)["status"] == anvil.receipt(token)["status"] == "0x0"
        assert read(reader, Watching(till), first, anvil.height) == []
        assert reader.has_failed(coin)
        assert reader.has_failed(token)

    def test_what_went_through_or_does_not_exist_has_not_failed(self, anvil, reader):
        assert reader.has_failed(anvil.pay(fresh_address(), 1)) is False
        assert reader.has_failed("0x" + "ab" * 32) is False

    def test_nothing_and_to_oneself_are_no_payments(self, anvil, reader, tokens):
        shop, own = fresh_address(), evm_address(anvil.accounts[0][2:].lower())
        first = anvil.height + 1
        anvil.transfer(tokens["USDC"], shop, 0)
        anvil.pay(shop, 0)
        anvil.transfer(tokens["USDC"], own, 5)
        anvil.pay(own, 5)

        assert read(reader, Watching(shop, own), first, anvil.height) == []

    def test_other_tokens_and_other_recipients_are_not_seen(self, anvil, reader, tokens):
        shop, stranger = fresh_address(), fresh_address()
        foreign = anvil.deploy("Coin")
        first = anvil.height + 1
        anvil.transfer(foreign, shop, 5)
        anvil.transfer(tokens["USDC"], stranger, 5)

        watchlist = Watching(shop)

        assert read(reader, watchlist, first, anvil.height) == []
        assert watchlist.questions == [{stranger.lower()}]

    def test_a_payment_from_inside_a_contract_leaves_no_trace(self, anvil, reader):
        shop = fresh_address()
        till = anvil.deploy("Till")
        first = anvil.height + 1
        anvil.receipt(anvil.send(till, value=5, data=pass_call(shop)))

        assert anvil.rpc("eth_getBalance", shop, "latest") == "0x5"
        assert read(reader, Watching(shop), first, anvil.height) == []

    def test_a_long_range_is_read_in_chunks_with_one_question_each(self, anvil, network):
        shop = fresh_address()
        first = anvil.height + 1
        txids = []
        for _ in range(3):
            txids.append(anvil.pay(shop, 1))
            anvil.mine(6)
        reader = EvmReader(replace(network, options={"block_range": "7", "batch_size": "3"}))
        watchlist = Watching(shop)

        assert [t.txid for t in read(reader, watchlist, first, anvil.height)] == txids
        assert watchlist.questions == [{shop.lower()}] * 3
        assert reader.max_range == 70


class TestReorg:
    def test_a_reorg_changes_the_hashes_and_takes_the_payment_away(self, anvil, reader, tokens):
        shop = fresh_address()
        anvil.mine()
        base = reader.block_at()
        anvil.transfer(tokens["USDC"], shop, 5)
        anvil.pay(shop, 6)
        before = reader.block_at()
        assert len(read(reader, Watching(shop), base.height + 1, before.height)) == 2

        anvil.reorg(2)
        anvil.mine()

        after = reader.block_at(before.height)
        assert after.hash != before.hash
        assert reader.block_at(base.height).hash == base.hash
        assert reader.block_at(base.height + 1).parent_hash == base.hash
        assert read(reader, Watching(shop), base.height + 1, anvil.height) == []

    def test_the_ordinal_stays_when_a_transaction_moves_to_another_block(self, anvil, reader, tokens):
        shop = fresh_address()
        snapshot = anvil.rpc("evm_snapshot")
        first = anvil.height + 1
        data = spread_call([fresh_address(), shop, shop], [1, 2, 3])
        sent = anvil.send(tokens["USDC"], data=data)
        anvil.receipt(sent)
        before = read(reader, Watching(shop), first, anvil.height)

        anvil.rpc("evm_revert", snapshot)
        anvil.mine(2)
        anvil.rpc("evm_setAutomine", False)
        try:
            # Another sender's log now stands before it in the same block: its logs get other indexes.
            crowd = anvil.send(tokens["USDT"], data=transfer_call(shop, 0), sender=anvil.accounts[1])
            again = anvil.send(tokens["USDC"], data=data)
            anvil.mine()
        finally:
            anvil.rpc("evm_setAutomine", True)
        anvil.receipt(crowd)
        after = read(reader, Watching(shop), first, anvil.height)

        assert again == sent
        assert before[0].block.height != after[0].block.height
        assert [(t.txid, t.ordinal, t.units) for t in before] == [(sent, 0, 2), (sent, 1, 3)]
        assert [(t.txid, t.ordinal, t.units) for t in after] == [(sent, 0, 2), (sent, 1, 3)]


class TestBlocks:
    def test_finality_trails_the_tip(self, anvil, reader):
        anvil.mine(20)

        assert reader.finalized_height() == anvil.height - 8

    def test_a_block_beyond_the_tip_is_unavailable(self, anvil, reader):
        with pytest.raises(ChainUnavailable, match="has no block"):
            reader.block_at(anvil.height + 5)
        with pytest.raises(ChainUnavailable, match="has no block"):
            read(reader, Watching(), anvil.height, anvil.height + 1)

    def test_a_node_on_another_chain_is_not_read(self, network):
        reader = EvmReader(replace(network, chain_id=1))

        with pytest.raises(ChainUnavailable, match="is on chain 31337, not on 1"):
            reader.block_at()

    def test_a_dead_node_is_passed_over(self, anvil, network):
        reader = EvmReader(replace(network, rpc_urls=("http://127.0.0.1:1/secret-key", anvil.url)))

        assert reader.block_at().height == anvil.height

    def test_the_mempool_tells_nothing(self, reader):
        assert list(reader.mempool(watchlist=Watching())) == []
