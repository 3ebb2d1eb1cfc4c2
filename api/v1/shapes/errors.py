"""The error envelope of the native API, as OpenAPI shows it."""

from typing import Any, Final

from api.validation import Choice, Field, ListOf, MapOf, Schema, Shape, Text

_FAILURE: Final = {
    "code": Text(max=64, pattern="^[A-Z0-9_]+$", doc="Stable; described at `documentation_url`."),
    "message": Text(max=4000, min=0),
    "field": Text(max=400, min=0, required=False, doc="The path into the request, such as `items[0].unit_price`."),
    "constraints": MapOf(Choice("…"), required=False),
    "suggestions": ListOf(Text(max=400), max=20, required=False),
    "documentation_url": Text(max=400),
}


class _Anything(Field):
    """Any JSON value."""

    def convert(self, value: Any, path: str) -> Any:  # noqa: ARG002
        return value

    def bare_schema(self, ref: Any) -> Schema:  # noqa: ARG002
        return {}


_DETAIL: Final = Shape("ErrorDetail", {**_FAILURE, "constraints": MapOf(_Anything(), required=False)}, is_open=True)
ERROR: Final = Shape(
    "Error",
    {
        "error": Shape(
            "ErrorBody",
            {
                "type": Choice(
                    "validation_error",
                    "invalid_request_error",
                    "authentication_error",
                    "permission_error",
                    "rate_limit_error",
                    "api_error",
                    "blockchain_error",
                ),
                **_DETAIL.fields,
                "errors": ListOf(_DETAIL, max=25, required=False, doc="All failures, when there are several."),
            },
            is_open=True,
        ),
        "request_id": Text(max=64, min=0),
        "trace_id": Text(max=64, min=0),
        "timestamp": Text(max=32),
    },
    is_open=True,
)
