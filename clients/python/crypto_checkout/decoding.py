"""What comes in: JSON read exactly, and answers as dataclasses whose types say what each field becomes."""

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

M = TypeVar("M", bound="Model")
_Plan: TypeAlias = tuple[tuple[str, str, Callable[[Any], Any]], ...]
_plans: dict[type["Model"], _Plan] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """An answer. ``raw`` is all of it, with fields that this version of the client does not know."""

    raw: Mapping[str, Any] = field(repr=False, compare=False)


def loads(text: str | bytes) -> Any:
    """
    Read JSON; numbers with a point become Decimal.

    :raises ValueError: when it is no JSON
    """
    return json.loads(text, parse_float=Decimal)


def decode(kind: type[M], found: Mapping[str, Any]) -> M:
    """Return what the gateway said as ``kind``; what it did not say is None."""
    if kind not in _plans:
        _plans[kind] = _plan(kind)
    return kind(raw=found, **{name: read(found.get(key)) for name, key, read in _plans[kind]})


def _plan(kind: type[Model]) -> _Plan:
    """Return for each field its name, its key in JSON (``from_`` is ``from``) and what reads it."""
    hints = get_type_hints(kind)
    names = [one.name for one in fields(kind) if one.name != "raw"]
    return tuple((name, name.rstrip("_"), _reader(hints[name])) for name in names)


def _reader(hint: Any) -> Callable[[Any], Any]:
    plain = _reader_of_value(hint)
    return lambda value: None if value is None else plain(value)


def _reader_of_value(hint: Any) -> Callable[[Any], Any]:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _reader_of_value(next(one for one in inner if one is not types.NoneType))
    if origin is Sequence:
        read = _reader(inner[0])
        return lambda value: [read(one) for one in value]
    if origin is Mapping:
        read = _reader(inner[1])
        return lambda value: {name: read(one) for name, one in value.items()}
    if isinstance(hint, type) and issubclass(hint, Model):
        return lambda value: decode(hint, value)
    return _READERS.get(hint, _as_it_is) if origin is not Literal else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


_READERS: dict[Any, Callable[[Any], Any]] = {
    # A whole amount has no point; a number that is large or small may be written with an exponent.
    Decimal: lambda value: Decimal(value) if isinstance(value, int) else value,
    int: lambda value: int(value) if isinstance(value, Decimal) else value,
    datetime: datetime.fromisoformat,
}
