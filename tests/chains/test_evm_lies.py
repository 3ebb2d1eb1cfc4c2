"""A node that is broken, behind, or lies: payments wait, none is lost, and none is made up."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chains.base import Asset, ChainUnavailable, Ends, Network, Transfer
from chains.endpoint import Limits, Refused, TooMuch
from chains.evm import EvmReader
from chains.hexadecimal import quantity
from chains.registry import build
from chains.rpc import JsonRpc
from tests.chains.fake_node import (
    CHAIN_ID,
    PAYER,
    SHOP,
    TRANSFER,
    USDC,
    FakeNode,
    RpcAnswers,
    RpcError,
    SmallChain,
    hash_of,
    log,
    topic,
)
from tests.chains.watching import Watching

SHOP_TEXT = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
PAYER_TEXT = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
HASTY = Limits(
    connect_seconds=1, silence_seconds=1, total_seconds=1, reply_bytes=100_000, rounds=2, pause_milliseconds=1
)


@pytest.fixture
def chain():
    return SmallChain()


@pytest.fixture
def answers(chain):
    return RpcAnswers(chain)


@pytest.fixture
def node(answers):
    node = FakeNode(answers)
    yield node
    node.stop()


@pytest.fixture
def second(chain):
    node = FakeNode(RpcAnswers(chain))
    yield node
    node.stop()


def reader_of(*urls, options=None):
    (network,) = [
        network
        for network in build({"ethereum": {"rpc_urls": list(urls), "options": options or {}}})
        if network.code == "ethereum"
    ]
    assets = tuple(asset for asset in network.assets if asset.code != "USDT")
    small = Network(
        code="ethereum",
        name="Ethereum",
        family="evm",
        livemode=True,
        assets=assets,
        confirmations=network.confirmations,
        block_time=network.block_time,
        chain_id=CHAIN_ID,
        rpc_urls=urls,
        options=options or {},
    )
    return EvmReader(small, rpc=JsonRpc(urls, chain_id=CHAIN_ID, limits=HASTY))


def read(reader, first=101, last=110):
    return list(reader.transfers(first=first, last=last, watchlist=Watching(SHOP_TEXT)))


def blocks_asked(node):
    """Return the heights of the blocks that a node was asked for."""
    calls = [call for _, body in node.requests for call in (body if isinstance(body, list) else [body])]
    return [int(call["params"][0], 16) for call in calls if call["method"] == "eth_getBlockByNumber"]


class TestHonest:
    def test_what_an_honest_node_tells_is_this(self, node, chain):
        transfers = read(reader_of(node.url))

        block = reader_of(node.url).block_at(105)
        assert (block.hash, block.parent_hash) == (hash_of(105), hash_of(104))
        assert block.timestamp == datetime.fromtimestamp(1_750_000_105, UTC)
        assert transfers == [
            Transfer(
                network="ethereum",
                asset="ETH",
                txid=hash_of(105000),
                ordinal=0,
                sender=PAYER_TEXT,
                recipient=SHOP_TEXT,
                units=5,
                block=block,
                fee_units=0x5208 * 2 + 0x10,
            ),
            Transfer(
                network="ethereum",
                asset="USDC",
                txid=hash_of(105001),
                ordinal=0,
                sender=PAYER_TEXT,
                recipient=SHOP_TEXT,
                units=7,
                block=block,
            ),
        ]

    def test_one_question_for_logs_and_one_for_receipts(self, node):
        reader = reader_of(node.url)
        read(reader)

        calls = [call["method"] for _, body in node.requests for call in (body if isinstance(body, list) else [body])]
        assert calls.count("eth_getLogs") == 1
        assert calls.count("eth_getTransactionReceipt") == 1
        assert calls.count("eth_chainId") == 1
        assert calls.count("eth_getBlockByNumber") == 10
        assert len(node.requests) == 5  # of the bodies, five go together

    def test_the_tip_and_finality(self, node):
        assert reader_of(node.url).block_at().height == 110
        assert reader_of(node.url).finalized_height() == 102

    def test_a_node_without_the_finality_tag_knows_none(self, node, answers):
        def bend(method, params, result):
            if params[:1] == ["finalized"]:
                raise RpcError("invalid block tag")
            return result

        answers.bend = bend

        assert reader_of(node.url).finalized_height() is None

    def test_a_transfer_of_the_largest_number_is_exact(self, node, chain):
        chain.logs = [log(105, 3, units=2**256 - 1)]

        assert [t.units for t in read(reader_of(node.url)) if t.asset == "USDC"] == [2**256 - 1]

    def test_a_network_without_tokens_asks_for_no_logs(self, node):
        reader = reader_of(node.url)
        coin = Asset("ETH", "ethereum", 18, 8)
        network = Network(
            code="ethereum",
            name="",
            family="evm",
            livemode=True,
            assets=(coin,),
            confirmations=(1, 2, 3),
            block_time=next(iter(build({}))).block_time,
            chain_id=CHAIN_ID,
            rpc_urls=(node.url,),
        )
        reader = EvmReader(network)

        assert [t.asset for t in read(reader)] == ["ETH"]
        assert "eth_getLogs" not in json.dumps(node.requests)

    def test_a_node_that_takes_no_batches_is_asked_one_by_one(self, node, answers):
        answers.takes_batches = False

        assert len(read(reader_of(node.url))) == 2


class TestRecipients:
    @pytest.mark.parametrize("text", ["x" * 66, "\u0000" * 66, "0x12", "", "0x" + "0" * 24 + "é" * 40])
    def test_a_log_whose_recipient_is_no_address_is_not_read(self, node, chain, text):
        chain.logs[0]["topics"][2] = text

        with pytest.raises(ChainUnavailable, match="recipient is no address"):
            read(reader_of(node.url))


class TestTransport:
    @pytest.mark.parametrize(
        ("status", "body", "reason"),
        [
            (200, b"<html>nginx</html>", "did not answer with JSON"),
            (200, b"", "did not answer with JSON"),
            (200, b"\xff\xfe", "did not answer with JSON"),
            (200, b"null", "did not answer with JSON"),
            (200, b"NaN", "did not answer with JSON"),
            (200, b"[" * 100_000, "did not answer with JSON"),
            (200, b'"0x1"', "as JSON-RPC does"),
            (200, b"[]", "as JSON-RPC does"),
            (200, b"{}", "another question"),
            (200, b'{"jsonrpc":"2.0","id":true,"result":"0x1"}', "another question"),
            (200, b'{"jsonrpc":"2.0","id":1.0,"result":"0x1"}', "another question"),
            (200, b'{"jsonrpc":"2.0","id":99,"result":"0x1"}', "another question"),
            (200, b'{"jsonrpc":"2.0","id":[1],"error":"x"}', "another question"),
            (200, b'{"jsonrpc":"2.0","id":{},"error":{"code":-32000,"message":"no"}}', "another question"),
            (200, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no\\u0000pe"}}', "refused: nope"),
            (200, b'{"jsonrpc":"2.0","id":null,"error":"x"}', "refused: x"),
            (200, b" " * 200_000, "more than 100000 bytes"),
            (301, b"", "HTTP 301"),
            (401, b'{"error":"who are you"}', "refused: who are you"),
            (429, b'{"error":{"code":-32005,"message":"slow down"}}', "HTTP 429"),
            (500, b"oops", "HTTP 500"),
            (503, b'{"error":"overloaded"}', "HTTP 503"),
        ],
    )
    def test_nonsense_is_told_with_its_reason(self, node, status, body, reason):
        node.raw = lambda _path, _body: (status, body)

        with pytest.raises(ChainUnavailable, match=reason):
            reader_of(node.url).block_at()

    def test_an_answer_without_a_result_is_none(self, node):
        node.raw = lambda _path, body: (200, json.dumps({"jsonrpc": "2.0", "id": body["id"]}).encode())

        with pytest.raises(ChainUnavailable, match="without a result"):
            reader_of(node.url).block_at()

    @pytest.mark.parametrize("form", ["{}.0", '"{}"', "[{}]"])
    def test_an_id_of_another_type_is_another_id(self, node, form):
        node.raw = lambda _path, body: (200, f'{{"id":{form.format(body["id"])},"result":"0x1"}}'.encode())

        with pytest.raises(ChainUnavailable, match="another question"):
            reader_of(node.url).has_failed(hash_of(1))

    def test_no_reason_ever_holds_the_key_in_the_url(self, node):
        node.raw = lambda _path, _body: (500, b"")
        url = node.url.replace("http://", "http://user:pass-word@") + "/v3/api-key?token=to-ken"
        for target in (url, url.replace(node.url.rpartition(":")[2], "1")):
            with pytest.raises(ChainUnavailable) as failure:
                reader_of(target).block_at()

            told = f"{failure.value!r}{failure.value.__cause__!r}"
            assert "127.0.0.1" in told
            assert not any(secret in told for secret in ("user", "pass-word", "api-key", "to-ken"))

    def test_credentials_in_the_url_are_sent_as_basic_authentication(self, node):
        reader_of(node.url.replace("http://", "http://us%20er:p%40ss@") + "/v3/key?x=1").block_at()

        assert node.headers[0]["authorization"] == "Basic dXMgZXI6cEBzcw=="
        assert node.requests[0][0] == "/v3/key?x=1"

    def test_silence_ends(self, node):
        node.hang.set()

        with pytest.raises(ChainUnavailable, match="did not answer in time"):
            reader_of(node.url).block_at()

    def test_dripping_ends(self, node):
        node.slowly = 0.05

        with pytest.raises(ChainUnavailable, match="took more than 1 s"):
            reader_of(node.url).block_at()

    def test_nobody_there(self):
        with pytest.raises(ChainUnavailable, match="cannot be reached"):
            reader_of("http://127.0.0.1:1").block_at()

    def test_no_node_at_all(self):
        with pytest.raises(ChainUnavailable, match="no node is configured"):
            reader_of().block_at()

    def test_the_next_node_takes_over_and_stays_first(self, node, second):
        node.raw = lambda _path, _body: (502, b"")
        reader = reader_of(node.url, second.url)

        assert len(read(reader)) == 2
        assert len(node.requests) == 1

    def test_a_node_on_another_chain_is_passed_over(self, node, second, answers):
        answers.bend = lambda method, _params, result: "0x2" if method == "eth_chainId" else result

        reader = reader_of(node.url, second.url)
        assert len(read(reader)) == 2
        assert [body["method"] for _, body in node.requests] == ["eth_chainId"]

        with pytest.raises(ChainUnavailable, match="is on chain 2, not on 1"):
            read(reader_of(node.url))

    def test_all_reasons_are_told(self, node, second):
        node.raw = lambda _path, _body: (502, b"")
        second.raw = lambda _path, _body: (200, b"?")

        with pytest.raises(ChainUnavailable, match=r"HTTP 502; .*did not answer with JSON"):
            reader_of(node.url, second.url).block_at()
        assert (len(node.requests), len(second.requests)) == (2, 2)

    def test_fractions_are_exact(self, node):
        node.raw = lambda _path, body: (
            200,
            f'{{"id":{body["id"]},"result":{"0.1" if body["method"] == "x" else chr(34) + "0x1" + chr(34)}}}'.encode(),
        )

        assert JsonRpc([node.url], chain_id=1, limits=HASTY).call("x") == Decimal("0.1")

    def test_a_batch_with_a_foreign_id_is_not_believed(self, node, answers):
        answers.envelope = lambda answer: answer | {"id": answer["id"] + (answer["id"] > 3)}

        with pytest.raises(ChainUnavailable, match=r"did not answer|another question|as JSON-RPC does"):
            read(reader_of(node.url))

    def test_a_short_batch_is_not_believed(self, node, answers):
        node.raw = lambda path, body: (
            (200, json.dumps(json.loads(answers(path, body)[1])[1:]).encode())
            if isinstance(body, list)
            else answers(path, body)
        )

        with pytest.raises(ChainUnavailable, match="each call of a batch"):
            read(reader_of(node.url))


class TestTooMuch:
    @pytest.mark.parametrize(
        ("message", "code"),
        [
            ("query returned more than 10000 results", -32005),
            ("limit exceeded", -32005),
            ("Log response size exceeded.", -32602),
            ("block range is too wide", -32000),
            ("eth_getLogs is limited to a 10 block range", -32614),
            ("exceed maximum block range: 5000", -32000),
            ("query timeout exceeded", -32000),
        ],
    )
    def test_the_range_is_halved_until_the_node_gives_it(self, node, answers, message, code):
        asked = []

        def bend(method, params, result):
            if method == "eth_getLogs":
                asked.append((int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)))
                if asked[-1][1] - asked[-1][0] >= 5:
                    raise RpcError(message, code)
            return result

        answers.bend = bend

        assert len(read(reader_of(node.url))) == 2
        assert asked == [(101, 110), (101, 105), (106, 110)]

    def test_what_a_node_gives_at_once_is_remembered_for_this_node_alone(self, node, second, answers):
        asked = []

        def bend(method, params, result):
            if method == "eth_getLogs":
                asked.append((int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)))
                if asked[-1][1] - asked[-1][0] >= 5:
                    raise RpcError("eth_getLogs is limited to a 5 block range")
            return result

        answers.bend = bend
        reader = reader_of(node.url, second.url)
        read(reader)
        asked.clear()

        assert len(read(reader)) == 2
        assert asked == [(101, 105), (106, 110)]
        node.raw = lambda _path, _body: (502, b"")
        assert len(read(reader)) == 2
        wanted = [body["params"][0] for _, body in second.requests if "eth_getLogs" in json.dumps(body)]
        assert [(each["fromBlock"], each["toBlock"]) for each in wanted] == [("0x65", "0x6e")]

    def test_a_block_that_is_too_much_is_told_as_such(self, node, answers):
        def bend(method, params, result):
            if method == "eth_getLogs":
                raise RpcError("query returned more than 10000 results", -32005)
            return result

        answers.bend = bend

        with pytest.raises(TooMuch):
            read(reader_of(node.url))

    @pytest.mark.parametrize("message", ["daily request count exceeded, request rate limited", "rate limit exceeded"])
    def test_a_rate_limit_is_not_cured_by_halving(self, node, answers, message):
        def bend(method, params, result):
            if method == "eth_getLogs":
                raise RpcError(message, -32005)
            return result

        answers.bend = bend

        with pytest.raises(Refused) as refusal:
            read(reader_of(node.url))
        assert not isinstance(refusal.value, TooMuch)
        assert sum(isinstance(body, dict) and body["method"] == "eth_getLogs" for _, body in node.requests) == 1

    def test_bodies_that_are_too_large_together_come_one_by_one(self, node, chain):
        for height in (101, 102, 103):
            chain.blocks[height]["extraData"] = "0x" + "00" * 22_000

        assert len(read(reader_of(node.url))) == 2


def changed(**changes):
    """Return a lie: the log with some fields changed."""
    return lambda result: [{**entry, **changes} for entry in result]


TOPICS = log(105, 3)["topics"]


class TestLyingLogs:
    @pytest.mark.parametrize(
        ("lie", "reason"),
        [
            (changed(removed=True), "reorg removed"),
            (changed(address="0x" + "11" * 20), "contract that was not asked for"),
            (changed(address=None), "log address"),
            (changed(address=USDC + "00"), "log address"),
            (changed(blockNumber="0x64"), "outside the range"),
            (changed(blockNumber="0x6f"), "outside the range"),
            (changed(blockNumber="0x6a"), "two different blocks 106"),
            (changed(blockNumber=105), "block number"),
            (changed(blockHash=hash_of(999)), "two different blocks 105"),
            (changed(blockHash=None), "block hash"),
            (changed(topics=TOPICS[:2]), "no token transfer"),
            (changed(topics=[*TOPICS, hash_of(1)]), "no token transfer"),
            (changed(topics=[hash_of(1), *TOPICS[1:]]), "no token transfer"),
            (changed(topics=[*TOPICS[:2], "0x01" + TOPICS[2][4:]]), "holds no address"),
            (changed(topics=None), "no token transfer"),
            (changed(data="0x"), "log data"),
            (changed(data=hash_of(7) + "00" * 32), "log data"),
            (changed(data="0x" + "zz" * 32), "log data"),
            (changed(data=7), "log data"),
            (changed(logIndex=None), "log index"),
            (changed(transactionHash="0x12"), "transaction hash"),
            (lambda result: result * 2, "one log twice"),
            (lambda result: [*result, log(106, 0, tx=105001)], "one transaction in two blocks"),
            (lambda _result: ["log"], "no token transfer"),
            (lambda _result: {"logs": []}, "not a list"),
            (lambda _result: None, "not a list"),
        ],
    )
    def test_nothing_is_believed_of_a_node_that_lies_about_logs(self, node, answers, lie, reason):
        answers.bend = lambda method, _params, result: lie(result) if method == "eth_getLogs" else result
        seen = []

        with pytest.raises(ChainUnavailable, match=reason):
            seen.extend(
                reader_of(node.url).transfers(first=101, last=110, watchlist=Watching(SHOP_TEXT)),
            )
        assert seen == []

    def test_a_node_that_lies_is_left_for_the_next_one(self, node, second, answers):
        lie = changed(blockHash=hash_of(999))
        answers.bend = lambda method, _params, result: lie(result) if method == "eth_getLogs" else result
        reader = reader_of(node.url, second.url)

        assert len(read(reader)) == 2

        asked = len(node.requests)
        assert len(read(reader)) == 2
        assert len(node.requests) == asked
        assert reader.health()[0].reason == "the node told of two different blocks 105"

    def test_what_was_read_before_a_node_lied_is_kept(self, node, second, answers):
        answers.bend = lambda method, params, result: (
            None if method == "eth_getBlockByNumber" and params[0] == "0x6b" else result
        )
        reader = reader_of(node.url, second.url, options={"block_range": 2})

        assert len(read(reader)) == 2

        assert sorted(set(blocks_asked(node))) == list(range(101, 109))
        assert sorted(set(blocks_asked(second))) == list(range(107, 111))

    def test_a_node_that_lacks_a_block_is_left_for_the_next_one(self, node, second, answers):
        answers.bend = lambda method, params, result: (
            None if method == "eth_getBlockByNumber" and params[0] == "0x69" else result
        )
        reader = reader_of(node.url, second.url)

        with pytest.raises(ChainUnavailable, match="no block 105"):
            reader.block_at(105)

        assert reader.block_at(105).hash == hash_of(105)

    @pytest.mark.parametrize(
        ("change", "units"),
        [
            ({"data": hash_of(0)}, []),  # moves nothing
            ({"topics": [TOPICS[0], topic(SHOP), topic(SHOP)]}, []),  # to oneself
            ({"data": hash_of(6)}, [6]),  # a token that keeps a fee logs what arrives, and that is what counts
        ],
    )
    def test_what_a_log_brings_is_what_counts(self, node, chain, change, units):
        chain.logs = [log(105, 3) | change]

        assert [t.units for t in read(reader_of(node.url)) if t.asset == "USDC"] == units


class TestLyingBlocks:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"parentHash": hash_of(9)}, "does not follow"),
            ({"hash": hash_of(9)}, "does not follow"),
            ({"number": "0x68"}, "instead of 105"),
            ({"number": None}, "block number"),
            ({"hash": "0x"}, "block hash"),
            ({"timestamp": hex(2**60)}, "not a time"),
            ({"logsBloom": "0x00"}, "logs filter"),
            ({"transactions": [hash_of(105000)]}, "transaction is not an object"),
            ({"transactions": None}, "list of transactions"),
            ({"transactions": [{"value": "5"}]}, "transaction value"),
            ({"transactions": [{"value": "0x5", "to": SHOP, "from": "0x", "hash": hash_of(1)}]}, "sender"),
            ({"transactions": [{"value": "0x5", "to": SHOP[:-2], "from": PAYER, "hash": hash_of(1)}]}, "recipient"),
        ],
    )
    def test_nothing_is_believed_of_a_node_that_lies_about_blocks(self, node, chain, change, reason):
        chain.blocks[105] |= change

        with pytest.raises(ChainUnavailable, match=reason):
            read(reader_of(node.url))

    def test_another_height_than_asked_for_is_refused(self, node, chain):
        chain.blocks[107] = chain.blocks[106]

        with pytest.raises(ChainUnavailable, match="block 106 instead of 107"):
            reader_of(node.url).block_at(107)

    def test_the_ends_of_a_range_in_chunks_are_those_that_are_meant(self, node):
        reader, watchlist = reader_of(node.url, options={"block_range": "3"}), Watching(SHOP_TEXT)

        meant = reader.transfers(first=101, last=110, watchlist=watchlist, ends=Ends(hash_of(100), hash_of(110)))
        assert len(list(meant)) == 2
        for ends in (Ends(before=hash_of(106)), Ends(last=hash_of(109))):
            with pytest.raises(ChainUnavailable, match="another fork than was meant"):
                list(reader.transfers(first=101, last=110, watchlist=watchlist, ends=ends))

    def test_chunks_must_follow_each_other(self, node, chain):
        chain.blocks[106]["parentHash"] = hash_of(9)
        reader = reader_of(node.url, options={"block_range": "5"})

        with pytest.raises(ChainUnavailable, match="block 106 does not follow"):
            read(reader)

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"blockHash": hash_of(106)}, "another transaction or block"),
            ({"transactionHash": hash_of(1)}, "another transaction or block"),
            ({"status": "0x2"}, "receipt status"),
            ({"status": None}, "receipt status"),
        ],
    )
    def test_nothing_is_believed_of_a_node_that_lies_about_receipts(self, node, chain, change, reason):
        chain.receipts[hash_of(105000)] |= change

        with pytest.raises(ChainUnavailable, match=reason):
            read(reader_of(node.url))

    def test_a_receipt_that_is_missing_is_waited_for(self, node, chain):
        chain.receipts.clear()

        with pytest.raises(ChainUnavailable, match="receipt"):
            read(reader_of(node.url))

    def test_the_coin_of_a_reverted_transaction_is_not_money(self, node, chain):
        chain.receipts[hash_of(105000)]["status"] = "0x0"

        assert [t.asset for t in read(reader_of(node.url))] == ["USDC"]
        assert reader_of(node.url).has_failed(hash_of(105000)) is True
        assert reader_of(node.url).has_failed(hash_of(105001)) is False

    def test_the_receipt_of_another_transaction_says_nothing_of_this_one(self, node, second, answers):
        other = {"transactionHash": hash_of(1), "blockHash": hash_of(105), "status": "0x0"}
        answers.bend = lambda method, _params, result: other if method == "eth_getTransactionReceipt" else result
        reader = reader_of(node.url, second.url)

        with pytest.raises(ChainUnavailable, match="receipt of another transaction"):
            reader.has_failed(hash_of(105000))
        assert reader.has_failed(hash_of(105000)) is False


class TestLaggingNode:
    """Behind one URL often stand several nodes: one tells the block, another, which lacks it, its logs: none."""

    def test_silence_about_a_block_whose_filter_promises_logs_is_not_believed(self, node, answers, chain):
        chain.blocks[105]["logsBloom"] = "0x" + "ff" * 256
        answers.bend = lambda method, params, result: (
            [] if method == "eth_getLogs" and "fromBlock" in params[0] else result
        )

        assert [t.asset for t in read(reader_of(node.url))] == ["ETH", "USDC"]

    def test_a_node_that_lacks_the_block_must_admit_it(self, node, answers, chain):
        chain.blocks[105]["logsBloom"] = "0x" + "ff" * 256

        def bend(method, params, result):
            if method == "eth_getLogs" and "blockHash" in params[0]:
                raise RpcError("unknown block")
            return [] if method == "eth_getLogs" else result

        answers.bend = bend

        with pytest.raises(ChainUnavailable, match="unknown block"):
            read(reader_of(node.url))

    @pytest.mark.evm
    def test_the_filter_of_a_real_node_is_understood(self, anvil):
        token = anvil.deploy("Coin")
        first = anvil.height + 1
        anvil.transfer(token, SHOP_TEXT, 8)
        anvil.mine(3)

        def forward(method, params):
            if method == "eth_getLogs":
                asked.append(params[0])
                if "fromBlock" in params[0]:
                    return []
            return anvil.rpc(method, *params)

        asked = []
        node = FakeNode(RpcAnswers(forward))
        config = {"rpc_urls": [node.url], "chain_id": 31337, "tokens": {"USDC": {"contract": token, "decimals": 6}}}
        reader = EvmReader(next(n for n in build({"ethereum": config}) if n.code == "ethereum"))
        try:
            transfers = read(reader, first, anvil.height)
        finally:
            node.stop()

        assert [t.units for t in transfers] == [8]
        assert [wanted.get("blockHash") for wanted in asked] == [None, transfers[0].block.hash]


USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"


class TestIncompleteLogs:
    """A node's index of logs has holes: the filters of its own blocks, and its receipts, give it away."""

    @pytest.fixture
    def chain(self):
        chain = SmallChain()
        chain.logs.append(log(107, 0, units=9))
        for height in (105, 107):
            chain.promise(height, USDC, TRANSFER)
        return chain

    @staticmethod
    def hide(answers, *hidden, by_hash=True):
        """Let the node leave out the logs of some blocks, also when it is asked for a block by its hash."""

        def bend(method, params, result):
            if method != "eth_getLogs" or ("blockHash" in params[0] and not by_hash):
                return result
            return [found for found in result if int(found["blockNumber"], 16) not in hidden]

        answers.bend = bend

    def methods(self, node):
        calls = [call for _, body in node.requests for call in (body if isinstance(body, list) else [body])]
        return [call["method"] for call in calls]

    def test_an_honest_node_is_asked_nothing_further(self, node):
        assert [each.units for each in read(reader_of(node.url))] == [5, 7, 9]
        assert self.methods(node).count("eth_getLogs") == 1
        assert "eth_getBlockReceipts" not in self.methods(node)

    def test_a_hole_before_the_last_log_is_seen(self, node, answers):
        self.hide(answers, 105, by_hash=False)

        assert [each.units for each in read(reader_of(node.url))] == [5, 7, 9]
        assert self.methods(node).count("eth_getLogs") == 2
        assert "eth_getBlockReceipts" not in self.methods(node)

    @pytest.mark.parametrize("hidden", [(105,), (107,), (105, 107)])
    def test_a_log_that_only_the_receipts_have_makes_the_node_doubted(self, node, second, answers, hidden):
        self.hide(answers, *hidden)
        reader = reader_of(node.url, second.url)

        assert [each.units for each in read(reader)] == [5, 7, 9]

        asked = len(node.requests)
        assert [each.units for each in read(reader)] == [5, 7, 9]
        assert len(node.requests) == asked
        assert "a receipt with a log that it does not tell" in reader.health()[0].reason

    def test_a_node_that_gives_no_receipts_of_a_block_is_taken_at_its_word(self, node, answers):
        self.hide(answers, 105)
        leave_out = answers.bend

        def bend(method, params, result):
            if method == "eth_getBlockReceipts":
                raise RpcError("the method eth_getBlockReceipts does not exist", -32601)
            return leave_out(method, params, result)

        answers.bend = bend

        assert [each.units for each in read(reader_of(node.url))] == [5, 9]

    def test_a_filter_that_promises_too_much_delays_nothing(self, node, chain):
        chain.promise(103, USDC, TRANSFER)

        assert [each.units for each in read(reader_of(node.url))] == [5, 7, 9]
        assert self.methods(node).count("eth_getBlockReceipts") == 1

    def test_the_logs_of_one_token_do_not_speak_for_another(self, node, chain, answers):
        chain.promise(105, USDT)
        chain.logs.append(log(105, 5, units=11, tx=105009, address=USDT, transactionIndex="0x9"))
        answers.bend = lambda method, params, result: (
            [found for found in result if found["address"] != USDT or "blockHash" in params[0]]
            if method == "eth_getLogs"
            else result
        )
        reader = EvmReader(
            next(found for found in build({"ethereum": {"rpc_urls": [node.url]}}) if found.code == "ethereum")
        )

        assert [(each.asset, each.units) for each in read(reader)] == [
            ("ETH", 5),
            ("USDC", 7),
            ("USDT", 11),
            ("USDC", 9),
        ]

    @pytest.mark.parametrize("receipts", [{}, [None], [{}], [{"logs": None}], [{"logs": [None]}], [{"logs": [{}]}]])
    def test_receipts_in_another_shape_are_no_receipts(self, node, answers, receipts):
        self.hide(answers, 105)
        leave_out = answers.bend
        answers.bend = lambda method, params, result: (
            (receipts or {"no": "list"}) if method == "eth_getBlockReceipts" else leave_out(method, params, result)
        )

        with pytest.raises(ChainUnavailable):
            read(reader_of(node.url))


def test_numbers_of_more_than_256_bits_are_nonsense():
    assert quantity("0x" + "f" * 64, "x") == 2**256 - 1
    for text in ("0x" + "f" * 65, "0x", "", "0xg", "-0x1", 1, None, "0x٣"):
        with pytest.raises(ChainUnavailable):
            quantity(text, "x")
