"""
Two nodes of one EVM chain that forks now and then. Each fails at random: late, busy, mute, garbled, behind, hung up on.

The chain itself never fails: what it holds at the end is what was really sent.
"""

import json
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

CHAIN_ID: Final = 31_338
FINAL_AFTER: Final = 8  # blocks
_NO_LOGS: Final = "0x" + "00" * 256
_SENDER: Final = "0x" + "22" * 20


@dataclass(frozen=True)
class Sent:
    """A transfer of the coin, in wei."""

    txid: str
    recipient: str
    units: int


@dataclass
class Block:
    height: int
    hash: str
    parent: str
    timestamp: int
    transfers: list[Sent] = field(default_factory=list)


class Chain:
    """
    Blocks in a row; the last few may be replaced by others that hold the same transfers, perhaps later.

    ``history`` keeps of each transfer the blocks that held it: seconds since the start, height (None: it left its
    block) and hash. ``dropped`` are transfers that were in a block once and never come back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Sent] = []
        self._held: list[Sent] = []
        self.dropped: set[str] = set()
        self._begun = time.monotonic()
        self.history: dict[str, list[tuple[float, int | None, str]]] = {}
        self.is_forking = True
        self.is_still = False
        self.blocks = [Block(0, _hash(), "0x" + "00" * 32, int(time.time()))]
        self.mine(70)

    def send(self, recipient: str, units: int) -> Sent:
        sent = Sent(_hash(), recipient.lower(), units)
        with self._lock:
            self._waiting.append(sent)
        return sent

    def mine(self, count: int = 1) -> None:
        with self._lock:
            for _ in range(count):
                self._append(self._waiting)
                self._waiting = []

    def fork(self, depth: int, dice: random.Random) -> None:
        """Replace the last blocks; some of their transfers wait for a block again, as in a mempool."""
        with self._lock:
            replaced, self.blocks = self.blocks[-depth:], self.blocks[:-depth]
            for block in replaced:
                waits = [sent for sent in block.transfers if dice.random() < 0.5]
                self._wait(waits)
                self._append([sent for sent in block.transfers if sent not in waits])
            self._append([])

    def take_back(self, txid: str, depth: int) -> bool:
        """Replace the last blocks by others without a transfer that is in one of them; it is held until given back."""
        with self._lock:
            replaced = self.blocks[-depth:]
            if not any(sent.txid == txid for block in replaced for sent in block.transfers):
                return False
            self.blocks = self.blocks[:-depth]
            for block in replaced:
                self._hold([sent for sent in block.transfers if sent.txid == txid])
                self._append([sent for sent in block.transfers if sent.txid != txid])
            self._append([])
            return True

    def give_back(self, *, keep: Callable[[Sent], bool]) -> None:
        """Let the transfers that are held wait for a block again; those not to keep are gone for good."""
        with self._lock:
            held, self._held = self._held, []
            self.dropped |= {sent.txid for sent in held if not keep(sent)}
            self._wait([sent for sent in held if keep(sent)])

    def newest(self, depth: int) -> list[Sent]:
        """Return the transfers of the last blocks, newest first."""
        with self._lock:
            return [sent for block in reversed(self.blocks[-depth:]) for sent in block.transfers]

    def has(self, height: int, block_hash: str) -> bool:
        return self.blocks[height].hash == block_hash

    def sent(self) -> list[Sent]:
        return [sent for block in self.blocks for sent in block.transfers]

    def _append(self, transfers: list[Sent]) -> None:
        tip = self.blocks[-1]
        self.blocks.append(Block(tip.height + 1, _hash(), tip.hash, int(time.time()), list(transfers)))
        for sent in transfers:
            self._note(sent, self.blocks[-1].height, self.blocks[-1].hash)

    def _wait(self, transfers: list[Sent]) -> None:
        self._waiting += transfers
        for sent in transfers:
            self._note(sent, None, "")

    def _hold(self, transfers: list[Sent]) -> None:
        self._held += transfers
        for sent in transfers:
            self._note(sent, None, "")

    def _note(self, sent: Sent, height: int | None, block_hash: str) -> None:
        moment = round(time.monotonic() - self._begun, 1)
        self.history.setdefault(sent.txid, []).append((moment, height, block_hash))

    def answer(self, call: dict[str, Any], *, behind: int = 0) -> dict[str, Any]:
        method = getattr(self, call["method"].removeprefix("eth_"))
        with self._lock:
            blocks = self.blocks[: len(self.blocks) - behind]
            return {"jsonrpc": "2.0", "id": call["id"], "result": method(blocks, *call["params"])}

    def chainId(self, _blocks: list[Block]) -> str:  # noqa: N802 - the name of the call
        return hex(CHAIN_ID)

    def getBlockByNumber(self, blocks: list[Block], height: str, is_full: bool) -> dict[str, Any] | None:  # noqa: N802
        tip = len(blocks) - 1
        number = tip if height == "latest" else tip - FINAL_AFTER if height == "finalized" else int(height, 16)
        return _block(blocks[number], is_full) if number <= tip else None

    def getTransactionReceipt(self, blocks: list[Block], txid: str) -> dict[str, Any] | None:  # noqa: N802
        for block in reversed(blocks):
            if any(sent.txid == txid for sent in block.transfers):
                return {
                    "transactionHash": txid,
                    "blockHash": block.hash,
                    "blockNumber": hex(block.height),
                    "status": "0x1",
                    "gasUsed": "0x5208",
                    "effectiveGasPrice": "0x1",
                }
        return None


class Mishaps:
    """How often a node fails; ``is_out``: it refuses everybody."""

    def __init__(self, seed: int, share: float) -> None:
        self.dice = random.Random(seed)
        self.share = share
        self.is_out = False
        self.count = self.asked = 0

    def draw(self) -> str:
        self.asked += 1
        if self.is_out:
            self.count += 1
            return self.dice.choice(["hang up", "error"])
        if self.dice.random() >= self.share:
            return ""
        self.count += 1
        return self.dice.choice(["hang up", "error", "busy", "late", "garbled", "half", "behind", "null", "refused"])


class Server(ThreadingHTTPServer):
    """Says nothing of those who hang up: they were killed."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def serve(chain: Chain, mishaps: Mishaps) -> Server:
    """Start a node on a free port of the loopback; the caller shuts it down."""

    class Node(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            mishap = mishaps.draw()
            if mishap == "hang up":
                self.close_connection = True
                return
            if mishap in {"error", "busy"}:
                self._reply(500 if mishap == "error" else 429, b"{}", {"Retry-After": "1"})
                return
            if mishap == "late":
                time.sleep(mishaps.dice.uniform(0.5, 3))
            text = _answers(chain, asked, mishap)
            self._reply(200, text[: len(text) // 2] if mishap == "garbled" else text, {}, is_cut=mishap == "half")

        def _reply(self, status: int, body: bytes, headers: dict[str, str], *, is_cut: bool = False) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if is_cut else body)
            self.close_connection = self.close_connection or is_cut

        def log_message(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Node)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _answers(chain: Chain, asked: Any, mishap: str) -> bytes:
    calls = asked if isinstance(asked, list) else [asked]
    answers = [chain.answer(call, behind=4 if mishap == "behind" else 0) for call in calls]
    if mishap == "null":
        answers = [{**answer, "result": None} for answer in answers]
    if mishap == "refused":
        refusal = {"code": -32000, "message": "header not found"}
        answers = [{"jsonrpc": "2.0", "id": answer["id"], "error": refusal} for answer in answers]
    return json.dumps(answers if isinstance(asked, list) else answers[0]).encode()


def _hash() -> str:
    return "0x" + secrets.token_hex(32)


def _block(block: Block, is_full: bool) -> dict[str, Any]:
    transactions: list[Any] = [sent.txid for sent in block.transfers]
    if is_full:
        transactions = [
            {"hash": sent.txid, "from": _SENDER, "to": sent.recipient, "value": hex(sent.units)}
            for sent in block.transfers
        ]
    return {
        "number": hex(block.height),
        "hash": block.hash,
        "parentHash": block.parent,
        "timestamp": hex(block.timestamp),
        "logsBloom": _NO_LOGS,
        "transactions": transactions,
    }
