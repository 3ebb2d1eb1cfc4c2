"""
The one error envelope of the native API, whatever failed and wherever.

    {"error": {"type", "code", "message", "field"?, "constraints"?, "suggestions"?, "documentation_url", "errors"?},
     "request_id", "trace_id", "timestamp"}
"""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from api.answers import json_answer
from api.errors import BadRequest, InternalError, RequestError, RequestTimedOut, TemporarilyUnavailable, UnknownURL
from api.leaks import refuse_in_url
from core import context, exact_json
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, SeveralInvalid, Unavailable
from core.exact_json import timestamp
from core.idempotency import KeyInUse
from core.timelimits import is_timeout

_log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = "10"
_KINDS: Final[tuple[tuple[type[CheckoutError], int, str], ...]] = (
    (Invalid, 422, "validation_error"),
    (NotFound, 404, "invalid_request_error"),
    (Conflict, 409, "invalid_request_error"),
    (Denied, 403, "permission_error"),
    (Unavailable, 503, "api_error"),
)


def status_and_type(failure: CheckoutError) -> tuple[int, str]:
    """Return the HTTP status and the envelope's ``type`` for a failure."""
    if isinstance(failure, RequestError):
        return failure.status, failure.kind
    for kind, status, word in _KINDS:
        if isinstance(failure, kind):
            return status, word
    return InternalError.status, InternalError.kind


def envelope(failure: CheckoutError) -> dict[str, Any]:
    """Return the body that tells the caller about ``failure``."""
    caller = context.current()
    _, word = status_and_type(failure)
    several = failure.failures if isinstance(failure, SeveralInvalid) else ()
    error = {"type": word, **_described(several[0] if several else failure)}
    if several:
        error["errors"] = [_described(each) for each in several]
    return {
        "error": error,
        "request_id": caller.request_id,
        "trace_id": caller.trace_id,
        "timestamp": timestamp(timezone.now()),
    }


def error_answer(failure: CheckoutError) -> HttpResponse:
    """Return the whole answer for ``failure``."""
    status, _ = status_and_type(failure)
    return json_answer(envelope(failure), status=status, headers=_headers(failure, status))


def error_code(body: bytes) -> str:
    """Return the code in a body that :func:`envelope` made, also when it was stored since; "" when there is none."""
    try:
        code = exact_json.loads(body)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(code)


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


@csrf_exempt  # programs have no cookie to be tricked with: what is unknown is unknown to every method
def unknown_url(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - its signature
    """Answer 404 below /api; for ``handler404``."""
    try:
        refuse_in_url(request.path, request.META.get("QUERY_STRING", ""), now=timezone.now())
    except CheckoutError as refusal:
        return error_answer(refusal)
    return error_answer(UnknownURL())


def crashed(problem: BaseException | None) -> HttpResponse:
    """Answer 500 below /api, or 503 where the database was to blame; for ``handler500``. Django has logged it."""
    return error_answer(failure_of(problem) if isinstance(problem, OperationalError) else InternalError())


def _described(failure: CheckoutError) -> dict[str, Any]:
    described: dict[str, Any] = {"code": failure.code, "message": failure.detail}
    if failure.field is not None:
        described["field"] = failure.field
    if failure.constraints:
        described["constraints"] = failure.constraints
    if failure.advice:
        described["suggestions"] = list(failure.advice)
    described["documentation_url"] = f"{settings.API_BASE_URL}/docs/errors#{failure.code.lower().replace('_', '-')}"
    return described


def _headers(failure: CheckoutError, status: int) -> Mapping[str, str]:
    headers = {"Cache-Control": "no-store", **getattr(failure, "headers", {})}
    if isinstance(failure, KeyInUse):
        headers["Retry-After"] = str(failure.retry_after)
    if status == 503:
        headers["Retry-After"] = _PAUSE_SECONDS
    return headers
