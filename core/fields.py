"""Model fields that keep numbers exact."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.expressions import Combinable, RawSQL
from psycopg.types.json import Jsonb

from core import exact_json


class ExactJSONField(models.JSONField):
    """
    JSON whose fractions are ``Decimal`` in Python and ``numeric`` in PostgreSQL.

    jsonb keeps numbers as numeric, so nothing is lost in the table; Django's own field would go
    through float on both ways.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        # The encoder is for whoever shows the value, such as the admin; the table gets exact numbers.
        super().__init__(*args, **{**options, "encoder": DjangoJSONEncoder, "decoder": exact_json.ExactDecoder})

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:  # noqa: ARG002
        # Django's own makes a decoder for each value, which costs more than reading it.
        return exact_json.loads(value) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        options.pop("encoder", None)
        options.pop("decoder", None)
        return name, path, args, options

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: ARG002
        if value is None or isinstance(value, models.expressions.BaseExpression | Jsonb):
            return value
        return Jsonb(value, dumps=exact_json.dumps)

    def value_to_string(self, obj: models.Model) -> Any:
        return json.loads(exact_json.dumps(self.value_from_object(obj)))


class UnitsField(models.DecimalField):
    """A whole number of an asset's base units, wide enough for a uint256 (78 digits); an ``int`` in Python."""

    if TYPE_CHECKING:
        _pyi_private_set_type: int | Combinable
        _pyi_private_get_type: int  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "max_digits": 78, "decimal_places": 0})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        options.pop("max_digits", None)
        options.pop("decimal_places", None)
        return name, path, args, options

    def from_db_value(self, value: Any, *_: Any) -> int | None:
        return None if value is None else int(value)

    def to_python(self, value: Any) -> Any:
        converted = super().to_python(value)
        return None if converted is None else int(converted)


class ValueField(models.DecimalField):
    """An amount of fiat currency, with 12 digits after the point so that sums of conversions stay exact enough."""

    DIGITS = 12

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "max_digits": 36, "decimal_places": self.DIGITS})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        options.pop("max_digits", None)
        options.pop("decimal_places", None)
        return name, path, args, options


def condition(sql: str) -> RawSQL:
    """
    Return what a row must be, for a ``CheckConstraint`` of a table that is written often.

    PostgreSQL reads all conditions of a table anew for each statement that writes to it. For invoices that was a third
    of an insertion, most of it for what Django makes of ``^`` and ``in``; ``= ANY ('{a,b}'::text[])`` is one constant.
    """
    return RawSQL(sql, (), output_field=models.BooleanField())  # noqa: S611 - our own words


def is_one_of(column: str, values: Iterable[str]) -> RawSQL:
    """Return the ``condition`` that ``column`` holds one of some plain words."""
    return condition(f"{column} = ANY ('{{{','.join(values)}}}'::text[])")
