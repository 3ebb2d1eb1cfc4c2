"""What Bitcoin Core's JSON-RPC says about blocks and transactions, read strictly.

A block is what its 80-byte header hashes to, its transactions are those that its Merkle root commits to, and those
that pay us are what their ids are the hash of: a node cannot leave one out, invent one or make one look larger.
Addresses are worked out from output scripts.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from chains.base import Block, ChainUnavailable
from chains.bitcoin_serialisation import read_serialised
from chains.codecs import hash160
from chains.codecs_bitcoin import AddressRules, address_of
from chains.hexadecimal import fields_of, items_of, moment

_HASH: Final = re.compile("[0-9a-f]{64}")
_HEX: Final = re.compile("(?:[0-9a-f]{2})*")
_HEADER: Final = re.compile("[0-9a-f]{160}")
_KEY_LENGTHS: Final = (33, 65)
_MOST: Final = Decimal(10) ** 12  # coins; there are fewer of every kind


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header, and the root of the tree over its transactions."""

    block: Block
    merkle_root: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction as the node tells it; ``outputs`` are addresses and amounts not yet read."""

    txid: str
    outputs: tuple[tuple[str, object], ...]
    fields: dict[str, Any]


def read_hash(value: object, what: str) -> str:
    """Return 32 bytes in lower-case hex."""
    text = value if isinstance(value, str) else ""
    if not _HASH.fullmatch(text):
        raise ChainUnavailable(f"the node's {what} is not 32 bytes in hex")
    return text


def read_header(raw: object, block_hash: str, height: int) -> Header:
    """
    Return what a serialised header says, which must hash to ``block_hash``.

    Dogecoin adds the proof of merged mining behind the first 80 bytes; the hash is over those alone.
    """
    text = raw if isinstance(raw, str) else ""
    if not _HEADER.match(text):
        raise ChainUnavailable("the node's block header is not 80 bytes in hex")
    header = bytes.fromhex(text[:160])
    if _double_hash(header)[::-1].hex() != block_hash:
        raise ChainUnavailable(f"the node's header of block {height} is not the one its hash names")
    timestamp = moment(int.from_bytes(header[68:72], "little"), "timestamp")
    parent, root = header[4:36][::-1].hex(), header[36:68][::-1].hex()
    return Header(Block(height=height, hash=block_hash, parent_hash=parent, timestamp=timestamp), root)


def read_body(reply: object, header: Header, rules: AddressRules) -> list[Transaction]:
    """
    Return all transactions of a block, in its order.

    :raises ChainUnavailable: when they are not exactly those of the block
    """
    items = items_of(fields_of(reply, "block").get("tx"), "list of transactions")
    transactions = [read_transaction(item, rules) for item in items]
    txids = [transaction.txid for transaction in transactions]
    # A list whose end is repeated has the same root.
    if len(set(txids)) != len(txids) or merkle_root(txids) != header.merkle_root:
        raise ChainUnavailable(f"the node's transactions of block {header.block.height} are not those of the block")
    return transactions


def read_transaction(item: object, rules: AddressRules) -> Transaction:
    """Return a transaction in the form of ``getrawtransaction``, with the outputs that have an address."""
    fields = fields_of(item, "transaction")
    outputs: list[tuple[str, object]] = []
    for found in items_of(fields.get("vout"), "list of outputs"):
        output = fields_of(found, "output")
        # Litecoin's outputs in its extension block (MWEB) have no script; nobody can see who is paid there.
        if "scriptPubKey" not in output:
            continue
        address = address_of(_script(output["scriptPubKey"]), rules)
        if address is not None:
            outputs.append((address, output.get("value")))
    return Transaction(read_hash(fields.get("txid"), "transaction id"), tuple(outputs), fields)


def check_outputs(transaction: Transaction, decimals: int) -> None:
    """
    Make sure that the outputs are those of the transaction that the id names, where the node tells it serialised.

    Bitcoin Core and what descends from it do, beside their words for it.

    :raises ChainUnavailable: when they are not
    """
    raw = transaction.fields.get("hex")
    if raw is None:
        return
    txid, outputs = read_serialised(raw)
    # Outputs in Litecoin's extension block are told without a script, and are not among those that are serialised.
    told = [item for item in transaction.fields["vout"] if "scriptPubKey" in item]
    agrees = len(told) == len(outputs) and all(
        output.pays(read_units(item.get("value"), decimals, "output"), _script(item["scriptPubKey"]))
        for output, item in zip(outputs, told, strict=True)
    )
    if txid != transaction.txid or not agrees:
        raise ChainUnavailable("the node's outputs are not those of the transaction")


def senders_of(transaction: Transaction, rules: AddressRules) -> list[str]:
    """
    Return the addresses that paid, as far as the inputs tell without looking up what they spend.

    Whoever spends from the address of a key shows the key.
    """
    inputs = items_of(transaction.fields.get("vin"), "list of inputs")
    scripts = [_spent_script(fields_of(item, "input")) for item in inputs]
    return [address for script in scripts if script and (address := address_of(script, rules))]


def read_units(value: object, decimals: int, what: str) -> int:
    """Return an amount of coins, which the node writes as a decimal number, in base units."""
    # The parser makes Decimals of fractions and ints of the rest; a bool is an int to Python.
    if type(value) is int or (isinstance(value, Decimal) and value.is_finite()):
        amount = Decimal(value)
        if 0 <= amount < _MOST:
            scaled = amount.scaleb(decimals)
            if scaled == int(scaled):
                return int(scaled)
    raise ChainUnavailable(f"the node's {what} is no amount of coins")


def merkle_root(txids: Sequence[str]) -> str:
    """Return the root of the tree over transaction ids, empty without any. The last of an odd row is its own pair."""
    row = [bytes.fromhex(txid)[::-1] for txid in txids]
    while len(row) > 1:
        if len(row) % 2:
            row.append(row[-1])
        row = [_double_hash(left + right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0][::-1].hex() if row else ""


def _script(value: object) -> str:
    script = fields_of(value, "output script").get("hex")
    if not isinstance(script, str) or not _HEX.fullmatch(script):
        raise ChainUnavailable("the node's output script is not in hex")
    return script


def _spent_script(spend: dict[str, Any]) -> str:
    """Return the output script that an input spends, or nothing when it cannot be told."""
    unlocking = spend.get("scriptSig")
    script = str(unlocking.get("hex", "")) if isinstance(unlocking, dict) else ""
    witness = spend.get("txinwitness")
    if not isinstance(witness, list) or not witness:
        key = _shown_key(script)
        return f"76a914{hash160(key)}88ac" if key else ""
    if len(witness) != 2 or not isinstance(witness[1], str) or not re.fullmatch("0[23][0-9a-f]{64}", witness[1]):
        return ""
    program = f"0014{hash160(bytes.fromhex(witness[1]))}"
    if not script:
        return program
    return f"a914{hash160(bytes.fromhex(program))}87" if script == f"16{program}" else ""


def _shown_key(script: str) -> bytes | None:
    """Return the key from an unlocking script that holds a signature and a key, and nothing else."""
    if not _HEX.fullmatch(script):
        return None
    body = bytes.fromhex(script)
    for length in _KEY_LENGTHS:
        start = len(body) - length - 1
        if start > 0 and body[start] == length and body[0] == start - 1:
            return body[start + 1 :]
    return None


def _double_hash(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()
