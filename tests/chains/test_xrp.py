"""The XRP reader against a small ledger of the tests' own: what counts as paid, and servers that are wrong."""

import json
from datetime import UTC, datetime

import pytest

from chains.base import ChainUnavailable, Transfer
from chains.endpoint import Limits
from chains.registry import build
from chains.xrp import Rippled, XrpReader
from tests.chains.fake_node import FakeNode
from tests.chains.small_xrp import (
    CLOSED,
    FIRST,
    OTHER_SHOP,
    PAYER,
    SHOP,
    USD,
    SmallXrp,
    Tx,
    account,
    account_root,
    hash_of,
    payment,
    refusal,
    removed,
)
from tests.chains.watching import Watching

HASTY = Limits(connect_seconds=1, silence_seconds=1, total_seconds=2, reply_bytes=300_000, pause_milliseconds=1)
INDEX = FIRST + 10


@pytest.fixture
def chain():
    return SmallXrp()


@pytest.fixture
def node(chain):
    node = FakeNode(chain)
    yield node
    node.stop()


@pytest.fixture
def reader(node):
    return reader_of(node.url)


def reader_of(*urls, **given):
    network = next(n for n in build({"xrp": {"rpc_urls": list(urls), **given}}) if n.code == "xrp")
    return XrpReader(network, rpc=Rippled(network, limits=HASTY))


def read(reader, first=FIRST, last=FIRST + 30, watchlist=None):
    return list(reader.transfers(first=first, last=last, watchlist=watchlist or Watching(SHOP)))


def brief(transfers):
    return [(transfer.units, transfer.tag) for transfer in transfers]


class TestWhatCounts:
    def test_a_payment_with_a_destination_tag(self, reader, chain):
        chain.pay(INDEX, payment("paid", "75596347", tag=905312))

        assert read(reader) == [
            Transfer(
                network="xrp",
                asset="XRP",
                txid=hash_of("paid"),
                ordinal=0,
                sender=PAYER,
                recipient=SHOP,
                units=75_596_347,
                block=reader.block_at(INDEX),
                tag="905312",
                fee_units=12,
            )
        ]

    @pytest.mark.parametrize(("tag", "text"), [(None, ""), (0, "0"), (1, "1"), (2**32 - 1, "4294967295")])
    def test_no_tag_and_tag_zero_are_two_things(self, reader, chain, tag, text):
        chain.pay(INDEX, payment("paid", "5", tag=tag))

        assert brief(read(reader)) == [(5, text)]

    def test_a_partial_payment_counts_as_what_was_delivered(self, reader, chain):
        chain.pay(INDEX, payment("exploit", "1000000000000", delivered="1", tag=7))

        assert brief(read(reader)) == [(1, "7")]

    @pytest.mark.parametrize("delivered", ["unavailable", None, USD, "", "0", "1.5", "-5", "5e9", "٥", 5, True, []])
    def test_what_is_not_said_to_be_delivered_in_xrp_is_not_credited(self, reader, chain, delivered):
        tx = payment("paid", "5000000")
        tx.delivered = delivered
        chain.pay(INDEX, tx)

        assert read(reader) == []

    def test_more_than_all_xrp_is_nonsense(self, reader, chain):
        chain.pay(INDEX, payment("paid", "1" + "0" * 18))

        with pytest.raises(ChainUnavailable):
            read(reader)

    def test_what_issuers_owe_is_no_xrp(self, reader, chain):
        chain.pay(INDEX, payment("dollars", USD))

        assert read(reader) == []

    @pytest.mark.parametrize("result", ["tecPATH_DRY", "tecUNFUNDED_PAYMENT", "tecDST_TAG_NEEDED", "", None])
    def test_only_success_counts(self, reader, chain, result):
        chain.pay(INDEX, payment("failed", "5", result=result))

        assert read(reader) == []

    def test_what_the_shop_sends_is_no_payment(self, reader, chain):
        chain.pay(INDEX, payment("sent", "5", to=PAYER, sender=SHOP, concerns=(SHOP, PAYER)))
        chain.pay(INDEX, payment("to itself", "5", sender=SHOP))

        assert read(reader) == []

    def test_a_payment_to_somebody_else_that_goes_through_the_shop_is_none(self, reader, chain):
        chain.pay(INDEX, payment("passed on", "5", to=OTHER_SHOP, concerns=(SHOP, OTHER_SHOP, PAYER)))

        assert read(reader) == []

    def test_the_rest_of_a_deleted_account_counts(self, reader, chain):
        chain.pay(
            INDEX, Tx("deleted", "AccountDelete", {"Destination": SHOP, "DestinationTag": 7}, delivered="1800000")
        )

        assert brief(read(reader)) == [(1_800_000, "7")]

    def test_a_cashed_check_counts_with_the_tag_of_the_check(self, reader, chain):
        check = removed("Check", Account=PAYER, Destination=SHOP, DestinationTag=7, SendMax="100")
        chain.pay(
            INDEX,
            Tx("cashed", "CheckCash", {"Amount": "90"}, delivered="90", nodes=[account_root(), check], sender=SHOP),
            Tx("for dollars", "CheckCash", {"Amount": USD}, delivered=USD, nodes=[check], sender=SHOP),
            Tx("without a check", "CheckCash", {"Amount": "90"}, delivered="90", sender=SHOP),
        )

        (transfer,) = read(reader)
        assert (transfer.units, transfer.tag, transfer.sender, transfer.recipient) == (90, "7", PAYER, SHOP)

    def test_a_check_that_stays_was_not_cashed(self, reader, chain):
        final = {"Account": PAYER, "Destination": SHOP}
        kept = {"ModifiedNode": {"LedgerEntryType": "Check", "FinalFields": final}}
        made = {"CreatedNode": {"LedgerEntryType": "Check", "NewFields": final}}
        chain.pay(INDEX, Tx("kept", "CheckCash", delivered="90", nodes=[kept, made], sender=SHOP))

        assert read(reader) == []

    def test_a_finished_escrow_counts_whoever_finished_it(self, reader, chain):
        escrow = removed("Escrow", Account=PAYER, Destination=SHOP, DestinationTag=7, Amount="10000")
        tokens = removed("Escrow", Account=PAYER, Destination=SHOP, Amount=USD)
        chain.pay(
            INDEX,
            Tx(
                "finished",
                "EscrowFinish",
                {"Owner": PAYER},
                nodes=[account_root(), escrow],
                sender=account("passer-by"),
            ),
            Tx("tokens", "EscrowFinish", {"Owner": PAYER}, nodes=[tokens], sender=account("passer-by")),
            Tx("cancelled", "EscrowCancel", {"Owner": PAYER}, nodes=[escrow], sender=account("passer-by")),
        )

        (transfer,) = read(reader)
        assert (transfer.units, transfer.tag, transfer.sender, transfer.txid) == (
            10_000,
            "7",
            PAYER,
            hash_of("finished"),
        )

    def test_a_claim_on_a_channel_counts_as_what_was_claimed(self, reader, chain):
        final = {"Account": PAYER, "Destination": SHOP, "DestinationTag": 7, "Amount": "9000", "Balance": "700"}
        changed = {
            "ModifiedNode": {
                "LedgerEntryType": "PayChannel",
                "FinalFields": final,
                "PreviousFields": {"Balance": "500"},
            }
        }
        renewed = {"ModifiedNode": {"LedgerEntryType": "PayChannel", "FinalFields": final, "PreviousFields": {}}}
        chain.pay(
            INDEX,
            Tx("claimed", "PaymentChannelClaim", nodes=[changed]),
            Tx("renewed", "PaymentChannelClaim", nodes=[renewed]),
        )

        assert brief(read(reader)) == [(200, "7")]

    def test_the_shops_own_trades_are_no_payments(self, reader, chain):
        chain.pay(INDEX, Tx("sold", "OfferCreate", {"TakerPays": "5"}, delivered="5", nodes=[account_root()]))

        assert read(reader) == []

    def test_the_second_version_of_the_interface_is_read_as_well(self, reader, chain):
        chain.second_version = True
        chain.pay(INDEX, payment("paid", "5", tag=7))

        assert [(each.units, each.tag, each.txid) for each in read(reader)] == [(5, "7", hash_of("paid"))]

    def test_one_transaction_has_one_name_however_it_is_written(self, reader, chain):
        chain.pay(INDEX, payment("paid", "5"))
        honest = read(reader)
        chain.bend = lambda _method, _fields, result: json.loads(
            json.dumps(result).replace(hash_of("paid"), hash_of("paid").lower())
        )

        assert read(reader) == honest

    def test_transfers_come_in_the_order_of_the_chain(self, reader, chain):
        for index in (INDEX + 3, INDEX):
            chain.pay(index, *(payment(f"{index} {n}", str(n), to=[SHOP, OTHER_SHOP][n % 2]) for n in range(1, 6)))

        found = read(reader, watchlist=Watching(SHOP, OTHER_SHOP))

        assert [(each.block.height, each.units) for each in found] == [
            (index, n) for index in (INDEX, INDEX + 3) for n in range(1, 6)
        ]

    def test_only_the_range_is_told(self, reader, chain):
        for index in (INDEX, INDEX + 1, INDEX + 5, INDEX + 6):
            chain.pay(index, payment(f"paid in {index}", str(index)))

        assert [each.units for each in read(reader, INDEX + 1, INDEX + 5)] == [INDEX + 1, INDEX + 5]

    @pytest.mark.parametrize("page", [1, 3, 200])
    def test_long_histories_are_read_page_by_page(self, reader, chain, page):
        chain.page = page
        chain.pay(INDEX, *(payment(f"paid {n}", str(n)) for n in range(1, 8)))

        assert [each.units for each in read(reader)] == [1, 2, 3, 4, 5, 6, 7]

    def test_an_account_that_was_never_funded_has_no_history(self, reader, chain):
        assert read(reader, watchlist=Watching(account("new"))) == []
        chain.bend = lambda method, _fields, result: (
            refusal("actNotFound", "Account not found.") if method == "account_tx" else result
        )
        assert read(reader) == []


class TestLedgers:
    def test_a_ledger_is_a_block(self, reader):
        block = reader.block_at(INDEX)

        assert (block.height, block.hash, block.parent_hash) == (
            INDEX,
            hash_of(f"ledger {INDEX}"),
            reader.block_at(INDEX - 1).hash,
        )
        assert block.timestamp == datetime.fromtimestamp(946_684_800 + CLOSED + 40, UTC)
        assert block.timestamp.year == 2025

    def test_what_can_be_seen_is_final(self, reader, chain):
        assert reader.block_at().height == reader.finalized_height() == chain.tip
        assert list(reader.mempool(watchlist=Watching(SHOP))) == []

    def test_only_validated_ledgers_are_asked_for(self, reader, chain):
        reader.block_at()

        assert [fields["ledger_index"] for method, fields in chain.requests if method == "ledger"] == ["validated"]

    def test_a_failure_is_one(self, reader, chain):
        chain.pay(INDEX, payment("good", "5"), payment("failed", "5", result="tecPATH_DRY"))

        names = ("good", "failed", "unknown")
        assert [reader.has_failed(hash_of(name)) for name in names] == [False, True, False]
        assert reader.has_failed("nonsense") is False
        chain.bend = lambda _method, _fields, result: result | {"validated": False}
        assert reader.has_failed(hash_of("failed")) is False


class TestWrongServers:
    @pytest.mark.parametrize("network_id", [1, 21337, "0", False, -1])
    def test_a_server_on_another_network_is_not_believed(self, reader, chain, network_id):
        chain.network_id = network_id

        with pytest.raises(ChainUnavailable, match="is on another network than XRP Ledger"):
            reader.block_at()

    def test_a_server_that_does_not_know_its_network_is_known_by_its_oldest_ledger(self, node, chain):
        chain.network_id = None

        with pytest.raises(ChainUnavailable, match="does not say that it is on XRP Ledger"):
            reader_of(node.url).block_at()

        chain.oldest = 0  # it has a ledger of that index, but another one
        with pytest.raises(ChainUnavailable, match="does not say that it is on XRP Ledger"):
            reader_of(node.url).block_at()

        chain.has_landmark = True
        assert reader_of(node.url).block_at().height == chain.tip
        with pytest.raises(ChainUnavailable, match="does not say that it is on XRP Ledger Testnet"):
            reader_of(node.url, network="testnet").block_at()
        with pytest.raises(ChainUnavailable, match="does not say"):
            reader_of(node.url, chain_id=21337).block_at()

    def test_a_chain_beside_the_main_one_is_known_by_its_number(self, node, chain):
        chain.network_id = 21337

        assert reader_of(node.url, chain_id=21337).block_at().height == chain.tip

    def test_the_next_server_is_asked_when_one_is_on_another_network(self, node, chain):
        other = SmallXrp()
        other.network_id = 1
        wrong = FakeNode(other)
        chain.pay(INDEX, payment("paid", "5"))

        assert brief(read(reader_of(wrong.url, node.url))) == [(5, "")]
        wrong.stop()

    @pytest.mark.parametrize(("oldest", "tip"), [(FIRST + 1, FIRST + 40), (FIRST, FIRST + 29)])
    def test_a_server_that_searched_only_some_of_the_ledgers_is_passed_over(self, node, chain, oldest, tip):
        chain.pay(INDEX, payment("paid", "5"))
        partial = SmallXrp()
        partial.oldest, partial.tip = oldest, tip
        wrong = FakeNode(partial)

        assert brief(read(reader_of(wrong.url, node.url))) == [(5, "")]
        with pytest.raises(ChainUnavailable, match="has only the ledgers"):
            read(reader_of(wrong.url))
        wrong.stop()

    def test_a_ledger_that_is_not_validated_is_none(self, reader, chain):
        chain.bend = lambda method, _fields, result: result | {"validated": False} if method == "ledger" else result

        with pytest.raises(ChainUnavailable, match="not validated"):
            reader.block_at()

    def test_another_ledger_than_was_asked_for_is_not_taken(self, reader, chain):
        def bend(method, _fields, result):
            if method == "ledger":
                result["ledger_index"] = result["ledger"]["ledger_index"] = INDEX + 1
            return result

        chain.bend = bend

        with pytest.raises(ChainUnavailable, match="instead of"):
            reader.block_at(INDEX)

    def test_a_server_that_lists_other_ledgers_is_not_believed(self, reader, chain):
        chain.pay(INDEX, payment("paid", "5"))
        elsewhere = payment("paid", "5").told(INDEX, 0)
        chain.bend = lambda method, _fields, result: (
            result | {"transactions": [elsewhere]} if method == "account_tx" else result
        )

        with pytest.raises(ChainUnavailable, match="was not asked for"):
            read(reader, first=INDEX + 1)

    def test_a_transaction_that_is_not_in_the_ledger_changes_nothing(self, reader, chain):
        chain.pay(INDEX, payment("paid", "5"))

        def bend(method, _fields, result):
            if method == "ledger" and "transactions" in result["ledger"]:
                result["ledger"]["transactions"] = [hash_of("another")]
            return result

        chain.bend = bend

        with pytest.raises(ChainUnavailable, match="lacks a transaction"):
            read(reader)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("validated",), False),
            (("validated",), ...),
            (("tx",), None),
            (("tx",), ...),
            (("tx",), "12AB"),
            (("meta",), "12AB"),
            (("meta",), ...),
            (("meta", "TransactionIndex"), "0"),
            (("meta", "TransactionIndex"), ...),
            (("tx", "ledger_index"), FIRST - 1),
            (("tx", "ledger_index"), FIRST + 31),
            (("tx", "ledger_index"), str(INDEX)),
            (("tx", "hash"), "12AB"),
            (("tx", "hash"), None),
            (("tx", "Account"), "rNobody\u0000"),
            (("tx", "Account"), 5),
            (("tx", "Destination"), SHOP[:-1]),
            (("tx", "DestinationTag"), -1),
            (("tx", "DestinationTag"), 2**32),
            (("tx", "DestinationTag"), "7"),
            (("tx", "DestinationTag"), True),
            (("tx", "Fee"), 12),
            (("tx", "Fee"), None),
        ],
    )
    def test_a_transaction_in_another_shape_is_not_read(self, reader, chain, path, value):
        chain.pay(INDEX, payment("paid", "5", tag=7))

        def bend(method, _fields, result):
            if method == "account_tx":
                put(result["transactions"][0], path, value)
            return result

        chain.bend = bend

        with pytest.raises(ChainUnavailable):
            read(reader)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("account", PAYER),
            ("account", ...),
            ("validated", False),
            ("validated", ...),
            ("ledger_index_min", ...),
            ("ledger_index_max", ...),
            ("ledger_index_max", "95000030"),
            ("transactions", None),
            ("transactions", {}),
            ("transactions", [None]),
            ("transactions", ...),
            ("marker", {"ledger": 1.5}),
            ("marker", [1]),
            ("marker", {"ledger": {"seq": 1}}),
            ("marker", "always the same"),
            ("status", "pending"),
            ("error", "noPermission"),
        ],
    )
    def test_a_history_in_another_shape_is_not_read(self, reader, chain, field, value):
        chain.pay(INDEX, payment("paid", "5"))
        chain.account_tx_honest = chain.account_tx
        chain.account_tx = lambda fields: chain.account_tx_honest(
            {name: given for name, given in fields.items() if name != "marker"}
        )

        def bend(method, _fields, result):
            if method == "account_tx":
                put(result, (field,), value)
            return result

        chain.bend = bend

        with pytest.raises(ChainUnavailable):
            read(reader)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("ledger_hash", "12AB"),
            ("ledger_hash", None),
            ("parent_hash", 5),
            ("close_time", "799000000"),
            ("close_time", -1),
            ("close_time", None),
            ("ledger_index", "5"),
        ],
    )
    def test_a_ledger_in_another_shape_is_not_read(self, reader, chain, field, value):
        def bend(method, _fields, result):
            if method == "ledger":
                result["ledger"][field] = value
            return result

        chain.bend = bend

        with pytest.raises(ChainUnavailable):
            reader.block_at(INDEX)

    @pytest.mark.parametrize(
        "nodes", [None, {}, [None], [{"DeletedNode": None}], [{"DeletedNode": {"LedgerEntryType": "Check"}}]]
    )
    def test_changes_in_another_shape_are_not_read(self, reader, chain, nodes):
        chain.pay(INDEX, Tx("cashed", "CheckCash", delivered="90", nodes=nodes, sender=SHOP))

        with pytest.raises(ChainUnavailable):
            read(reader)

    def test_two_checks_in_one_transaction_are_nonsense(self, reader, chain):
        check = removed("Check", Account=PAYER, DestinationTag=7)
        chain.pay(INDEX, Tx("cashed", "CheckCash", delivered="90", nodes=[check, check], sender=SHOP))

        with pytest.raises(ChainUnavailable, match="more than one Check"):
            read(reader)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, b"{}"),
            (200, b"[]"),
            (200, b'{"result":null}'),
            (200, b'{"result":{}}'),
            (200, b'{"result":{"status":"success"}}'),
            (200, b'{"result":{"status":"error","error":"slowDown","error_message":"You are placing too much load"}}'),
            (200, b'{"result":{"status":"error","error":"noNetwork"}}'),
            (200, b"not json"),
            (429, b""),
            (503, b"Server is overloaded"),
        ],
    )
    def test_nonsense_and_overload_make_the_ledger_unavailable(self, reader, node, status, body):
        node.raw = lambda _path, _body: (status, body)

        with pytest.raises(ChainUnavailable):
            reader.block_at()

    def test_a_reply_that_ends_in_the_middle_is_none(self, reader, chain, node):
        chain.pay(INDEX, payment("paid", "5"))
        assert len(read(reader)) == 1
        node.raw = lambda path, body: (200, chain(path, body)[1][:-20])

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
