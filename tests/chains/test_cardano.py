"""The Cardano reader against a small chain of the tests' own: which outputs count, and servers that are wrong."""

import json
from datetime import UTC, datetime

import pytest

from chains.addresses import is_valid_address
from chains.base import ChainUnavailable, Transfer
from chains.cardano import CardanoReader
from chains.endpoint import Limits
from chains.registry import build
from tests.chains.fake_node import FakeNode
from tests.chains.small_cardano import (
    BYRON,
    FIRST,
    OTHER_SHOP,
    PAYER,
    SHOP,
    TIME,
    SmallCardano,
    Tx,
    address,
    hash_of,
    output,
    pay,
    spent,
)
from tests.chains.watching import Watching

HASTY = Limits(connect_seconds=1, silence_seconds=1, total_seconds=2, reply_bytes=300_000, pause_milliseconds=1)
HEIGHT = FIRST + 10


@pytest.fixture
def chain():
    return SmallCardano()


@pytest.fixture
def node(chain):
    node = FakeNode(chain)
    yield node
    node.stop()


@pytest.fixture
def reader(node):
    return reader_of(node.url)


def reader_of(*urls, **given):
    network = next(n for n in build({"cardano": {"rpc_urls": list(urls), **given}}) if n.code == "cardano")
    return CardanoReader(network, limits=HASTY)


def read(reader, first=FIRST + 1, last=FIRST + 30, watchlist=None):
    return list(reader.transfers(first=first, last=last, watchlist=watchlist or Watching(SHOP)))


def units(transfers):
    return [transfer.units for transfer in transfers]


class TestWhatCounts:
    def test_an_output_to_an_issued_address(self, reader, chain):
        chain.add(HEIGHT, pay("paid", 12_345_678))

        assert read(reader) == [
            Transfer(
                network="cardano",
                asset="ADA",
                txid=hash_of("paid"),
                ordinal=0,
                sender=PAYER,
                recipient=SHOP,
                units=12_345_678,
                block=reader.block_at(HEIGHT),
                fee_units=170_000,
            )
        ]
        assert is_valid_address("cardano", SHOP)

    def test_each_output_counts_on_its_own_in_the_order_of_the_transaction(self, reader, chain):
        tx = pay("paid", 3, 2)
        tx.outputs.append(output(OTHER_SHOP, 7, 3))
        tx.outputs.reverse()  # servers may list them in any order
        chain.add(HEIGHT, tx)

        found = read(reader, watchlist=Watching(SHOP, OTHER_SHOP))
        assert [(each.recipient, each.ordinal, each.units) for each in found] == [
            (SHOP, 0, 3),
            (SHOP, 1, 2),
            (OTHER_SHOP, 0, 7),
        ]

    def test_tokens_in_the_same_output_change_nothing_about_the_coin(self, reader, chain):
        token = {"unit": "b0d07d45fe9514f80213f4020e5a61241458be626841cde717cb38a76e7574636f696e", "quantity": "12"}
        chain.add(HEIGHT, Tx("paid", [output(SHOP, 1_200_000, 0, tokens=[token])]))

        assert units(read(reader)) == [1_200_000]

    @pytest.mark.parametrize(
        "options",
        [{"data_hash": hash_of("datum")}, {"inline_datum": "19a6aa"}, {"reference_script_hash": "13" * 28}],
    )
    def test_what_is_attached_to_an_output_of_ours_does_not_matter(self, reader, chain, options):
        chain.add(HEIGHT, Tx("paid", [output(SHOP, 5, 0, **options)]))

        assert units(read(reader)) == [5]

    def test_change_that_comes_back_is_no_payment(self, reader, chain):
        chain.add(HEIGHT, Tx("sent", [output(PAYER, 5, 0), output(SHOP, 4, 1)], [spent(SHOP)]))

        assert read(reader) == []

    def test_what_was_only_looked_at_or_pledged_does_not_make_it_change(self, reader, chain):
        inputs = [spent(PAYER), spent(SHOP, reference=True), spent(SHOP, collateral=True)]
        chain.add(HEIGHT, Tx("paid", [output(SHOP, 4, 0)], inputs))

        (transfer,) = read(reader)
        assert (transfer.units, transfer.sender) == (4, PAYER)

    def test_when_the_script_succeeds_the_collateral_is_not_touched(self, reader, chain):
        outputs = [output(SHOP, 5, 0), output(SHOP, 4_000_000, 1, collateral=True)]
        chain.add(HEIGHT, Tx("paid", outputs, [spent(PAYER), spent(PAYER, collateral=True)]))

        assert units(read(reader)) == [5]

    def test_when_the_script_fails_only_the_change_of_the_collateral_is_sent(self, reader, chain):
        outputs = [output(SHOP, 5, 0), output(SHOP, 4_000_000, 1, collateral=True)]
        inputs = [spent(SHOP), spent(OTHER_SHOP, collateral=True)]
        chain.add(HEIGHT, Tx("failed", outputs, inputs, succeeded=False))

        (transfer,) = read(reader)
        assert (transfer.units, transfer.sender, transfer.ordinal) == (4_000_000, OTHER_SHOP, 0)

    def test_when_the_script_fails_nothing_is_paid(self, reader, chain):
        chain.add(HEIGHT, pay("failed", 5, succeeded=False, inputs=[spent(PAYER, collateral=True)]))

        assert read(reader) == []
        assert reader.has_failed(hash_of("failed")) is True

    def test_a_good_or_unknown_transaction_has_not_failed(self, reader, chain):
        chain.add(HEIGHT, pay("paid", 5))

        assert reader.has_failed(hash_of("paid")) is False
        assert reader.has_failed(hash_of("unknown")) is False
        chain.bend = lambda path, result: result and {**result, "valid_contract": None}
        assert reader.has_failed(hash_of("paid")) is False

    def test_addresses_of_the_first_era_are_nobodys(self, reader, chain):
        chain.add(HEIGHT, Tx("paid", [output(BYRON, 5, 0), output(SHOP, 6, 1)], [spent(BYRON)]))

        (transfer,) = read(reader)
        assert (transfer.units, transfer.sender) == (6, "")

    def test_an_address_with_another_staking_key_is_another_address(self, reader, chain):
        chain.add(HEIGHT, pay("paid", 5, to=address("shop, staked by a thief")))

        assert read(reader) == []

    def test_nothing_is_brought_by_nothing(self, reader, chain):
        chain.add(HEIGHT, pay("nothing", 0))

        assert read(reader) == []

    def test_the_largest_amount_is_exact(self, reader, chain):
        chain.add(HEIGHT, pay("paid", 45 * 10**15 - 1))

        assert units(read(reader)) == [44_999_999_999_999_999]

    def test_transfers_come_in_the_order_of_the_chain(self, reader, chain):
        for height in (HEIGHT + 3, HEIGHT):
            chain.add(height, *(pay(f"{height} {n}", n, to=[SHOP, OTHER_SHOP][n % 2]) for n in range(1, 6)))

        found = read(reader, watchlist=Watching(SHOP, OTHER_SHOP))

        assert [(each.block.height, each.units) for each in found] == [
            (height, n) for height in (HEIGHT, HEIGHT + 3) for n in range(1, 6)
        ]

    def test_only_the_range_is_told(self, reader, chain):
        for height in range(HEIGHT, HEIGHT + 6):
            chain.add(height, pay(f"paid in {height}", height))

        assert units(read(reader, HEIGHT + 1, HEIGHT + 4)) == list(range(HEIGHT + 1, HEIGHT + 5))
        assert units(read(reader, HEIGHT, HEIGHT)) == [HEIGHT]


class TestCompleteness:
    def test_a_block_with_many_addresses_is_read_page_by_page(self, reader, chain):
        many = [output(address(f"somebody {n}"), 5, n) for n in range(250)]
        chain.add(HEIGHT, Tx("crowd", many), pay("paid", 5))

        assert units(read(reader)) == [5]

    def test_nobody_is_missed_on_the_last_page(self, reader, chain):
        crowd = sorted(address(f"somebody {n}") for n in range(250))
        chain.add(HEIGHT, Tx("crowd", [output(each, 5, n) for n, each in enumerate(crowd)]))

        found = read(reader, watchlist=Watching(crowd[0], crowd[-1]))
        assert [each.recipient for each in found] == [crowd[0], crowd[-1]]

    def test_transactions_the_list_of_addresses_leaves_out_are_read_one_by_one(self, reader, chain):
        outputs = [output(SHOP, 4_000_000, 1, collateral=True)]
        inputs = [spent(PAYER, collateral=True)]
        chain.add(HEIGHT, pay("listed", 5), Tx("untold", outputs, inputs, succeeded=False, is_listed=False))
        chain.add(HEIGHT, pay("untold and paid", 7, is_listed=False))

        assert units(read(reader)) == [5, 4_000_000, 7]

    def test_a_server_without_the_list_of_addresses_is_read_all_the_same(self, reader, chain):
        chain.has_addresses = False
        chain.add(HEIGHT, *(pay(f"paid {n}", n, to=[SHOP, PAYER][n % 2]) for n in range(1, 6)))

        assert units(read(reader)) == [2, 4]

    def test_a_server_that_lists_too_little_is_not_believed(self, reader, chain):
        chain.add(HEIGHT, pay("listed", 5), pay("untold", 7, is_listed=False))
        chain.bend = lambda path, result: result[:1] if path.endswith("/txs") else result

        with pytest.raises(ChainUnavailable, match="are not those of the block"):
            read(reader)

    def test_a_server_that_lists_what_is_not_in_the_block_is_not_believed(self, reader, chain):
        chain.add(HEIGHT, pay("listed", 5))
        stranger = {"address": SHOP, "transactions": [{"tx_hash": hash_of("stranger")}]}
        chain.bend = lambda path, result: [*result, stranger] if path.endswith("/addresses") else result

        with pytest.raises(ChainUnavailable, match="are not those of the block"):
            read(reader)

    def test_empty_blocks_cost_no_question_and_a_hundred_come_at_once(self, reader, chain):
        assert read(reader) == []
        assert chain.paths == ["/genesis", f"/blocks/{FIRST + 1}", f"/blocks/{chain.hash(FIRST + 1)}/next"]

    def test_one_question_to_the_watchlist_for_many_blocks(self, reader, chain):
        for height in range(FIRST + 1, FIRST + 21):
            chain.add(height, pay(f"paid in {height}", 5, to=OTHER_SHOP))
        watchlist = Watching(SHOP)

        assert read(reader, last=FIRST + 20, watchlist=watchlist) == []
        assert watchlist.questions == [{OTHER_SHOP, PAYER}]
        assert not any(path.startswith("/txs") for path in chain.paths)


class TestBlocks:
    def test_a_block_is_told_with_its_parent(self, reader, chain):
        block = reader.block_at(HEIGHT)

        assert (block.height, block.hash, block.parent_hash) == (HEIGHT, chain.hash(HEIGHT), chain.hash(HEIGHT - 1))
        assert block.timestamp == datetime.fromtimestamp(TIME + 200, UTC)

    def test_the_tip(self, reader, chain):
        assert reader.block_at().height == chain.tip
        assert reader.finalized_height() is None
        assert list(reader.mempool(watchlist=Watching(SHOP))) == []

    def test_a_block_beyond_the_tip_is_unknown(self, reader, chain):
        with pytest.raises(ChainUnavailable, match="Not Found"):
            reader.block_at(chain.tip + 1)
        with pytest.raises(ChainUnavailable, match="has no block"):
            read(reader, last=chain.tip + 1)

    def test_a_rollback_shows_in_the_hashes(self, reader, chain):
        chain.add(HEIGHT, pay("paid", 5))
        before = reader.block_at(HEIGHT), reader.block_at(HEIGHT - 1)

        chain.roll_back(HEIGHT)

        assert reader.block_at(HEIGHT).hash != before[0].hash
        assert reader.block_at(HEIGHT - 1) == before[1]
        assert read(reader) == []

    @pytest.mark.parametrize("moment", ["/next", "/addresses", "/utxos"])
    def test_a_rollback_while_reading_credits_nothing(self, reader, chain, moment):
        chain.add(HEIGHT, pay("paid", 5))

        def bend(path, result):
            if path.endswith(moment) and not chain.branch:
                chain.roll_back(HEIGHT - 2)
            return result

        chain.bend = bend

        found = []
        try:
            found = read(reader)
        except ChainUnavailable:
            return
        # Nothing is asked after the outputs: that the block is gone shows in the hash of the range's end.
        assert moment == "/utxos"
        assert found[0].block.hash != reader.block_at(HEIGHT).hash


class TestWrongServers:
    @pytest.mark.parametrize("magic", [1, 2, None, "764824073", True])
    def test_a_server_on_another_network_is_not_believed(self, reader, chain, magic):
        chain.magic = magic

        with pytest.raises(ChainUnavailable, match="is on another network than Cardano"):
            reader.block_at()

    def test_true_is_no_number_of_a_test_network(self, node, chain):
        chain.magic = True

        with pytest.raises(ChainUnavailable, match="is on another network than Cardano Preprod"):
            reader_of(node.url, network="testnet").block_at()

    def test_the_next_server_is_asked_when_one_is_on_another_network(self, node, chain):
        other = SmallCardano()
        other.magic = 1
        wrong = FakeNode(other)
        chain.add(HEIGHT, pay("paid", 5))

        assert units(read(reader_of(wrong.url, node.url))) == [5]
        wrong.stop()

    def test_the_project_is_named_in_a_header_and_the_path_of_the_url_kept(self, node, chain):
        chain.add(HEIGHT, pay("paid", 5))
        honest = chain.__call__
        node.answer = lambda path, body: honest(path.removeprefix("/api/v0"), body)

        reader = reader_of(f"{node.url}/api/v0/", options={"api_key": "mainnetSecret"})

        assert units(read(reader)) == [5]
        assert {headers["project_id"] for headers in node.headers} == {"mainnetSecret"}
        assert all(path.startswith("/api/v0/") for path, _ in node.requests)
        assert "Secret" not in reader.source

    @pytest.mark.parametrize(
        ("path", "field", "value"),
        [
            ("", "height", str(HEIGHT)),
            ("", "height", HEIGHT + 1),
            ("", "height", None),
            ("", "hash", "12ab"),
            ("", "previous_block", None),
            ("", "previous_block", 5),
            ("", "time", "1750000000"),
            ("", "time", 2**60),
            ("", "tx_count", None),
            ("", "tx_count", -1),
            ("", "tx_count", "1"),
        ],
    )
    def test_a_block_in_another_shape_is_not_read(self, reader, chain, path, field, value):
        chain.add(HEIGHT, pay("paid", 5))
        del path
        chain.bend = lambda asked, result: (
            {**result, field: value} if asked == f"/blocks/{HEIGHT}" and isinstance(result, dict) else result
        )

        with pytest.raises(ChainUnavailable):
            read(reader, HEIGHT, HEIGHT)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("hash", hash_of("another")),
            ("hash", None),
            ("block", hash_of("another block")),
            ("block", None),
            ("index", "0"),
            ("index", None),
            ("fees", 170000),
            ("fees", None),
            ("valid_contract", None),
            ("valid_contract", "true"),
            ("valid_contract", 1),
        ],
    )
    def test_a_transaction_in_another_shape_is_not_read(self, reader, chain, field, value):
        chain.add(HEIGHT, pay("paid", 5))
        chain.bend = lambda path, result: {**result, field: value} if path == f"/txs/{hash_of('paid')}" else result

        with pytest.raises(ChainUnavailable):
            read(reader)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("amount", None),
            ("amount", []),
            ("amount", "5"),
            ("amount", [{"unit": "lovelace", "quantity": 5}]),
            ("amount", [{"unit": "lovelace", "quantity": "-5"}]),
            ("amount", [{"unit": "lovelace", "quantity": "5.0"}]),
            ("amount", [{"unit": "lovelace", "quantity": "٥"}]),
            ("amount", [{"unit": "lovelace", "quantity": "1" + "0" * 17}]),
            ("amount", [{"unit": "lovelace", "quantity": "5"}, {"unit": "lovelace", "quantity": "5"}]),
            ("amount", [{"unit": "Lovelace", "quantity": "5"}]),
            ("collateral", None),
            ("collateral", "false"),
            ("output_index", None),
            ("output_index", 1),  # as the one after it
        ],
    )
    def test_an_output_in_another_shape_is_not_read(self, reader, chain, field, value):
        tx = pay("paid", 5)
        tx.outputs[0][field] = value
        chain.add(HEIGHT, tx)

        with pytest.raises(ChainUnavailable):
            read(reader)

    def test_outputs_of_another_transaction_are_not_taken(self, reader, chain):
        chain.add(HEIGHT, pay("paid", 5))
        chain.bend = lambda path, result: {**result, "hash": hash_of("another")} if path.endswith("/utxos") else result

        with pytest.raises(ChainUnavailable, match="another transaction"):
            read(reader)

    def test_one_thing_has_one_name_however_it_is_written(self, reader, chain):
        chain.add(HEIGHT, pay("listed", 5), pay("untold", 6, is_listed=False))
        honest = read(reader)

        def bend(path, result):
            if path == "/genesis" or result is None:
                return result
            text = json.dumps(result)
            for name in (hash_of("listed"), hash_of("untold"), *map(chain.hash, range(FIRST, FIRST + 41))):
                text = text.replace(name, name.upper())
            return json.loads(text)

        chain.bend = bend

        assert read(reader) == honest
        assert len(honest) == 2

    @pytest.mark.parametrize("text", ["addr1\u0000", "a" * 5000, "", None, 5, SHOP.upper(), SHOP + " "])
    def test_an_address_in_another_shape_is_nobodys(self, reader, chain, text):
        tx = pay("paid", 5)
        tx.outputs[1]["address"] = text
        tx.inputs[0]["address"] = text
        tx.is_listed = False
        chain.add(HEIGHT, tx)
        watchlist = Watching(SHOP)

        (transfer,) = read(reader, watchlist=watchlist)
        assert (transfer.units, transfer.sender) == (5, "")
        assert watchlist.questions == [{SHOP}]

    @pytest.mark.parametrize("value", [{}, [None], [{}], [{"address": SHOP}], [{"address": SHOP, "transactions": [5]}]])
    @pytest.mark.parametrize("path", ["/addresses", "/txs", "/next", "/utxos"])
    def test_lists_in_another_shape_are_not_read(self, reader, chain, path, value):
        chain.add(HEIGHT, pay("paid", 5, is_listed=False))
        chain.bend = lambda asked, result: value if asked.endswith(path) else result

        with pytest.raises(ChainUnavailable):
            read(reader)

    def test_a_server_that_goes_in_circles_is_left(self, reader, chain):
        chain.bend = lambda path, result: [chain.header(FIRST + 1)] if path.endswith("/next") else result

        with pytest.raises(ChainUnavailable, match="instead of"):
            read(reader)

    def test_blocks_that_do_not_follow_each_other_are_not_read(self, reader, chain):
        def bend(path, result):
            if path.endswith("/next"):
                result[3]["previous_block"] = hash_of("another")
            return result

        chain.bend = bend

        with pytest.raises(ChainUnavailable, match="does not follow"):
            read(reader)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (402, b'{"status_code":402,"error":"Project Over Limit","message":"Usage is over limit."}'),
            (403, b'{"status_code":403,"error":"Forbidden","message":"Invalid project token."}'),
            (418, b'{"status_code":418,"error":"Requested Banned","message":"IP has been auto-banned"}'),
            (429, b'{"status_code":429,"error":"Project Over Limit","message":"Usage is over limit."}'),
            (500, b'{"status_code":500,"error":"Internal Server Error","message":"oops"}'),
            (200, b"<html></html>"),
            (200, b"null"),
            (200, b"[]"),
        ],
    )
    def test_nonsense_and_limits_make_the_chain_unavailable(self, reader, node, status, body):
        node.raw = lambda _path, _body: (status, body)

        with pytest.raises(ChainUnavailable):
            reader.block_at()
        with pytest.raises(ChainUnavailable):
            read(reader)

    def test_a_limit_that_is_reached_meanwhile_credits_nothing_and_loses_nothing(self, reader, chain, node):
        chain.add(HEIGHT, pay("paid", 5))
        honest = chain.__call__
        limit = json.dumps({"status_code": 402, "error": "Project Over Limit"}).encode()
        node.raw = lambda path, body: (402, limit) if "/addresses" in path or "/txs" in path else honest(path, body)

        with pytest.raises(ChainUnavailable):
            read(reader)

    def test_a_reply_that_ends_in_the_middle_is_none(self, reader, chain, node):
        chain.add(HEIGHT, pay("paid", 5))
        assert len(read(reader)) == 1
        node.raw = lambda path, body: (200, chain(path, body)[1][:-20])

        with pytest.raises(ChainUnavailable, match="did not answer with JSON"):
            read(reader)
