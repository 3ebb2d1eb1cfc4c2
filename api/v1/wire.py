"""The native API as a wire format."""

from typing import Final

from api.v1.errors import error_answer
from api.v1.shapes.errors import ERROR
from api.validation import Schema
from api.wire import WireFormat
from merchants.secrets import KeyFormat

CREDENTIALS: Final[dict[str, Schema]] = {
    "ApiKeyOrToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`sk_live_…`, `sk_test_…`) or an access token from `POST /api/v1/auth/token`.",
    },
    "ApiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
NATIVE: Final = WireFormat(
    name="native",
    prefix="/api/",
    keys=KeyFormat.NATIVE,
    error_answer=error_answer,
    error_shape=ERROR,
    credentials=CREDENTIALS,
)
