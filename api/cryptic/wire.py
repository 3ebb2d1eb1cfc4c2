"""Cryptic as a wire format."""

from typing import Final

from api.cryptic.envelopes import error_answer, success, tell_limit
from api.cryptic.shapes import ERROR
from api.wire import WireFormat
from merchants.secrets import KeyFormat

CRYPTIC: Final = WireFormat(
    name="cryptic",
    prefix="/cryptic/",
    keys=KeyFormat.CRYPTIC,
    error_answer=error_answer,
    error_shape=ERROR,
    credentials={
        "CrypticKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key in Cryptic's form: `cw_live_…`, `cw_test_…`.",
        },
        "CrypticKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    },
    success=success,
    tell_limit=tell_limit,
    preflight_headers="Content-Type, Authorization, X-API-Key",
)
