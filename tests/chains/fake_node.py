"""Nodes for tests that answer what they are told to: honestly, wrongly, slowly or not at all."""

import contextlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chains.codecs import keccak256

Answer = Callable[[str, Any], tuple[int, bytes]]  # path, parsed body -> status, body


class FakeNode:
    """
    An HTTP server on a free port. ``answer`` makes the reply; ``raw`` (if set) replaces it.

    ``slowly`` sends the reply byte by byte with that many seconds between; ``requests`` holds what came in.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.raw: Answer | None = None
        self.slowly: float | None = None
        self.hang = threading.Event()  # set: accept, read, and never answer
        self.hangs_up = False  # read, and close the connection without a word
        self.gone = threading.Event()
        self.requests: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.reply_headers: dict[str, str] = {}  # beside the usual ones, or instead of them
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                node._serve(self)

            def do_GET(self) -> None:
                node._serve(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self.gone.set()
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else None
        self.requests.append((handler.path, body))
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        if self.hang.is_set():
            self.gone.wait(30)
            return
        if self.hangs_up:
            handler.close_connection = True
            return
        status, reply = (self.raw or self.answer)(handler.path, body)
        with contextlib.suppress(OSError):  # the client had enough
            self._reply(handler, status, reply)

    def _reply(self, handler: BaseHTTPRequestHandler, status: int, reply: bytes) -> None:
        handler.send_response_only(status)
        for name, value in ({"Date": handler.date_time_string()} | self.reply_headers).items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(reply)))
        handler.end_headers()
        self._write(handler, reply)

    def _write(self, handler: BaseHTTPRequestHandler, reply: bytes) -> None:
        if self.slowly is None:
            handler.wfile.write(reply)
            return
        for byte in reply:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if self.gone.wait(self.slowly):
                return


class RpcAnswers:
    """
    Answers JSON-RPC, single and in batches, from ``methods``; ``bend`` may change each result on its way out.

    A method raises ``RpcError`` to answer with an error.
    """

    def __init__(self, methods: Callable[[str, list[Any]], Any]) -> None:
        self.methods = methods
        self.bend: Callable[[str, list[Any], Any], Any] = lambda _method, _params, result: result
        self.envelope: Callable[[dict[str, Any]], Any] = lambda answer: answer
        self.takes_batches = True

    def __call__(self, _path: str, body: Any) -> tuple[int, bytes]:
        if isinstance(body, list) and not self.takes_batches:
            error = {"code": -32600, "message": "batches are not supported"}
            return 200, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
        answers = [self._one(call) for call in (body if isinstance(body, list) else [body])]
        # A server may answer a batch in any order.
        return 200, json.dumps(answers[::-1] if isinstance(body, list) else answers[0]).encode()

    def _one(self, call: dict[str, Any]) -> Any:
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
        try:
            result = self.methods(call["method"], call["params"])
            answer["result"] = self.bend(call["method"], call["params"], result)
        except RpcError as problem:
            answer["error"] = {"code": problem.code, "message": str(problem)}
        return self.envelope(answer)


class RpcError(Exception):
    """An error that a node answers with."""

    def __init__(self, message: str, code: int = -32000) -> None:
        super().__init__(message)
        self.code = code


TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
PAYER = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
SHOP = "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359"
CHAIN_ID = 1


def hash_of(number: int) -> str:
    return f"0x{number:064x}"


def log(height: int, index: int, *, units: int = 7, tx: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return a Transfer log of USDC from PAYER to SHOP as a node writes it."""
    return {
        "address": USDC,
        "topics": [TRANSFER, topic(PAYER), topic(SHOP)],
        "data": hash_of(units),
        "blockNumber": hex(height),
        "blockHash": hash_of(height),
        "transactionHash": hash_of(tx or height * 1000 + 1),
        "transactionIndex": "0x1",
        "logIndex": hex(index),
        "removed": False,
        **changes,
    }


def topic(address: str) -> str:
    return "0x" + address.removeprefix("0x").rjust(64, "0")


class SmallChain:
    """Blocks 100 to 110 as an honest node tells them: in 105, SHOP gets 5 wei and 7 units of USDC."""

    def __init__(self) -> None:
        self.logs = [log(105, 3)]
        self.tip, self.finalized = 110, 102
        self.blocks = {height: self._block(height) for height in range(100, 111)}
        paid = {"hash": hash_of(105000), "from": PAYER, "to": SHOP, "value": "0x5", "transactionIndex": "0x0"}
        created = {"hash": hash_of(105002), "from": PAYER, "to": None, "value": "0x9", "transactionIndex": "0x2"}
        called = {"hash": hash_of(105001), "from": PAYER, "to": USDC, "value": "0x0", "transactionIndex": "0x1"}
        self.blocks[105]["transactions"] = [paid, called, created]
        self.receipts = {
            hash_of(105000): {
                "transactionHash": hash_of(105000),
                "blockHash": hash_of(105),
                "blockNumber": hex(105),
                "status": "0x1",
                "gasUsed": "0x5208",
                "effectiveGasPrice": "0x2",
                "l1Fee": "0x10",
            }
        }

    def __call__(self, method: str, params: list[Any]) -> Any:
        return {
            "eth_chainId": self._chain_id,
            "eth_getBlockByNumber": self._get_block,
            "eth_getLogs": self._get_logs,
            "eth_getTransactionReceipt": self._get_receipt,
            "eth_getBlockReceipts": self._get_block_receipts,
        }[method](*params)

    def _chain_id(self) -> str:
        return hex(CHAIN_ID)

    def _get_block(self, height: str, is_full: bool) -> Any:
        number = {"latest": self.tip, "finalized": self.finalized}.get(height) or int(height, 16)
        return self.blocks.get(number) if number <= self.tip else None

    def _get_logs(self, wanted: dict[str, Any]) -> Any:
        assert wanted["topics"] == [TRANSFER]
        logs = [found for found in self.logs if found["address"] in wanted["address"]]
        if "blockHash" in wanted:
            if wanted["blockHash"] not in {block["hash"] for block in self.blocks.values()}:
                raise RpcError("unknown block")
            return [found for found in logs if found["blockHash"] == wanted["blockHash"]]
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        return [found for found in logs if first <= int(found["blockNumber"], 16) <= last]

    def _get_receipt(self, txid: str) -> Any:
        of_log = next((found for found in self.logs if found["transactionHash"] == txid), None)
        told = {name: of_log[name] for name in ("transactionHash", "blockHash", "blockNumber")} if of_log else None
        return self.receipts.get(txid) or (told and told | {"status": "0x1"})

    def _get_block_receipts(self, block_hash: str) -> Any:
        """Return one receipt for each log of the block, and one without any."""
        logs = [[found] for found in self.logs if found["blockHash"] == block_hash]
        return [{"transactionHash": hash_of(1), "blockHash": block_hash, "logs": each} for each in [*logs, []]]

    def promise(self, height: int, *words: str) -> None:
        """Have the filter of a block promise logs with these addresses and topics (Yellow Paper, 4.3.1)."""
        bloom = int(self.blocks[height]["logsBloom"], 16)
        for word in words:
            digest = keccak256(bytes.fromhex(word.removeprefix("0x")))
            for at in (0, 2, 4):
                bloom |= 1 << (int.from_bytes(digest[at : at + 2], "big") % 2048)
        self.blocks[height]["logsBloom"] = f"0x{bloom:0512x}"

    def go_back(self, first: int, *, began: int) -> None:
        """Have blocks from ``first`` on, the first made at ``began`` (seconds since 1970)."""
        self.blocks = {height: self._block(height) for height in range(first, 100)} | self.blocks
        for height, block in self.blocks.items():
            block["timestamp"] = hex(began + height - first)

    def _block(self, height: int) -> dict[str, Any]:
        return {
            "number": hex(height),
            "hash": hash_of(height),
            "parentHash": hash_of(height - 1),
            "timestamp": hex(1_750_000_000 + height),
            "logsBloom": "0x" + "00" * 256,
            "transactions": [],
        }
