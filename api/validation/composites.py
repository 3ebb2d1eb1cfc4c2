"""Fields made of fields."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.http import QueryDict

from api.errors import InvalidText, MissingField, UnknownField, WrongType
from api.validation.base import ABSENT, Field, Reference, Schema
from core import exact_json
from core.errors import Invalid, SeveralInvalid
from core.money import MAX_DIGITS, parse_amount

MAX_FAILURES: Final = 25  # told at once; who sends more has another problem
_SHOWN: Final = 64  # characters of an unknown name that are repeated to the caller


class ListOf(Field):
    """A list of ``min`` to ``max`` values of one kind; in a query, separated by commas."""

    def __init__(self, item: Field, *, max: int, min: int = 0, unique: bool = False, **marks: Any) -> None:  # noqa: A002
        super().__init__(**marks)
        self.item = item
        self.max = max
        self.min = min
        self.unique = unique

    def convert(self, value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise WrongType("This must be a list.", field=path or None)
        if not self.min <= len(value) <= self.max:
            raise self.out_of_bounds(
                f"This must have {self.min} to {self.max} entries.", path, min_items=self.min, max_items=self.max
            )
        failures: list[Invalid] = []
        entries = [_collect(failures, self.item, entry, f"{path}[{index}]") for index, entry in enumerate(value)]
        _raise_all(failures)
        if self.unique and len(set(entries)) != len(entries):
            raise self.out_of_bounds("This holds the same entry twice.", path, unique_items=True)
        return entries

    def from_text(self, text: str) -> Any:
        return [self.item.from_text(part) for part in text.split(",")]

    def bare_schema(self, ref: Reference) -> Schema:
        described: Schema = {"type": "array", "items": self.item.schema(ref), "maxItems": self.max}
        if self.min:
            described["minItems"] = self.min
        if self.unique:
            described["uniqueItems"] = True
        return described


class FreeForm(Field):
    """The caller's own JSON object, kept as it is: ``max_bytes`` as compact JSON, ``max_depth`` levels."""

    def __init__(self, *, max_bytes: int = 16_384, max_keys: int = 50, max_depth: int = 5, **marks: Any) -> None:
        super().__init__(**marks)
        self.max_bytes = max_bytes
        self.max_keys = max_keys
        self.max_depth = max_depth

    def convert(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WrongType("This must be an object.", field=path or None)
        if len(value) > self.max_keys:
            raise self.out_of_bounds(f"This may have at most {self.max_keys} keys.", path, max_keys=self.max_keys)
        self._check(value, path, 1)
        if len(exact_json.dumps(value).encode()) > self.max_bytes:
            raise self.out_of_bounds("This is too large.", path, max_bytes=self.max_bytes)
        return value

    def _check(self, value: Any, path: str, depth: int) -> None:
        if isinstance(value, dict | list):
            if depth > self.max_depth:
                raise self.out_of_bounds("This nests too deeply.", path, max_depth=self.max_depth)
            entries = value.items() if isinstance(value, dict) else enumerate(value)
            for key, entry in entries:
                self._check(entry, f"{path}.{key[:_SHOWN]}" if isinstance(key, str) else f"{path}[{key}]", depth + 1)
        elif isinstance(value, int | Decimal) and not isinstance(value, bool) and parse_amount(value) is None:
            # Written out, 1e999999999 would fill the memory.
            raise self.out_of_bounds(f"A number may have at most {MAX_DIGITS} digits.", path, max_digits=MAX_DIGITS)

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"type": "object", "additionalProperties": True, "maxProperties": self.max_keys}


class MapOf(Field):
    """An object with keys of the caller's or the server's own and values of one kind."""

    def __init__(self, item: Field, *, max: int = 100, **marks: Any) -> None:  # noqa: A002
        super().__init__(**marks)
        self.item = item
        self.max = max

    def convert(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WrongType("This must be an object.", field=path or None)
        if len(value) > self.max:
            raise self.out_of_bounds(f"This may have at most {self.max} keys.", path, max_keys=self.max)
        failures: list[Invalid] = []
        entries = {key: _collect(failures, self.item, entry, _join(path, key[:_SHOWN])) for key, entry in value.items()}
        _raise_all(failures)
        return entries

    def bare_schema(self, ref: Reference) -> Schema:
        return {"type": "object", "additionalProperties": self.item.schema(ref), "maxProperties": self.max}


class Shape(Field):
    """
    An object with named fields: nested, the body of a request, the parameters of a query, or an answer.

    ``is_open=True`` describes an answer, to which later versions may add fields.
    """

    def __init__(self, name: str, fields: Mapping[str, Field], *, is_open: bool = False, **marks: Any) -> None:
        super().__init__(**marks)
        self.name = name
        self.fields = dict(fields)
        self.is_open = is_open

    def convert(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WrongType("This must be an object.", field=path or None)
        failures: list[Invalid] = []
        found: dict[str, Any] = {}
        for name, field in self.fields.items():
            if name in value:
                found[name] = _collect(failures, field, value[name], _join(path, name))
            elif field.required:
                failures.append(MissingField(field=_join(path, name)))
            elif field.default is not ABSENT:
                found[name] = field.default
        if not value.keys() <= self.fields.keys():
            failures.extend(UnknownField(field=_join(path, name[:_SHOWN])) for name in value if name not in self.fields)
        _raise_all(failures)
        return found

    def read_query(self, query: QueryDict) -> dict[str, Any]:
        """
        Return what the query parameters mean; each may be given once.

        :raises Invalid: naming the parameter
        """
        values: dict[str, Any] = {}
        for name, texts in query.lists():
            if "\0" in name or any("\0" in text for text in texts):
                raise InvalidText(field=name[:_SHOWN])
            if len(texts) > 1:
                raise UnknownField("This parameter may be given only once.", field=name[:_SHOWN])
            field = self.fields.get(name)
            values[name] = field.from_text(texts[0]) if field else texts[0]
        return self.convert(values, "")

    def bare_schema(self, ref: Reference) -> Schema:
        return ref(self)

    def object_schema(self, ref: Reference) -> Schema:
        """Return the schema of the object itself, as a component."""
        required = [name for name, field in self.fields.items() if field.required]
        described: Schema = {
            "type": "object",
            "properties": {name: field.schema(ref) for name, field in self.fields.items()},
        }
        if required:
            described["required"] = required
        if not self.is_open:
            described["additionalProperties"] = False
        return described


def _collect(failures: list[Invalid], field: Field, value: Any, path: str) -> Any:
    try:
        return field.read(value, path)
    except SeveralInvalid as several:
        failures.extend(several.failures)
    except Invalid as failure:
        failures.append(failure)
    return None


def _raise_all(failures: list[Invalid]) -> None:
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise SeveralInvalid(failures[:MAX_FAILURES])


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
