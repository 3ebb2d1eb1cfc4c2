"""Strict reading of what nodes write as plain JSON: whole numbers, digits and hashes.

A node is not trusted to be well-formed. Anything else than the expected shape is ``ChainUnavailable``.
"""

import re
from typing import Final

from chains.base import ChainUnavailable
from chains.hexadecimal import fields_of, items_of, moment

__all__ = ["amount", "fields_of", "hex_hash", "items_of", "moment", "whole"]

MOST: Final = 2**64 - 1  # of base units, on the chains that are read with this
_DIGITS: Final = re.compile("[0-9]{1,20}")
_HASH: Final = re.compile("[0-9a-fA-F]{64}")


def whole(value: object, what: str, *, most: int = MOST) -> int:
    """Return a number that is not negative; JSON's true is none."""
    if type(value) is not int or not 0 <= value <= most:
        raise ChainUnavailable(f"the node's {what} is not a whole number")
    return value


def amount(value: object, what: str, *, most: int = MOST) -> int:
    """Return base units that are written as text, so that no reader rounds them."""
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise ChainUnavailable(f"the node's {what} is not an amount")
    return whole(int(value), what, most=most)


def hex_hash(value: object, what: str) -> str:
    """Return 32 bytes in lower-case hex: one name for one thing, however a node writes it."""
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise ChainUnavailable(f"the node's {what} is not 32 bytes in hex")
    return value.lower()
