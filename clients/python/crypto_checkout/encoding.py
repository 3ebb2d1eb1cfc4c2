"""What goes out: amounts and times as text, never a float, and nothing for what was not given."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode


class NotGiven:
    """The type of ``NOT_GIVEN``: a field that is left out, other than one that is None."""

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven()
Amount = Decimal | int | str  # exact; a float is refused
Time = datetime | date | str  # a datetime with its offset, a date, or RFC 3339


def body(values: Mapping[str, Any]) -> bytes:
    """
    Return the JSON of a request's body.

    :raises TypeError: when a value is a float, or of a type that JSON does not have
    """
    return json.dumps(_plain(values, "")).encode()


def query(values: Mapping[str, Any]) -> str:
    """
    Return the query of a URL, with its question mark; empty when nothing was given.

    :raises TypeError: when a value is a float
    """
    given = {name: _word(_plain(value, name)) for name, value in values.items() if value not in (NOT_GIVEN, None)}
    return f"?{urlencode(given)}" if given else ""


def segment(text: str) -> str:
    """
    Return ``text`` as one segment of a path.

    :raises ValueError: when it is empty or a dot or two: the path would be another one
    """
    if text.strip(".") == "":
        raise ValueError(f"{text!r} is no id.")
    return quote(text, safe="")


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        kept = ((str(name), inner) for name, inner in value.items() if inner is not NOT_GIVEN)
        return {name: _plain(inner, f"{where}.{name}" if where else name) for name, inner in kept}
    if isinstance(value, float) and not where.startswith("metadata"):
        raise TypeError(f"{where} is the float {value!r}, which is not exact. Give Decimal({str(value)!r}) or text.")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return _moment(value, where)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner, f"{where}[{index}]") for index, inner in enumerate(value)]
    return value


def _moment(value: date, where: str) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise TypeError(f"{where} is a time without its time zone. Give datetime(…, tzinfo=UTC).")
    return value.isoformat()


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(str(one) for one in value) if isinstance(value, list) else str(value)
