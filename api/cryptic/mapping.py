"""Cryptic's words for our facts, and back. Pure tables."""

from collections.abc import Mapping
from typing import Final

from api.errors import (
    BodyTooLarge,
    ChainFailure,
    InternalError,
    MethodNotAllowed,
    RateLimited,
    RequestError,
    Unauthenticated,
    UnsupportedMediaType,
)
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, Unavailable

UNAUTHORIZED: Final = 'API key required. Include it in Authorization header as "Bearer <key>" or X-API-Key header.'
INVALID: Final = "Invalid request data"
TOO_MANY: Final = "Rate limit exceeded. Try again later."

# Status and code for each kind of failure; the nearest kind counts. The guide's own words are UNAUTHORIZED and
# NOT_FOUND; VALIDATION_ERROR to INTERNAL_ERROR are the original's, and the rest follow their form.
FAILURES: Final[Mapping[type[CheckoutError], tuple[int, str]]] = {
    Unauthenticated: (401, "UNAUTHORIZED"),
    Invalid: (400, "VALIDATION_ERROR"),
    NotFound: (404, "NOT_FOUND"),
    Conflict: (409, "CONFLICT"),
    RateLimited: (429, "RATE_LIMIT_EXCEEDED"),
    RequestError: (400, "BAD_REQUEST"),
    ChainFailure: (502, "EXTERNAL_API_ERROR"),
    InternalError: (500, "INTERNAL_ERROR"),
    Denied: (403, "FORBIDDEN"),
    Unavailable: (503, "SERVICE_UNAVAILABLE"),
    MethodNotAllowed: (405, "METHOD_NOT_ALLOWED"),
    BodyTooLarge: (413, "PAYLOAD_TOO_LARGE"),
    UnsupportedMediaType: (415, "UNSUPPORTED_MEDIA_TYPE"),
}


def failure_words(kind: type[CheckoutError]) -> tuple[int, str]:
    """Return the HTTP status and the code for a kind of failure."""
    return next((FAILURES[each] for each in kind.__mro__ if each in FAILURES), FAILURES[InternalError])
