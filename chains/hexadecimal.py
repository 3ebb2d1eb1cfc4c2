"""Strict reading of what Ethereum-style nodes write: quantities and data in hex with ``0x``.

A node is not trusted to be well-formed. Anything else than the expected shape is ``ChainUnavailable``.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from chains.base import ChainUnavailable

HASH_BYTES: Final = 32

_QUANTITY: Final = re.compile("0x[0-9a-f]{1,64}")
_DATA: Final = re.compile("0x(?:[0-9a-f]{2})*")
_LAST_SECOND: Final = 253402300799  # the end of the year 9999


def fields_of(value: object, what: str) -> dict[str, Any]:
    """Return ``value`` as a JSON object."""
    if not isinstance(value, dict):
        raise ChainUnavailable(f"the node's {what} is not an object")
    return value


def items_of(value: object, what: str) -> list[Any]:
    """Return ``value`` as a JSON array."""
    if not isinstance(value, list):
        raise ChainUnavailable(f"the node's {what} is not a list")
    return value


def quantity(value: object, what: str) -> int:
    """Return a number of up to 256 bits; leading zeros are tolerated, some nodes write them."""
    text = value.lower() if isinstance(value, str) else ""
    if not _QUANTITY.fullmatch(text):
        raise ChainUnavailable(f"the node's {what} is not a number in hex")
    return int(text, 16)


def data(value: object, length: int, what: str) -> str:
    """Return ``length`` bytes as lower-case hex digits, without ``0x``."""
    text = value.lower() if isinstance(value, str) else ""
    if len(text) != 2 + 2 * length or not _DATA.fullmatch(text):
        raise ChainUnavailable(f"the node's {what} is not {length} bytes in hex")
    return text[2:]


def moment(seconds: int, what: str) -> datetime:
    """Return seconds since 1970 as a time in UTC."""
    if not 0 <= seconds <= _LAST_SECOND:
        raise ChainUnavailable(f"the node's {what} is not a time")
    return datetime.fromtimestamp(seconds, UTC)
