"""Fields of one value each."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from api.errors import InvalidTime, InvalidURL, UnknownChoice, WrongType
from api.validation.base import Field, Reference, Schema
from core.money import MAX_DIGITS, has_at_most, parse_amount

_WRITTEN: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Text(Field):
    """Text of ``min`` to ``max`` characters. With ``min`` above 0 it may not be blank."""

    def __init__(self, *, max: int, min: int = 1, pattern: str = "", **marks: Any) -> None:  # noqa: A002
        super().__init__(**marks)
        self.max = max
        self.min = min
        self.pattern = pattern
        self._matches = re.compile(pattern, re.ASCII).search if pattern else None

    def convert(self, value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise WrongType("This must be text.", field=path or None)
        if not self.min <= len(value) <= self.max or (self.min and not value.strip()):
            raise self.out_of_bounds(
                f"This must have {self.min} to {self.max} characters{' and not be blank' if self.min else ''}.",
                path,
                min_length=self.min,
                max_length=self.max,
            )
        if self._matches and not self._matches(value):
            raise self.out_of_bounds("This text does not have the right form.", path, pattern=self.pattern)
        return value

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        described: Schema = {"type": "string", "maxLength": self.max}
        if self.min:
            described["minLength"] = self.min
        if self.pattern or self.min:
            described["pattern"] = self.pattern or r"\S"
        return described


class Email(Text):
    """An e-mail address."""

    def __init__(self, **marks: Any) -> None:
        super().__init__(max=254, **marks)

    def convert(self, value: Any, path: str) -> str:
        text = super().convert(value, path)
        try:
            validate_email(text)
        except ValidationError:
            raise self.out_of_bounds("This is not an e-mail address.", path) from None
        return text

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"type": "string", "format": "email", "maxLength": self.max}


class URL(Text):
    """
    An http or https URL without credentials.

    ``check`` may add its own rules; it raises ValueError with a reason for people.
    """

    def __init__(self, *, check: Callable[[str], None] | None = None, **marks: Any) -> None:
        super().__init__(max=2048, **marks)
        self.check = check

    def convert(self, value: Any, path: str) -> str:
        text = super().convert(value, path)
        try:
            _check_url(text)
            if self.check is not None:
                self.check(text)
        except ValueError as problem:
            raise (self.failure or InvalidURL)(str(problem), field=path or None) from None
        return text

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"type": "string", "format": "uri", "maxLength": self.max, "pattern": "^https?://"}


class Whole(Field):
    """A whole number from ``min`` to ``max``."""

    def __init__(self, *, min: int, max: int, **marks: Any) -> None:  # noqa: A002
        super().__init__(**marks)
        self.min = min
        self.max = max

    def convert(self, value: Any, path: str) -> int:
        if isinstance(value, Decimal) and abs(value.adjusted()) <= MAX_DIGITS and value == value.to_integral_value():
            value = int(value)  # 20.0 is a whole number in JSON
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongType("This must be a whole number.", field=path or None)
        if not self.min <= value <= self.max:
            message = f"This must be between {self.min} and {self.max}."
            raise self.out_of_bounds(message, path, min=self.min, max=self.max)
        return value

    def from_text(self, text: str) -> Any:
        return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"type": "integer", "minimum": self.min, "maximum": self.max}


class Amount(Field):
    """An exact decimal number, written as a JSON number or as text; ``digits`` after the point at most."""

    def __init__(
        self,
        *,
        min: Decimal | int | None = None,  # noqa: A002
        max: Decimal | int | None = None,  # noqa: A002
        above: Decimal | int | None = None,
        digits: int | None = None,
        **marks: Any,
    ) -> None:
        super().__init__(**marks)
        self.min = min
        self.max = max
        self.above = above
        self.digits = digits

    def convert(self, value: Any, path: str) -> Decimal:
        number = None if isinstance(value, str) and not _WRITTEN.fullmatch(value) else parse_amount(value)
        if number is None:
            raise WrongType(
                f"This must be a number, or text that is one, of at most {MAX_DIGITS} digits.", field=path or None
            )
        too_low = (self.min is not None and number < self.min) or (self.above is not None and number <= self.above)
        if too_low or (self.max is not None and number > self.max):
            raise self.out_of_bounds(f"This must be {self._range()}.", path, **self._bounds())
        if self.digits is not None and not has_at_most(number, self.digits):
            raise self.out_of_bounds(
                f"This has at most {self.digits} digits after the point.", path, max_decimal_places=self.digits
            )
        return number

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {
            **self._limits(),
            "type": ["number", "string"],
            "pattern": f"^{_WRITTEN.pattern}$",
            "maxLength": MAX_DIGITS,
        }

    def _limits(self) -> Schema:
        words = {"minimum": self.min, "exclusiveMinimum": self.above, "maximum": self.max}
        return {word: number for word, number in words.items() if number is not None}

    def _bounds(self) -> dict[str, Any]:
        words = {"min": self.min, "above": self.above, "max": self.max}
        return {word: number for word, number in words.items() if number is not None}

    def _range(self) -> str:
        parts = {"at least": self.min, "more than": self.above, "at most": self.max}
        return " and ".join(f"{words} {number}" for words, number in parts.items() if number is not None)


class Number(Amount):
    """An exact decimal number that is always written as a JSON number, as in answers."""

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {**self._limits(), "type": "number"}


class AmountText(Amount):
    """An exact decimal number that is always written as text: a JSON number is refused."""

    def convert(self, value: Any, path: str) -> Decimal:
        if not isinstance(value, str):
            raise WrongType('This must be a decimal number as text, such as "10.00".', field=path or None)
        return super().convert(value, path)

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"type": "string", "pattern": f"^{_WRITTEN.pattern}$", "maxLength": MAX_DIGITS}


class Flag(Field):
    """True or false."""

    def convert(self, value: Any, path: str) -> bool:
        if not isinstance(value, bool):
            raise WrongType("This must be true or false.", field=path or None)
        return value

    def from_text(self, text: str) -> Any:
        return {"true": True, "false": False}.get(text, text)

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"type": "boolean"}


class Choice(Field):
    """One of several words."""

    def __init__(self, *values: str, **marks: Any) -> None:
        super().__init__(**marks)
        self.values = values

    def convert(self, value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise WrongType("This must be text.", field=path or None)
        if value not in self.values:
            failure = self.failure or UnknownChoice
            allowed = list(self.values)
            raise failure(
                f"This must be one of: {', '.join(allowed)}.", field=path or None, constraints={"allowed": allowed}
            )
        return value

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"type": "string", "enum": list(self.values)}


class Moment(Field):
    """A time with its offset, RFC 3339 section 5.6."""

    _FORM: Final = re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
    )

    def convert(self, value: Any, path: str) -> datetime:
        if not isinstance(value, str):
            raise WrongType("This must be text.", field=path or None)
        if not self._FORM.fullmatch(value):
            raise InvalidTime(field=path or None)
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise InvalidTime(field=path or None) from None

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"type": "string", "format": "date-time"}


def _check_url(text: str) -> None:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("A URL here starts with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("A URL here holds no user name and no password.")
    if not parts.hostname or parts.port == 0 or any(character <= " " or character == "\\" for character in text):
        raise ValueError("This is not a complete URL.")
