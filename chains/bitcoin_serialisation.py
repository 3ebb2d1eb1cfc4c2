"""What a serialised transaction of the Bitcoin family says, so that a node's words for it need not be believed.

Its id is a hash over version, inputs, outputs and lock time; witnesses, and what Litecoin appends for its extension
block, are left out (BIP 144, LIP 3). Whoever wants an output to look larger has to find another hash.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from chains.base import ChainUnavailable

_HEX: Final = re.compile("(?:[0-9a-f]{2})+")
_VERSION_BYTES: Final = 4
_LOCK_TIME_BYTES: Final = 4
_OUTPOINT_BYTES: Final = 36  # what an input spends: transaction and output
_SEQUENCE_BYTES: Final = 4
_VALUE_BYTES: Final = 8
_WIDTHS: Final = {0xFD: 2, 0xFE: 4, 0xFF: 8}  # of a number whose first byte says that it is longer
_TOKEN_PREFIX: Final = b"\xef"  # Bitcoin Cash: tokens stand before the script (CHIP-2022-02-CashTokens)


@dataclass(frozen=True, slots=True)
class Output:
    """Base units, and the script (hex digits) that they are locked with; with it the tokens, if it holds any."""

    units: int
    script: str

    def pays(self, units: int, script: str) -> bool:
        """Return whether it holds ``units`` for ``script``."""
        has_tokens = self.script.startswith(_TOKEN_PREFIX.hex()) and self.script.endswith(script)
        return self.units == units and (self.script == script or has_tokens)


def read_serialised(raw: object) -> tuple[str, list[Output]]:
    """
    Return the id of a transaction in hex, and its outputs.

    :raises ChainUnavailable: when it is none
    """
    if not isinstance(raw, str) or not _HEX.fullmatch(raw):
        raise ChainUnavailable("the node's transaction is not in hex")
    body = bytes.fromhex(raw)
    # A zero in the place of the number of inputs says that what is not hashed follows: witnesses, as a rule.
    start = _VERSION_BYTES + (2 if body[_VERSION_BYTES : _VERSION_BYTES + 1] == b"\0" else 0)
    reader = _Reader(body, start)
    for _ in range(reader.number()):
        reader.take(_OUTPOINT_BYTES)
        reader.take(reader.number())
        reader.take(_SEQUENCE_BYTES)
    outputs = [Output(reader.integer(_VALUE_BYTES), reader.take(reader.number()).hex()) for _ in range(reader.number())]
    if reader.at + _LOCK_TIME_BYTES > len(body):
        raise ChainUnavailable("the node's transaction ends too early")
    hashed = body[:_VERSION_BYTES] + body[start : reader.at] + body[-_LOCK_TIME_BYTES:]
    return hashlib.sha256(hashlib.sha256(hashed).digest()).digest()[::-1].hex(), outputs


class _Reader:
    """Goes through bytes from a place on."""

    def __init__(self, body: bytes, at: int) -> None:
        self._body = body
        self.at = at

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        found = self._body[self.at : self.at + count]
        if len(found) != count:
            raise ChainUnavailable("the node's transaction ends too early")
        self.at += count
        return found

    def integer(self, count: int) -> int:
        """Return the number that the next bytes are."""
        return int.from_bytes(self.take(count), "little")

    def number(self) -> int:
        """Return a number of one to nine bytes."""
        first = self.integer(1)
        return self.integer(_WIDTHS[first]) if first in _WIDTHS else first
