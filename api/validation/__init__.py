"""
What a request may hold, declared once: the declaration checks requests and becomes the OpenAPI schema.

    CREATE_KEY = Shape("CreateApiKey", {"name": Text(max=100), "key_type": Choice("live", "test")})
    wanted = CREATE_KEY.read(body)        # {"name": "…", "key_type": "live"}, or Invalid / SeveralInvalid

A field is required unless it says ``required=False``; an absent one is left out of the result, so
that PATCH can tell it from null, unless it has a ``default``. Unknown fields are refused. The same
declarations, with ``is_open=True``, describe answers.
"""

from api.validation.base import Field, Schema
from api.validation.composites import FreeForm, ListOf, MapOf, Shape
from api.validation.scalars import URL, Amount, AmountText, Choice, Email, Flag, Moment, Number, Text, Whole

__all__ = [
    "URL",
    "Amount",
    "AmountText",
    "Choice",
    "Email",
    "Field",
    "Flag",
    "FreeForm",
    "ListOf",
    "MapOf",
    "Moment",
    "Number",
    "Schema",
    "Shape",
    "Text",
    "Whole",
]
