"""The Solana reader against a small Solana of the tests' own: what it counts, and nodes that are wrong in every way."""

import contextlib
import copy
import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from chains import registry
from chains.base import ChainUnavailable, Transfer
from chains.codecs_solana import TOKEN_2022_PROGRAM, TOKEN_PROGRAM, token_account
from chains.endpoint import Limits
from chains.registry import build
from chains.solana import SolanaReader, SolanaRpc
from chains.solana_transactions import read_transaction
from tests.chains.fake_node import FakeNode, RpcAnswers
from tests.chains.small_solana import (
    FIRST_SLOT,
    OTHER_SHOP,
    PAYER,
    SHOP,
    TIME,
    USDC,
    SmallSolana,
    Tx,
    key,
    signature,
    sol,
    usdc,
)
from tests.chains.watching import Watching

HASTY = Limits(connect_seconds=1, silence_seconds=1, total_seconds=2, reply_bytes=300_000, pause_milliseconds=1)
REFERENCE, OTHER_REFERENCE = key("reference"), key("another reference")
SLOT = FIRST_SLOT + 10
WSOL = "So11111111111111111111111111111111111111112"


@pytest.fixture
def chain():
    return SmallSolana()


@pytest.fixture
def answers(chain):
    return RpcAnswers(chain)


@pytest.fixture
def node(answers):
    node = FakeNode(answers)
    yield node
    node.stop()


@pytest.fixture
def reader(node):
    return reader_of(node.url)


def reader_of(*urls, **options):
    found = {"rpc_urls": list(urls), "options": options}
    network = next(network for network in build({"solana": found}) if network.code == "solana")
    return SolanaReader(network, rpc=SolanaRpc(network, limits=HASTY))


def read(reader, first=FIRST_SLOT, last=FIRST_SLOT + 40, watchlist=None):
    return list(reader.transfers(first=first, last=last, watchlist=watchlist or Watching(SHOP)))


def brief(transfers):
    return [(transfer.asset, transfer.units, transfer.tag) for transfer in transfers]


class TestWhatCounts:
    def test_a_transfer_of_sol_with_a_reference(self, reader, chain):
        chain.pay(SLOT, sol("paid", 1_500_000_000, references=(REFERENCE,)))

        assert read(reader, watchlist=Watching(SHOP, tags={REFERENCE, OTHER_REFERENCE})) == [
            Transfer(
                network="solana",
                asset="SOL",
                txid=signature("paid"),
                ordinal=0,
                sender=PAYER,
                recipient=SHOP,
                units=1_500_000_000,
                block=reader.block_at(SLOT),
                tag=REFERENCE,
                fee_units=5000,
            )
        ]

    def test_a_transfer_of_a_token_goes_to_its_owner(self, reader, chain):
        chain.pay(SLOT, usdc("paid", 16_490_000))

        (transfer,) = read(reader)
        assert (transfer.asset, transfer.units, transfer.recipient) == ("USDC", 16_490_000, SHOP)
        assert (transfer.sender, transfer.tag, transfer.ordinal) == (PAYER, "", 0)

    def test_a_token_account_made_for_the_payment_is_no_payment_of_sol(self, reader, chain):
        target = token_account(SHOP, USDC, TOKEN_PROGRAM)
        tx = usdc("paid", 5)
        tx.coins = {PAYER: -2_039_280, target: 2_039_280}
        chain.pay(SLOT, tx)

        assert brief(read(reader)) == [("USDC", 5, "")]

    def test_accounts_from_lookup_tables_count(self, reader, chain):
        target = token_account(SHOP, USDC, TOKEN_PROGRAM)
        chain.pay(SLOT, usdc("paid", 5, looked_up=(target, REFERENCE), references=(REFERENCE,)))
        chain.pay(SLOT, sol("coins", 9, looked_up=(SHOP,)))

        assert brief(read(reader, watchlist=Watching(SHOP, tags={REFERENCE}))) == [
            ("USDC", 5, REFERENCE),
            ("SOL", 9, ""),
        ]

    def test_a_token_of_the_newer_program_counts(self, chain, answers, node):
        token = key("newer mint")
        source, target = (token_account(owner, token, TOKEN_2022_PROGRAM) for owner in (PAYER, SHOP))
        moved = [(source, PAYER, token, 100, 0), (target, SHOP, token, 0, 98)]  # two kept as the token's own fee
        chain.pay(SLOT, Tx("paid", tokens=moved, program=TOKEN_2022_PROGRAM))
        found = {"rpc_urls": [node.url], "tokens": {"PYUSD": {"contract": token, "decimals": 6}}}
        network = next(network for network in build({"solana": found}) if network.code == "solana")

        assert brief(read(SolanaReader(network, rpc=SolanaRpc(network, limits=HASTY)))) == [("PYUSD", 98, "")]

    def test_what_fails_brings_nothing(self, reader, chain):
        chain.pay(SLOT, sol("failed", 5, err={"InstructionError": [0, {"Custom": 1}]}))

        assert read(reader) == []
        assert "getTransaction" not in chain.calls

    def test_a_list_that_hides_the_failure_changes_nothing(self, reader, chain, answers):
        chain.pay(SLOT, sol("failed", 5, err={"InstructionError": [0, {"Custom": 1}]}))
        answers.bend = lambda method, _params, result: (
            [entry | {"err": None} for entry in result] if method == "getSignaturesForAddress" else result
        )

        assert read(reader) == []

    @pytest.mark.parametrize(
        "mint", [key("USDC, says its metadata"), USDC[:-1] + "w"], ids=["same symbol", "alike at a glance"]
    )
    def test_another_mint_is_another_token(self, reader, chain, mint):
        chain.pay(SLOT, usdc("fake", 5_000_000, mint=mint, references=(SHOP,)))

        assert read(reader) == []

    def test_a_token_of_a_program_that_is_neither_is_none(self, reader, chain):
        chain.pay(SLOT, usdc("fake", 5_000_000, program=key("program of a thief")))

        assert read(reader) == []

    def test_nothing_is_brought_by_nothing(self, reader, chain):
        chain.pay(SLOT, sol("nothing", 0, references=(REFERENCE,)), usdc("zero", 0))

        assert read(reader, watchlist=Watching(SHOP, tags={REFERENCE})) == []

    def test_what_the_shop_itself_spends_is_no_payment(self, reader, chain):
        chain.pay(SLOT, Tx("spent", {SHOP: -5, PAYER: 5}))

        assert read(reader) == []

    def test_a_shop_that_pays_the_fee_for_its_customer_is_paid_in_full(self, reader, chain):
        told = Tx("sponsored", {PAYER: -1000, SHOP: 1000}).told(SLOT)
        keys = told["transaction"]["message"]["accountKeys"]
        before, after = told["meta"]["preBalances"], told["meta"]["postBalances"]
        for each in (keys, before, after):
            each.reverse()
        after[0] -= 5000
        after[1] += 5000
        receipt = read_transaction(
            told, signature=signature("sponsored"), slot=SLOT, coin=registry.asset("solana", "SOL"), tokens={}
        )

        (transfer,) = receipt.transfers({SHOP}, set(), None)
        assert (transfer.units, transfer.sender) == (1000, PAYER)

    def test_one_shop_may_pay_another(self, reader, chain):
        chain.pay(SLOT, Tx("spent", {SHOP: -5, OTHER_SHOP: 5}))

        (transfer,) = read(reader, watchlist=Watching(SHOP, OTHER_SHOP))
        assert (transfer.sender, transfer.recipient, transfer.units) == (SHOP, OTHER_SHOP, 5)

    def test_moving_tokens_between_its_own_accounts_brings_the_shop_nothing(self, reader, chain):
        spare = key("second account")
        moved = [(spare, SHOP, USDC, 50, 0), (token_account(SHOP, USDC, TOKEN_PROGRAM), SHOP, USDC, 0, 50)]
        chain.pay(SLOT, Tx("tidied", tokens=moved))

        assert read(reader) == []

    def test_closing_its_own_token_account_brings_the_shop_nothing(self, reader, chain):
        wrapped = token_account(SHOP, WSOL, TOKEN_PROGRAM)
        chain.pay(SLOT, Tx("unwrapped", {wrapped: -2_039_280, SHOP: 2_039_280}, [(wrapped, SHOP, WSOL, 0, 0)]))

        assert read(reader) == []

    def test_two_issued_references_name_no_invoice(self, reader, chain):
        chain.pay(SLOT, sol("both", 5, references=(REFERENCE, OTHER_REFERENCE)))

        assert brief(read(reader, watchlist=Watching(SHOP, tags={REFERENCE, OTHER_REFERENCE}))) == [("SOL", 5, "")]

    def test_a_reference_nobody_issued_is_none(self, reader, chain):
        chain.pay(SLOT, sol("paid", 5, references=(OTHER_REFERENCE,)))

        assert brief(read(reader, watchlist=Watching(SHOP, tags={REFERENCE}))) == [("SOL", 5, "")]

    def test_one_transaction_may_pay_several_and_with_several_assets(self, reader, chain):
        tx = usdc("both", 7, references=(REFERENCE,))
        tx.coins = {PAYER: -30, SHOP: 10, OTHER_SHOP: 20}
        chain.pay(SLOT, tx)

        found = read(reader, watchlist=Watching(SHOP, OTHER_SHOP, tags={REFERENCE}))
        assert {(each.asset, each.recipient, each.units, each.tag) for each in found} == {
            ("SOL", SHOP, 10, REFERENCE),
            ("SOL", OTHER_SHOP, 20, REFERENCE),
            ("USDC", SHOP, 7, REFERENCE),
        }
        assert len(found) == 3

    def test_transfers_come_in_the_order_of_the_chain(self, reader, chain):
        for slot in (SLOT + 3, SLOT, SLOT + 1):
            chain.pay(slot, sol(f"{slot} first", 1), sol(f"{slot} second", 2, to=OTHER_SHOP), usdc(f"{slot} third", 3))

        found = read(reader, watchlist=Watching(SHOP, OTHER_SHOP))

        assert [(each.block.height, each.units) for each in found] == [
            (slot, units) for slot in (SLOT, SLOT + 1, SLOT + 3) for units in (1, 2, 3)
        ]

    def test_only_the_range_is_told(self, reader, chain):
        for slot in (SLOT, SLOT + 5, SLOT + 9, SLOT + 10):
            chain.pay(slot, sol(f"paid in {slot}", slot))

        assert [each.units for each in read(reader, SLOT + 1, SLOT + 9)] == [SLOT + 5, SLOT + 9]

    @pytest.mark.parametrize("page", [1, 2, 3, 1000])
    def test_long_histories_are_read_page_by_page_whatever_a_page_holds(self, reader, chain, page):
        chain.page = page
        for slot in range(SLOT, SLOT + 7):
            chain.pay(slot, sol(f"paid in {slot}", slot), usdc(f"tokens in {slot}", 1))

        assert len(read(reader)) == 14
        assert len(read(reader, SLOT + 2, SLOT + 3)) == 4

    def test_a_page_may_end_amid_the_first_slot(self, reader, chain):
        chain.page = 1
        chain.pay(SLOT, sol("one", 1), sol("two", 2), sol("three", 3))

        assert [each.units for each in read(reader, first=SLOT)] == [1, 2, 3]

    def test_nobody_watched_costs_next_to_nothing(self, reader, chain):
        assert read(reader, watchlist=Watching()) == []
        assert chain.calls == []

    def test_each_address_is_asked_for_with_both_kinds_of_token_accounts(self, reader, node):
        read(reader)

        asked = {
            call["params"][0]
            for _, body in node.requests
            for call in (body if isinstance(body, list) else [body])
            if call["method"] == "getSignaturesForAddress"
        }
        usdt = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
        assert asked == {SHOP} | {
            token_account(SHOP, mint, program)
            for mint in (USDC, usdt)
            for program in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
        }


class TestBlocks:
    def test_a_slot_is_a_height(self, reader, chain):
        block = reader.block_at(SLOT)

        assert (block.height, block.hash, block.parent_hash) == (SLOT, chain.hash(SLOT), chain.hash(SLOT - 1))
        assert block.timestamp == datetime.fromtimestamp(TIME + SLOT, UTC)

    def test_the_tip_is_old_enough_to_be_indexed(self, reader, chain):
        assert reader.block_at().height == chain.tip - 4
        assert reader.finalized_height() == chain.finalized

    def test_a_skipped_slot_leaves_the_chain_as_it_was(self, reader, chain):
        chain.skipped = {SLOT, SLOT + 1}

        before, first, second, after = (reader.block_at(slot) for slot in range(SLOT - 1, SLOT + 3))

        assert (first.hash, first.parent_hash) == (before.hash, before.hash)
        assert (second.hash, second.parent_hash) == (before.hash, first.hash)
        assert after.parent_hash == second.hash
        assert [first.height, second.height] == [SLOT, SLOT + 1]

    def test_slots_are_linked_whichever_are_skipped(self, reader, chain):
        chain.skipped = {FIRST_SLOT + 2, FIRST_SLOT + 5, FIRST_SLOT + 6, FIRST_SLOT + 7, FIRST_SLOT + 30}
        blocks = [reader.block_at(slot) for slot in range(FIRST_SLOT, FIRST_SLOT + 40)]

        assert all(block.parent_hash == previous.hash for previous, block in pairwise(blocks))

    def test_the_tip_may_be_a_skipped_slot(self, reader, chain):
        chain.skipped = {chain.tip - 4}

        assert reader.block_at().hash == chain.hash(chain.tip - 5)

    def test_that_a_slot_was_skipped_is_only_known_from_what_follows(self, reader, chain):
        chain.skipped = set(range(SLOT, chain.tip + 1))

        with pytest.raises(ChainUnavailable, match="does not tell the block"):
            reader.block_at(SLOT)

    def test_a_block_left_out_is_not_taken_for_skipped(self, reader, chain, answers):
        def bend(method, params, result):
            if method == "getBlock" and params[0] == SLOT:
                return None
            return [SLOT + 1] if method == "getBlocksWithLimit" else result

        answers.bend = bend

        with pytest.raises(ChainUnavailable, match="leaves out the block"):
            reader.block_at(SLOT)

    def test_a_fork_shows_in_the_hashes(self, reader, chain):
        chain.pay(SLOT, sol("paid", 5))
        before = reader.block_at(SLOT), reader.block_at(SLOT - 1)

        chain.fork(SLOT)

        assert reader.block_at(SLOT).hash != before[0].hash
        assert reader.block_at(SLOT - 1) == before[1]
        assert read(reader) == []

    def test_there_is_no_mempool(self, reader):
        assert list(reader.mempool(watchlist=Watching(SHOP))) == []

    def test_a_failure_is_one_when_it_is_final(self, reader, chain):
        chain.pay(chain.finalized, sol("failed", 5, err={"InstructionError": []}), sol("good", 5))
        chain.pay(chain.finalized + 1, sol("not yet", 5, err={"InstructionError": []}))

        names = ("failed", "good", "not yet", "unknown")
        assert [reader.has_failed(signature(name)) for name in names] == [True, False, False, False]
        assert reader.has_failed("not a signature") is False


class TestWrongNodes:
    def test_a_node_on_another_chain_is_not_believed(self, reader, chain):
        chain.genesis = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"

        with pytest.raises(ChainUnavailable, match="is on another chain than Solana"):
            reader.block_at()

    def test_the_next_node_is_asked_when_one_is_on_another_chain(self, node, chain):
        other = SmallSolana()
        other.genesis = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"
        wrong = FakeNode(RpcAnswers(other))
        chain.pay(SLOT, sol("paid", 5))

        assert brief(read(reader_of(wrong.url, node.url))) == [("SOL", 5, "")]
        wrong.stop()

    def test_a_node_that_is_behind_is_not_asked_further(self, reader, chain):
        chain.tip = FIRST_SLOT + 30

        with pytest.raises(ChainUnavailable, match="context slot"):
            read(reader, last=FIRST_SLOT + 31)

    def test_a_node_that_lags_behind_another_is_passed_over(self, node, chain):
        late = SmallSolana()
        late.tip = chain.tip - 100
        behind = FakeNode(RpcAnswers(late))
        reader = reader_of(node.url, behind.url)
        assert reader.block_at().height == chain.tip - 4

        node.raw = lambda _path, _body: (500, b"")
        chain.tip += 1
        with pytest.raises(ChainUnavailable):  # both failed
            reader_of(node.url).block_at()
        assert reader.block_at().height == late.tip - 4  # alone, it is believed
        assert [each.name for each in reader.health()] == [node.url, behind.url]
        behind.stop()

    def test_a_node_that_forgot_the_past_is_passed_over(self, node, chain):
        chain.pay(SLOT, sol("paid", 5))
        pruned = SmallSolana()
        pruned.first_available = FIRST_SLOT + 1
        forgetful = FakeNode(RpcAnswers(pruned))

        assert brief(read(reader_of(forgetful.url, node.url))) == [("SOL", 5, "")]
        with pytest.raises(ChainUnavailable, match="has forgotten what was before"):
            read(reader_of(forgetful.url))
        assert read(reader_of(forgetful.url), first=FIRST_SLOT + 1) == []
        forgetful.stop()

    def test_a_transaction_that_is_not_in_the_block_changes_nothing(self, reader, chain, answers):
        chain.pay(SLOT, sol("paid", 5))
        answers.bend = lambda method, params, result: (
            result | {"signatures": [signature("another")]}
            if method == "getBlock" and params[1]["transactionDetails"] == "signatures"
            else result
        )

        with pytest.raises(ChainUnavailable, match="lacks a transaction"):
            read(reader)

    def test_a_transaction_that_moved_to_another_slot_meanwhile_is_read_again_later(self, reader, chain, answers):
        chain.pay(SLOT, sol("paid", 5))
        answers.bend = lambda method, _params, result: (
            result | {"slot": SLOT + 1} if method == "getTransaction" else result
        )

        with pytest.raises(ChainUnavailable, match="in two slots"):
            read(reader)

    def test_a_transaction_that_is_gone_meanwhile_is_read_again_later(self, reader, chain, answers):
        chain.pay(SLOT, sol("paid", 5))
        answers.bend = lambda method, _params, result: None if method == "getTransaction" else result

        with pytest.raises(ChainUnavailable, match="is not an object"):
            read(reader)

    def test_another_transaction_than_was_asked_for_is_not_taken(self, reader, chain, answers):
        chain.pay(SLOT, sol("paid", 5), sol("other", 10**9, to=OTHER_SHOP))
        other = sol("other", 10**9).told(SLOT)
        answers.bend = lambda method, _params, result: other if method == "getTransaction" else result

        with pytest.raises(ChainUnavailable, match="another transaction"):
            read(reader)

    def test_wrong_decimals_are_not_multiplied_out(self, reader, chain):
        chain.pay(SLOT, usdc("paid", 5, decimals=9))

        with pytest.raises(ChainUnavailable, match="9 decimals"):
            read(reader)

    def test_a_list_without_end_is_left(self, reader, chain, answers):
        chain.pay(SLOT, sol("paid", 5))
        same = chain.getSignaturesForAddress(SHOP, {"minContextSlot": 0, "limit": 9})
        answers.bend = lambda method, _params, result: same if method == "getSignaturesForAddress" else result

        with pytest.raises(ChainUnavailable, match="not in order"):
            read(reader)

    def test_one_that_is_not_sorted_is_not_trusted(self, reader, chain, answers):
        chain.pay(SLOT, sol("paid", 5))
        chain.pay(SLOT + 1, sol("paid too", 5))
        answers.bend = lambda method, _params, result: result[::-1] if method == "getSignaturesForAddress" else result

        with pytest.raises(ChainUnavailable, match="not in order"):
            read(reader)

    def test_a_transaction_of_nobody_is_not_read(self, reader, chain, answers):
        chain.pay(SLOT, sol("paid", 5))
        told = sol("paid", 5).told(SLOT)
        told["transaction"]["message"]["accountKeys"] = []
        told["meta"]["preBalances"] = told["meta"]["postBalances"] = []
        answers.bend = lambda method, _params, result: told if method == "getTransaction" else result

        with pytest.raises(ChainUnavailable, match="are not those of the accounts"):
            read(reader)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("meta",), None),
            (("meta", "err"), ...),
            (("meta", "fee"), -1),
            (("meta", "fee"), True),
            (("meta", "preBalances"), [1]),
            (("meta", "postBalances"), None),
            (("meta", "postBalances", 1), -5),
            (("meta", "postBalances", 1), 2**64),
            (("meta", "postBalances", 1), 1.5),
            (("meta", "postTokenBalances"), {"a": 1}),
            (("meta", "postTokenBalances", 0, "accountIndex"), 99),
            (("meta", "postTokenBalances", 0, "mint"), "US\u0000DC"),
            (("meta", "postTokenBalances", 0, "owner"), None),
            (("meta", "postTokenBalances", 1, "uiTokenAmount"), "5"),
            (("meta", "postTokenBalances", 1, "uiTokenAmount", "amount"), 5),
            (("meta", "postTokenBalances", 1, "uiTokenAmount", "amount"), "-5"),
            (("meta", "postTokenBalances", 1, "uiTokenAmount", "amount"), "5e9"),
            (("meta", "postTokenBalances", 1, "uiTokenAmount", "amount"), "٥"),
            (("meta", "postTokenBalances", 1, "uiTokenAmount", "amount"), "9" * 20),
            (("meta", "postTokenBalances", 1, "uiTokenAmount", "decimals"), "6"),
            (("meta", "loadedAddresses"), [PAYER]),
            (("meta", "loadedAddresses"), "none"),
            (("meta", "loadedAddresses", "writable"), [5]),
            (("transaction",), "AQID"),
            (("transaction", "signatures"), []),
            (("transaction", "message"), None),
            (("transaction", "message", "accountKeys"), None),
            (("transaction", "message", "accountKeys"), []),
            (("transaction", "message", "accountKeys", 0), "not a key"),
            (("transaction", "message", "accountKeys", 0), {"pubkey": PAYER}),
            (("slot",), str(SLOT)),
        ],
    )
    def test_a_transaction_in_another_shape_is_not_read(self, reader, chain, answers, path, value):
        chain.pay(SLOT, usdc("paid", 5))
        told = copy.deepcopy(usdc("paid", 5).told(SLOT))
        put(told, path, value)
        answers.bend = lambda method, _params, result: told if method == "getTransaction" else result

        with pytest.raises(ChainUnavailable):
            read(reader)

    @pytest.mark.parametrize(
        ("method", "value"),
        [
            ("getSlot", "1050"),
            ("getSlot", -1),
            ("getSlot", None),
            ("getSlot", True),
            ("getBlock", []),
            ("getBlock", {}),
            ("getBlock", {"blockhash": key("a"), "previousBlockhash": "0x12", "parentSlot": 1, "blockTime": 5}),
            ("getBlock", {"blockhash": key("a"), "previousBlockhash": key("b"), "parentSlot": 1, "blockTime": None}),
            ("getBlock", {"blockhash": key("a"), "previousBlockhash": key("b"), "parentSlot": 1, "blockTime": 2**60}),
            ("getGenesisHash", None),
            ("getGenesisHash", ""),
        ],
    )
    def test_nonsense_about_blocks_is_not_read(self, reader, answers, method, value):
        answers.bend = lambda asked, _params, result: value if asked == method else result

        with pytest.raises(ChainUnavailable):
            reader.block_at()

    @pytest.mark.parametrize(
        ("method", "value"),
        [
            ("getFirstAvailableBlock", "0"),
            ("getFirstAvailableBlock", None),
            ("getSignaturesForAddress", None),
            ("getSignaturesForAddress", {}),
            ("getSignaturesForAddress", [None]),
            ("getSignaturesForAddress", [{"signature": "x", "slot": SLOT, "err": None}]),
            ("getSignaturesForAddress", [{"signature": signature("paid"), "slot": SLOT}]),
            ("getSignaturesForAddress", [{"signature": signature("paid"), "slot": "1", "err": None}]),
            ("getTransaction", []),
            ("getTransaction", "AQID"),
        ],
    )
    def test_nonsense_about_transactions_is_not_read(self, reader, chain, answers, method, value):
        chain.pay(SLOT, sol("paid", 5))
        answers.bend = lambda asked, _params, result: value if asked == method else result

        with pytest.raises(ChainUnavailable):
            read(reader)

    @pytest.mark.parametrize("value", [None, [], {"value": None}, {"value": []}, {"value": ["failed"]}])
    def test_nonsense_about_failure_is_no_failure(self, reader, answers, value):
        answers.bend = lambda method, _params, result: value if method == "getSignatureStatuses" else result

        with contextlib.suppress(ChainUnavailable):
            assert reader.has_failed(signature("paid")) is False

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_node_that_is_busy_is_asked_later(self, reader, node, status):
        node.raw = lambda _path, _body: (status, b'{"error":{"code":429,"message":"Too many requests"}}')

        with pytest.raises(ChainUnavailable):
            reader.block_at()

    def test_a_node_that_says_it_is_unhealthy_is_asked_later(self, reader, node):
        error = {"code": -32005, "message": "Node is behind by 42 slots", "data": {"numSlotsBehind": 42}}
        node.raw = lambda _path, body: (
            200,
            json.dumps({"jsonrpc": "2.0", "id": body["id"], "error": error}).encode(),
        )

        with pytest.raises(ChainUnavailable, match="behind by 42"):
            reader.block_at()

    def test_a_reply_that_ends_in_the_middle_is_none(self, reader, chain, node, answers):
        chain.pay(SLOT, sol("paid", 5))
        assert len(read(reader)) == 1
        node.raw = lambda path, body: (200, answers(path, body)[1][:-20])

        with pytest.raises(ChainUnavailable, match="did not answer with JSON"):
            read(reader)


def put(told, path, value):
    """Set what is at ``path``; the ellipsis takes it away."""
    *way, last = path
    for step in way:
        told = told[step]
    if value is ...:
        del told[last]
    else:
        told[last] = value
