"""JSON without floats: numbers are read as ``Decimal`` or ``int`` and written digit by digit.

``json`` would make 0.1 a float on the way in and refuse a Decimal on the way out. Here
``loads(dumps(x)) == x`` for every Decimal, and 0.000000000000000001 is written as exactly that.
"""

import json
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Never
from uuid import UUID

import simplejson

_MAX_LENGTH: Final = 1000  # characters of one fraction
_MAX_EXPONENT: Final = 400  # a double reaches 308, a uint256 77
_TO_SECONDS: Final = len("2025-01-15T10:00:00")
_MAX_DEPTH: Final = 900  # within Python's own limit of 1000 calls
_PLAINLY_SHALLOW: Final = 16
_NEITHER_BRACKET_NOR_QUOTE: Final = bytes(code for code in range(256) if code not in b'[]{}"')
_TEXT_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class TooDeep(ValueError):
    """The text nests deeper than the parser can follow."""


class ExactDecoder(json.JSONDecoder):
    """Reads fractions as ``Decimal``; refuses NaN and Infinity, which are not JSON, boundless numbers and depths."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "parse_float": _fraction, "parse_constant": _refuse})

    def decode(self, s: str) -> Any:  # type: ignore[override] # its second parameter is private to it
        """
        Return what ``s`` says.

        :raises ValueError: when it is not JSON; ``TooDeep`` when it nests deeper than the parser can follow
        """
        # The parser recurses in C and trusts Python's limit to stop it. Libraries raise that limit (py_ecc, which
        # signing for EVM chains imports, does so on import): then a hundred kilobytes of "[" would end the process.
        if sys.getrecursionlimit() > _MAX_DEPTH + 100 and _is_too_deep(s):
            raise TooDeep("nested too deeply")
        try:
            return super().decode(s)
        except RecursionError:
            raise TooDeep("nested too deeply") from None


def loads(text: str | bytes) -> Any:
    """
    Return what ``text`` says.

    :raises ValueError: when it is not JSON, or nests deeper than the parser can follow
    """
    return _DECODER.decode(text.decode() if isinstance(text, bytes) else text)


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= _MAX_DEPTH or _is_plainly_shallow(text):
        return False
    depth = 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        mark = found.group()
        if mark in "[{":
            depth += 1
            if depth > _MAX_DEPTH:
                return True
        elif mark in "]}":
            depth -= 1
    return False


def _is_plainly_shallow(text: str) -> bool:
    """
    Return True when a few looks in C show that ``text`` is shallow, as nearly all is; False when that is unclear.

    Only brackets and quotes are kept. Then each look takes away texts without brackets, or one level. Nothing is left
    only if every run of quotes was even: then no bracket stood within a text.
    """
    if "\\" in text:
        return False  # perhaps an escaped quote
    rest = text.encode(errors="replace").translate(None, delete=_NEITHER_BRACKET_NOR_QUOTE).replace(b'""', b"")
    for _ in range(_PLAINLY_SHALLOW):
        rest = rest.replace(b"[]", b"").replace(b"{}", b"")
    return not rest


def dumps(value: Any) -> str:
    """Return ``value`` as compact JSON; Decimals become numbers, datetimes RFC 3339 text in UTC."""
    text: str = _COMPACT.encode(value)
    return text


def canonical(value: Any) -> str:
    """Return ``value`` as ``dumps`` does, with keys in order at every level: one value, one text."""
    text: str = _IN_ORDER.encode(value)
    return text


def laid_out(value: Any) -> str:
    """Return ``value`` as JSON for people to read: the same numbers, over lines."""
    text: str = _encoder(indent=2).encode(value)
    return text


def _encoder(**options: Any) -> simplejson.JSONEncoder:
    # To ask of each value whether it is a named tuple would take as long as all the rest.
    kept: dict[str, Any] = {"use_decimal": False, "namedtuple_as_object": False, "encoding": None}
    return simplejson.JSONEncoder(default=_plain, ensure_ascii=False, **kept, **options)


def timestamp(moment: datetime) -> str:
    """Return ``moment`` as RFC 3339 in UTC with whole seconds: ``2025-01-15T10:00:00Z``."""
    return f"{moment.astimezone(UTC).isoformat()[:_TO_SECONDS]}Z"


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("JSON has no number for this Decimal")
        return simplejson.RawJSON(format(value, "f"))
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _fraction(text: str) -> Decimal:
    """Return an exact number; 1e999999999 is one too, but written out it would fill the memory."""
    if len(text) > _MAX_LENGTH:
        raise ValueError("a number is too long")
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond even Decimal
        raise ValueError("a number is out of range") from None
    if abs(number.adjusted()) > _MAX_EXPONENT:
        raise ValueError("a number is out of range")
    return number


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")


_DECODER = ExactDecoder()
_COMPACT = _encoder(separators=(",", ":"))
_IN_ORDER = _encoder(separators=(",", ":"), sort_keys=True)
