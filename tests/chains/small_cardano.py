"""A small Cardano behind an HTTP interface like Blockfrost's: blocks, their addresses, transactions and outputs."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chains.codecs_cardano import bech32_encode

MAGIC = 764824073
FIRST = 12_000_000
TIME = 1_750_000_000
BYRON = "DdzFFzCqrhsrcTVhLygT24QwTnNqQqQ8mZrq5jykUzMveU26sxaH529kMpo7VhPrt5pwW3dXeB2k3EEvKcNBRmzCfcQ7dTkyGzTs658C"


def hash_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def address(name: str) -> str:
    return bech32_encode("addr", b"\x01" + hashlib.sha512(name.encode()).digest()[:56])


SHOP, OTHER_SHOP, PAYER = address("shop"), address("other shop"), address("payer")


def output(to: str, units: int, index: int, **options: Any) -> dict[str, Any]:
    """Return an output as /txs/{hash}/utxos has it."""
    return {
        "address": to,
        "amount": [{"unit": "lovelace", "quantity": str(units)}, *options.pop("tokens", [])],
        "output_index": index,
        "data_hash": None,
        "inline_datum": None,
        "collateral": False,
        "reference_script_hash": None,
        "consumed_by_tx": None,
        **options,
    }


def spent(from_: str, **options: Any) -> dict[str, Any]:
    """Return an input."""
    return {
        "address": from_,
        "amount": [{"unit": "lovelace", "quantity": "9000000"}],
        "tx_hash": hash_of("before"),
        "output_index": 0,
        "data_hash": None,
        "inline_datum": None,
        "reference_script_hash": None,
        "collateral": False,
        "reference": False,
        **options,
    }


@dataclass
class Tx:
    """A transaction. One whose script failed is told with all its inputs and outputs all the same."""

    name: str
    outputs: list[dict[str, Any]]
    inputs: list[dict[str, Any]] = field(default_factory=lambda: [spent(PAYER)])
    succeeded: Any = True
    is_listed: bool = True  # whether the block's list of addresses knows of it

    @property
    def hash(self) -> str:
        return hash_of(self.name)

    @property
    def addresses(self) -> list[str]:
        return [each["address"] for each in (*self.inputs, *self.outputs)] if self.is_listed else []


def pay(name: str, *units: int, to: str = SHOP, **options: Any) -> Tx:
    outputs = [output(to, each, index) for index, each in enumerate(units)]
    return Tx(name, [*outputs, output(PAYER, 5_000_000, len(units))], **options)


class SmallCardano:
    """Blocks from FIRST to ``tip``. A rollback replaces those above a height."""

    def __init__(self) -> None:
        self.magic: Any = MAGIC
        self.began = TIME
        self.tip = FIRST + 40
        self.oldest = FIRST
        self.blocks: dict[int, list[Tx]] = {}
        self.branch: dict[int, str] = {}
        self.page = 100
        self.has_addresses = True
        self.paths: list[str] = []
        self.bend: Any = lambda _path, result: result

    def add(self, height: int, *transactions: Tx) -> None:
        self.blocks.setdefault(height, []).extend(transactions)

    def roll_back(self, height: int) -> None:
        """Replace the blocks from ``height`` on by empty ones."""
        for each in range(height, self.tip + 1):
            self.branch[each] = "rolled back"
            self.blocks.pop(each, None)

    def hash(self, height: int) -> str:
        return hash_of(f"block {height} {self.branch.get(height, '')}")

    def __call__(self, path: str, body: Any) -> tuple[int, bytes]:
        assert body is None
        parts = urlsplit(path)
        self.paths.append(parts.path)
        query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        result = self.bend(parts.path, self.answer(parts.path.strip("/").split("/"), query))
        if result is None:
            body = {"status_code": 404, "error": "Not Found", "message": "The requested component has not been found."}
            return 404, json.dumps(body).encode()
        return 200, json.dumps(result).encode()

    def answer(self, parts: list[str], query: dict[str, int]) -> Any:
        if parts == ["genesis"]:
            return {"network_magic": self.magic, "epoch_length": 432000, "security_param": 2160}
        if parts[0] == "blocks":
            return self.about_block(parts[1], parts[2] if len(parts) > 2 else "", query)
        return self.about_transaction(parts[1], parts[2] if len(parts) > 2 else "")

    def about_block(self, name: str, what: str, query: dict[str, int]) -> Any:
        height = self.height(name)
        if height is None:
            return None
        if what == "":
            return self.header(height)
        if what == "next":
            return [self.header(each) for each in range(height + 1, self.tip + 1)][: query["count"]]
        listed = self.addresses(height) if what == "addresses" else [tx.hash for tx in self.blocks.get(height, [])]
        if what == "addresses" and not self.has_addresses:
            return None
        size = min(query["count"], self.page)
        return listed[(query["page"] - 1) * size : query["page"] * size]

    def height(self, name: str) -> int | None:
        if name == "latest":
            return self.tip
        by_hash = {self.hash(each): each for each in range(self.oldest, self.tip + 1)}
        height = by_hash.get(name, int(name) if name.isdigit() and len(name) < 20 else None)
        return height if height is not None and self.oldest <= height <= self.tip else None

    def header(self, height: int) -> dict[str, Any]:
        return {
            "time": self.began + 20 * (height - FIRST),
            "height": height,
            "hash": self.hash(height),
            "slot": 160_000_000 + 20 * height,
            "epoch": 560,
            "previous_block": self.hash(height - 1),
            "next_block": None if height == self.tip else self.hash(height + 1),
            "tx_count": len(self.blocks.get(height, [])),
            "confirmations": self.tip - height,
        }

    def addresses(self, height: int) -> list[dict[str, Any]]:
        touched: dict[str, list[dict[str, str]]] = {}
        for tx in self.blocks.get(height, []):
            for each in dict.fromkeys(tx.addresses):
                touched.setdefault(each, []).append({"tx_hash": tx.hash})
        return [{"address": each, "transactions": touched[each]} for each in sorted(touched)]

    def about_transaction(self, name: str, what: str) -> Any:
        for height, transactions in self.blocks.items():
            for position, tx in enumerate(transactions):
                if tx.hash == name and what == "utxos":
                    return {"hash": tx.hash, "inputs": tx.inputs, "outputs": tx.outputs}
                if tx.hash == name:
                    return {
                        "hash": tx.hash,
                        "block": self.hash(height),
                        "block_height": height,
                        "block_time": TIME + 20 * (height - FIRST),
                        "slot": 160_000_000 + 20 * height,
                        "index": position,
                        "fees": "170000",
                        "size": 433,
                        "valid_contract": tx.succeeded,
                    }
        return None
