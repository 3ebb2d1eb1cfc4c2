"""Identifiers: UUIDv7 inside, ``inv_06f…`` outside.

A row's primary key is a UUIDv7 (RFC 9562, section 5.7): ordered by time, 74 random bits. What the
world sees is a prefix and the same 128 bits in lower-case Crockford base 32: 26 characters.
"""

import secrets
import time
from datetime import datetime
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH = 26
# Two characters at a time: lists write an id or more for each row.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = tuple(range(120, -10, -10))


def uuid7() -> UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, version, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def first_id_of(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 that could be made at ``moment``: whatever is smaller was made before."""
    return UUID(int=(int(moment.timestamp() * 1000) & 0xFFFF_FFFF_FFFF) << 80)


def public_id(prefix: str, key: UUID) -> str:
    """Return the outside form of ``key``: ``<prefix>_<26 characters>``."""
    value = key.int
    return f"{prefix}_{''.join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])}"


def parse_public_id(prefix: str, text: object) -> UUID | None:
    """Return the key behind ``text``, or None when it is not a public id with this prefix."""
    if not isinstance(text, str) or not text.startswith(f"{prefix}_"):
        return None
    body = text[len(prefix) + 1 :]
    if len(body) != _LENGTH or body[0] not in "01234567":
        return None
    value = 0
    for character in body:
        digit = _VALUES.get(character)
        if digit is None:
            return None
        value = value << 5 | digit
    return UUID(int=value)
