"""The TRON reader on replies in the shape java-tron gives them; there is no TRON node that runs on a test machine."""

import copy
import json
from datetime import UTC, datetime

import pytest

from chains.base import ChainUnavailable, Ends, Transfer
from chains.catalogue import NETWORKS
from chains.codecs import parse_tron_address
from chains.registry import build
from chains.tron import TronReader
from tests.chains.fake_node import TRANSFER, FakeNode, RpcAnswers, RpcError, topic
from tests.chains.watching import Watching

CHAIN_ID = NETWORKS["tron"].sides["mainnet"].chain_id
USDT = parse_tron_address("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
SHOP = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"
SHOP_HEX, PAYER_HEX = parse_tron_address(SHOP), "f7691c8bb4e3ac64b1c33dd01e1b1f3a1b4d4a10"
TRX_TX, USDT_TX, FAILED_TX, BATCH_TX = (f"{number:064x}" for number in (1, 2, 3, 4))
TIP = 66987575


def block_id(height: int, branch: int = 0) -> str:
    """A TRON block id begins with the height."""
    return f"{height:016x}" + f"{branch:02x}" * 24


def transaction(txid: str, kind: str, value: dict, result: str | None = "SUCCESS") -> dict:
    """Return a transaction as /wallet/getblockbynum has it."""
    return {
        "ret": [{"contractRet": result}] if result else [{}],
        "signature": ["aa5f69"],
        "txID": txid,
        "raw_data": {
            "contract": [
                {"parameter": {"value": value, "type_url": f"type.googleapis.com/protocol.{kind}"}, "type": kind}
            ],
            "ref_block_bytes": "0bc9",
            "expiration": 1653443076000,
            "timestamp": 1653443018811,
        },
        "raw_data_hex": "0a020bc9",
    }


def trx(txid: str, units: int, result: str | None = "SUCCESS", to: str = "") -> dict:
    value = {"amount": units, "owner_address": "41" + PAYER_HEX, "to_address": "41" + (to or SHOP_HEX)}
    return transaction(txid, "TransferContract", value, result)


def usdt_call(txid: str, units: int, result: str = "SUCCESS", selector: str = "a9059cbb") -> dict:
    value = {
        "data": selector + SHOP_HEX.rjust(64, "0") + f"{units:064x}",
        "owner_address": "41" + PAYER_HEX,
        "contract_address": "41" + USDT,
    }
    return transaction(txid, "TriggerSmartContract", value, result)


class SmallTron:
    """Blocks up to TIP. In the block before the tip SHOP gets 1 TRX, 16.49 USDT and twice 5 USDT from a contract."""

    def __init__(self) -> None:
        self.paid = TIP - 1
        self.transactions = {
            self.paid: [
                transaction("f" * 64, "VoteWitnessContract", {"owner_address": "41" + PAYER_HEX}),
                trx(TRX_TX, 1_000_000),
                usdt_call(USDT_TX, 16_490_000),
                trx(FAILED_TX, 5, "OUT_OF_ENERGY"),
                usdt_call(BATCH_TX, 0, selector="12345678"),
            ]
        }
        self.logs = [
            self.log(USDT_TX, 2, 0, 16_490_000),
            self.log(BATCH_TX, 4, 1, 5_000_000),
            self.log(BATCH_TX, 4, 2, 5_000_000),
        ]
        self.logged = copy.deepcopy(self.logs)  # as receipts have it, whatever the index has
        self.rpc = RpcAnswers(self.methods)
        self.chain_id = CHAIN_ID
        self.genesis = "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc"
        self.solid = TIP - 18
        self.infos: dict[str, dict] = {FAILED_TX: {"id": FAILED_TX, "fee": 345000, "result": "FAILED"}}

    def log(self, txid: str, transaction: int, index: int, units: int) -> dict:
        return {
            "logIndex": hex(index),
            "transactionIndex": hex(transaction),
            "transactionHash": "0x" + txid,
            "blockHash": "0x" + block_id(self.paid),
            "blockNumber": hex(self.paid),
            "address": "0x" + USDT,
            "data": f"0x{units:064x}",
            "topics": [TRANSFER, topic(PAYER_HEX), topic(SHOP_HEX)],
            "removed": False,
        }

    def __call__(self, path: str, body: dict) -> tuple[int, bytes]:
        if path.endswith("/jsonrpc"):
            return self.rpc(path, body)
        return 200, json.dumps(self.api(path, body)).encode()

    def api(self, path: str, body: dict) -> dict:
        if path == "/wallet/getblock":
            height = int(body.get("id_or_num", TIP))
            return self.header(height) if height <= TIP else {}
        if path == "/walletsolidity/getblock":
            return self.header(self.solid)
        if path == "/wallet/getblockbynum":
            found = self.header(body["num"]) if body["num"] <= TIP else {}
            return found | {"transactions": t} if (t := self.transactions.get(body["num"])) else found
        if path == "/wallet/gettransactioninfobyid":
            return self.infos.get(body["value"]) or self.info(body["value"])
        raise AssertionError(path)

    def info(self, txid: str) -> dict:
        for height, transactions in self.transactions.items():
            if txid in {item["txID"] for item in transactions}:
                info = {"id": txid, "fee": 345000, "blockNumber": height, "receipt": {"net_usage": 345}}
                return info | ({"log": logs} if (logs := self.logs_of(txid)) else {})
        return {}

    def logs_of(self, txid: str) -> list[dict]:
        """Return the logs of a transaction as its receipt has them: without prefixes."""
        of_it = [each for each in self.logged if each["transactionHash"] == "0x" + txid]
        return [
            {"address": each["address"][2:], "data": each["data"][2:], "topics": [word[2:] for word in each["topics"]]}
            for each in of_it
        ]

    def header(self, height: int) -> dict:
        if height == 0:
            raw = {"txTrieRoot": "00", "parentHash": "e58f33f9baf9305dc6f82b9f1934ea8f0ade2defb951258d50167028c780351f"}
            return {"blockID": self.genesis, "block_header": {"raw_data": raw}}
        raw = {
            "number": height,
            "txTrieRoot": "faf8fe3858339ead25cc892461c82a59b84dca4a51c45b026676bf3f45a352a2",
            "witness_address": "41b2f713d57dbcec679d93a8849fa0cd0e4db594ba",
            "parentHash": block_id(height - 1),
            "version": 34,
            "timestamp": 1777445121000 + 3000 * (height - TIP),
        }
        return {"blockID": block_id(height), "block_header": {"raw_data": raw, "witness_signature": "5b3c"}}

    def methods(self, method: str, params: list) -> object:
        if method == "eth_chainId":
            return hex(self.chain_id)
        assert method == "eth_getLogs"
        assert params[0]["address"] == ["0x" + USDT]
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        return [found for found in self.logs if first <= int(found["blockNumber"], 16) <= last]


@pytest.fixture
def chain():
    return SmallTron()


@pytest.fixture
def node(chain):
    node = FakeNode(chain)
    yield node
    node.stop()


@pytest.fixture
def reader(node):
    return reader_of(node.url)


def reader_of(*urls, **options):
    networks = build({"tron": {"rpc_urls": list(urls), "options": options}})
    return TronReader(next(network for network in networks if network.code == "tron"))


def read(reader, first=TIP - 5, last=TIP, watchlist=None):
    return list(reader.transfers(first=first, last=last, watchlist=watchlist or Watching(SHOP)))


class TestReading:
    def test_blocks_are_told_as_they_are(self, reader):
        block = reader.block_at(TIP - 1)

        assert block == reader.block_at(block.height)
        assert (block.hash, block.parent_hash) == (block_id(TIP - 1), block_id(TIP - 2))
        assert block.timestamp == datetime.fromtimestamp(1777445118, UTC)
        assert reader.block_at().height == TIP
        assert reader.finalized_height() == TIP - 18

    def test_trx_and_tokens_come_in_the_order_of_the_chain(self, reader):
        watchlist = Watching(SHOP)
        transfers = read(reader, watchlist=watchlist)

        block = reader.block_at(TIP - 1)
        payer = transfers[0].sender
        assert parse_tron_address(payer) == PAYER_HEX
        expected = [("TRX", TRX_TX, 0, 1_000_000), ("USDT", USDT_TX, 0, 16_490_000)]
        expected += [("USDT", BATCH_TX, 0, 5_000_000), ("USDT", BATCH_TX, 1, 5_000_000)]
        assert transfers == [
            Transfer("tron", asset, txid, ordinal, payer, SHOP, units, block)
            for asset, txid, ordinal, units in expected
        ]
        assert watchlist.questions == [{SHOP}]

    def test_a_token_that_declines_with_false_stops_nothing_and_brings_nothing(self, reader, chain):
        chain.logs, chain.logged = [], []

        assert [(transfer.asset, transfer.units) for transfer in read(reader)] == [("TRX", 1_000_000)]

    def test_a_token_that_sends_it_to_somebody_else_stops_nothing_and_brings_nothing(self, reader, chain):
        elsewhere = chain.log(USDT_TX, 2, 0, 16_490_000) | {"topics": [TRANSFER, topic(PAYER_HEX), topic(PAYER_HEX)]}
        chain.logs = chain.logged = [elsewhere]

        assert [(transfer.asset, transfer.units) for transfer in read(reader)] == [("TRX", 1_000_000)]

    def test_failed_and_odd_transactions_bring_nothing(self, reader, chain):
        chain.logs = []
        chain.transactions[chain.paid] = [
            trx(TRX_TX, 5, "OUT_OF_ENERGY"),
            trx(TRX_TX, 5, None),
            trx(TRX_TX, 0),
            trx(TRX_TX, 5, to=PAYER_HEX),
            usdt_call(USDT_TX, 5, "REVERT"),
            usdt_call(USDT_TX, 0),
        ]

        assert read(reader) == []

    def test_a_failed_transaction_has_failed(self, reader):
        assert reader.has_failed(FAILED_TX) is True
        assert reader.has_failed(USDT_TX) is False

    def test_the_mempool_tells_nothing(self, reader):
        assert list(reader.mempool(watchlist=Watching(SHOP))) == []

    def test_the_api_key_goes_with_every_request(self, node):
        read(reader_of(node.url, api_key="k-1"))

        assert {path for path, _ in node.requests} == {"/wallet/getblock", "/wallet/getblockbynum", "/jsonrpc"}
        assert {headers.get("tron-pro-api-key") for headers in node.headers} == {"k-1"}

    def test_json_rpc_may_be_at_a_place_of_its_own(self, node, chain):
        other = FakeNode(chain)
        try:
            assert len(read(reader_of(node.url, jsonrpc_urls=other.url + "/x/jsonrpc"))) == 4
            assert {path for path, _ in other.requests} == {"/x/jsonrpc"}
        finally:
            other.stop()

    def test_the_ends_of_a_range_in_chunks_are_those_that_are_meant(self, node):
        reader, watchlist = reader_of(node.url, block_range="2"), Watching(SHOP)

        ends = Ends(block_id(TIP - 6), block_id(TIP))
        assert len(list(reader.transfers(first=TIP - 5, last=TIP, watchlist=watchlist, ends=ends))) == 4
        for wrong in (Ends(before=block_id(TIP - 4)), Ends(last=block_id(TIP - 1))):
            with pytest.raises(ChainUnavailable, match="another fork than was meant"):
                list(reader.transfers(first=TIP - 5, last=TIP, watchlist=watchlist, ends=wrong))

    def test_a_long_range_is_read_in_chunks(self, node):
        watchlist = Watching(SHOP)

        assert len(read(reader_of(node.url, block_range="2"), watchlist=watchlist)) == 4
        filters = [body["params"][0] for path, body in node.requests if path == "/jsonrpc" and body["params"]]
        assert [int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) for wanted in filters] == [1, 1, 1]


class TestLies:
    def test_json_rpc_of_another_chain(self, reader, chain):
        chain.chain_id = NETWORKS["tron"].sides["testnet"].chain_id

        with pytest.raises(ChainUnavailable, match="is on chain 3448148188"):
            read(reader)

    def test_http_interface_of_another_chain(self, reader, chain):
        chain.genesis = "0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc"

        with pytest.raises(ChainUnavailable, match="another chain"):
            reader.block_at()

    def test_a_block_that_is_not_there(self, reader):
        with pytest.raises(ChainUnavailable, match="has no block"):
            reader.block_at(TIP + 1)
        with pytest.raises(ChainUnavailable, match="has no block"):
            read(reader, TIP, TIP + 1)

    def test_chunks_that_do_not_follow_each_other(self, node, chain):
        honest = chain.api

        def forked(path, body):
            answer = honest(path, body)
            if body.get("num") == TIP - 3:
                answer["block_header"]["raw_data"]["parentHash"] = block_id(TIP - 4, branch=7)
            return answer

        chain.api = forked

        with pytest.raises(ChainUnavailable, match=f"block {TIP - 3} does not follow"):
            read(reader_of(node.url, block_range="2"))

    def test_an_error_of_the_http_interface(self, reader, node):
        node.raw = lambda _path, _body: (200, b'{"Error":"class java.lang.NumberFormatException : no"}')

        with pytest.raises(ChainUnavailable, match="NumberFormatException"):
            reader.block_at()

    def test_a_list_from_the_http_interface(self, reader, node):
        node.raw = lambda _path, _body: (200, b"[]")

        with pytest.raises(ChainUnavailable, match="did not answer with an object"):
            reader.block_at()

    def test_logs_of_another_branch_than_the_bodies(self, reader, chain):
        for found in chain.logs:
            found["blockHash"] = "0x" + block_id(chain.paid, branch=7)

        with pytest.raises(ChainUnavailable, match="two different blocks"):
            read(reader)

    @pytest.mark.parametrize("word", ["0x" + "zz" * 32, "0x12", "0x" + "é" * 64])
    def test_a_topic_that_is_no_address(self, reader, chain, word):
        chain.logs[0]["topics"][2] = word

        with pytest.raises(ChainUnavailable, match="recipient is no address"):
            read(reader)

    def test_a_node_that_lies_is_left_for_the_next_one(self, node, chain):
        honest = FakeNode(SmallTron())
        chain.logs[0]["blockHash"] = "0x" + block_id(chain.paid, branch=7)
        reader = reader_of(node.url, honest.url)
        try:
            assert len(read(reader)) == 4
            asked = len(node.requests)
            assert len(read(reader)) == 4
            assert len(node.requests) == asked
            assert "two different blocks" in reader.health()[0].reason
        finally:
            honest.stop()

    def test_a_node_without_a_log_index_is_noticed_by_the_payment_it_hides(self, reader, chain):
        chain.logs = []

        with pytest.raises(ChainUnavailable, match="no log of a token transfer"):
            read(reader)
        assert [t.asset for t in read(reader, watchlist=Watching())] == []

    @pytest.mark.parametrize(
        "receipt", [{}, {"id": "f" * 64}, {"id": USDT_TX}, {"id": USDT_TX, "blockNumber": TIP + 1}]
    )
    def test_a_transfer_without_a_log_is_not_taken_for_nothing_without_its_receipt(self, reader, chain, receipt):
        chain.logs, chain.logged = [], []
        chain.info = lambda _: receipt

        with pytest.raises(ChainUnavailable, match="no log of a token transfer"):
            read(reader)

    def test_json_rpc_that_is_switched_off(self, reader, chain):
        def methods(method, params):
            if method == "eth_chainId":
                return hex(CHAIN_ID)
            raise RpcError("the method eth_getLogs does not exist/is not available", -32601)

        chain.rpc.methods = methods

        with pytest.raises(ChainUnavailable, match="is not available"):
            read(reader)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("txID",), None),
            (("txID",), "0x" + "1" * 64),
            (("ret",), "SUCCESS"),
            (("ret",), [None]),
            (("raw_data",), None),
            (("raw_data", "contract"), {}),
            (("raw_data", "contract", 0, "parameter"), None),
            (("raw_data", "contract", 0, "parameter", "value"), []),
            (("raw_data", "contract", 0, "parameter", "value", "amount"), "5"),
            (("raw_data", "contract", 0, "parameter", "value", "amount"), 5.5),
            (("raw_data", "contract", 0, "parameter", "value", "amount"), True),
            (("raw_data", "contract", 0, "parameter", "value", "amount"), -5),
            (("raw_data", "contract", 0, "parameter", "value", "amount"), None),
            (("raw_data", "contract", 0, "parameter", "value", "to_address"), SHOP),
            (("raw_data", "contract", 0, "parameter", "value", "to_address"), "42" + SHOP_HEX),
            (("raw_data", "contract", 0, "parameter", "value", "owner_address"), None),
            (("raw_data", "contract", 0, "type"), []),
            (("raw_data", "contract", 0, "type"), None),
        ],
    )
    def test_a_transaction_in_another_shape(self, reader, chain, path, value):
        broken = copy.deepcopy(trx(TRX_TX, 1))
        place = broken
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        chain.transactions[chain.paid] = [broken]
        chain.logs = []

        with pytest.raises(ChainUnavailable):
            read(reader)

    @pytest.mark.parametrize(
        "change",
        [
            {"blockID": "x"},
            {"block_header": None},
            {"block_header": {"raw_data": {"number": "5", "parentHash": block_id(1)}}},
            {"block_header": {"raw_data": {"number": TIP - 1, "timestamp": 10**18, "parentHash": block_id(1)}}},
            {"block_header": {"raw_data": {"number": TIP - 1, "timestamp": 1, "parentHash": block_id(1)}}},
            {"transactions": {"a": 1}},
            {"transactions": [1]},
        ],
    )
    def test_a_block_in_another_shape(self, reader, chain, change):
        honest = chain.api
        chain.api = lambda path, body: honest(path, body) | (change if body.get("num") == TIP - 1 else {})

        with pytest.raises(ChainUnavailable):
            read(reader)
