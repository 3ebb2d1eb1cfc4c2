"""What every wire format does alike when something fails: which failure it was, its HTTP status, its headers."""

from collections.abc import Mapping
from typing import Final

import structlog
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from api.errors import BadRequest, InternalError, RequestError, RequestTimedOut, TemporarilyUnavailable, UnknownURL
from api.leaks import refuse_in_url
from api.wire import WireFormat
from core import exact_json
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, Unavailable
from core.idempotency import KeyInUse
from core.timelimits import is_timeout

_log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = "10"
_STATUSES: Final[tuple[tuple[type[CheckoutError], int], ...]] = (
    (Invalid, 422),
    (NotFound, 404),
    (Conflict, 409),
    (Denied, 403),
    (Unavailable, 503),
)


def failure_of(problem: Exception) -> CheckoutError:
    """Return what the caller is told about ``problem``; whatever nobody foresaw is logged and told as our fault."""
    if isinstance(problem, CheckoutError):
        return problem
    if is_timeout(problem):
        _log.warning("A request took too long.", exc_info=problem)
        return RequestTimedOut()
    if isinstance(problem, OperationalError):
        _log.error("The database did not answer.", exc_info=problem)
        return TemporarilyUnavailable()
    if isinstance(problem, SuspiciousOperation):  # what Django itself refuses, such as thousands of parameters
        return BadRequest()
    _log.error("A request crashed.", exc_info=problem)
    return InternalError()


def status_of(failure: CheckoutError) -> int:
    """Return the HTTP status of a failure, unless a format has its own."""
    if isinstance(failure, RequestError):
        return failure.status
    return next((status for kind, status in _STATUSES if isinstance(failure, kind)), InternalError.status)


def headers_of(failure: CheckoutError, status: int) -> Mapping[str, str]:
    """Return the headers that go out with a failure."""
    headers = {"Cache-Control": "no-store", **getattr(failure, "headers", {})}
    if isinstance(failure, KeyInUse):
        headers["Retry-After"] = str(failure.retry_after)
    if status == 503:
        headers["Retry-After"] = _PAUSE_SECONDS
    return headers


def error_code(body: bytes) -> str:
    """Return the code in the body of a failure, also when it was stored since; "" when there is none."""
    try:
        code = exact_json.loads(body)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(code)


def unknown_url(wire: WireFormat, request: HttpRequest) -> HttpResponse:
    """Answer 404 where there is nothing."""
    try:
        refuse_in_url(request.path, request.META.get("QUERY_STRING", ""), now=timezone.now())
    except CheckoutError as refusal:
        return wire.error_answer(refusal)
    return wire.error_answer(UnknownURL())
