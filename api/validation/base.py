"""What every field of a request has in common."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from api.errors import OutOfRange, WrongType
from core.errors import Invalid

if TYPE_CHECKING:
    from api.validation.composites import Shape

Schema: TypeAlias = dict[str, Any]
Reference: TypeAlias = Callable[["Shape"], Schema]

ABSENT: Final = object()


class Field(ABC):
    """
    One value of a request.

    ``default`` is what an absent value counts as; ``nullable`` says that null is a value of its own;
    ``failure`` is the error for a value out of bounds, where the domain has its own.
    """

    def __init__(
        self,
        *,
        required: bool = True,
        default: Any = ABSENT,
        nullable: bool = False,
        failure: type[Invalid] | None = None,
        doc: str = "",
        example: Any = None,
    ) -> None:
        self.required = required and default is ABSENT
        self.default = default
        self.nullable = nullable
        self.failure = failure
        self.doc = doc
        self.example = example

    def read(self, value: Any, path: str = "") -> Any:
        """
        Return what ``value`` means.

        :raises Invalid: naming ``path`` in the request
        """
        if value is None:
            if self.nullable:
                return None
            raise WrongType("This may not be null.", field=path or None)
        return self.convert(value, path)

    @abstractmethod
    def convert(self, value: Any, path: str) -> Any:
        """Return what a value that is not null means."""

    def from_text(self, text: str) -> Any:
        """Return the JSON value that a query parameter stands for."""
        return text

    def schema(self, ref: Reference) -> Schema:
        """Return the JSON Schema (draft 2020-12) of the value."""
        described = self.bare_schema(ref)
        if self.nullable:
            described = _nullable(described)
        if self.doc:
            described["description"] = self.doc
        if self.example is not None:
            described["examples"] = [self.example]
        if self.default is not ABSENT:
            described["default"] = self.default
        return described

    @abstractmethod
    def bare_schema(self, ref: Reference) -> Schema:
        """Return the schema of the value itself."""

    def out_of_bounds(self, message: str, path: str, **constraints: Any) -> Invalid:
        """Return the failure for a value that is of the right type and yet not allowed."""
        return (self.failure or OutOfRange)(message, field=path or None, constraints=constraints)

    def but(self, **changes: Any) -> Self:
        """Return the same field with some of its marks changed: ``NAME.but(required=False)``."""
        twin = copy.copy(self)
        for name, value in changes.items():
            setattr(twin, name, value)
        return twin


def _nullable(described: Schema) -> Schema:
    if "$ref" in described:
        return {"oneOf": [described, {"type": "null"}]}
    kinds = described["type"] if isinstance(described["type"], list) else [described["type"]]
    nullable = {**described, "type": [*kinds, "null"]}
    if "enum" in described:
        nullable["enum"] = [*described["enum"], None]
    return nullable
