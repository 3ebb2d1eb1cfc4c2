"""The self-hosted checkout's words for our facts, and back. Pure tables."""

from collections.abc import Mapping
from typing import Final

from api.errors import InternalError, RateLimited, RequestError, Unauthenticated
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, Unavailable

# Status and type for each kind of failure; the nearest kind counts, and a kind without a status keeps its own.
FAILURES: Final[Mapping[type[CheckoutError], tuple[int | None, str]]] = {
    Unauthenticated: (401, "authentication"),
    Denied: (403, "permission"),
    Invalid: (400, "invalid_request"),
    RequestError: (None, "invalid_request"),  # 400, 405, 413 and 415
    NotFound: (404, "not_found"),
    Conflict: (409, "conflict"),
    RateLimited: (429, "rate_limited"),
    InternalError: (500, "server"),
    Unavailable: (503, "server"),
}


def failure_words(failure: CheckoutError) -> tuple[int | None, str]:
    """Return the HTTP status, unless the failure has its own, and the type for a failure."""
    return next((FAILURES[each] for each in type(failure).__mro__ if each in FAILURES), FAILURES[InternalError])
