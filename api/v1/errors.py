"""
The one error envelope of the native API, whatever failed and wherever.

    {"error": {"type", "code", "message", "field"?, "constraints"?, "suggestions"?, "documentation_url", "errors"?},
     "request_id", "trace_id", "timestamp"}
"""

from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from api.answers import json_answer
from api.errors import InternalError, RequestError
from api.failures import headers_of, status_of
from core import context
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, SeveralInvalid, Unavailable
from core.exact_json import timestamp

_KINDS: Final[tuple[tuple[type[CheckoutError], str], ...]] = (
    (Invalid, "validation_error"),
    (NotFound, "invalid_request_error"),
    (Conflict, "invalid_request_error"),
    (Denied, "permission_error"),
    (Unavailable, "api_error"),
)


def type_of(failure: CheckoutError) -> str:
    """Return the envelope's ``type`` for a failure."""
    if isinstance(failure, RequestError):
        return failure.kind
    return next((word for kind, word in _KINDS if isinstance(failure, kind)), InternalError.kind)


def envelope(failure: CheckoutError) -> dict[str, Any]:
    """Return the body that tells the caller about ``failure``."""
    caller = context.current()
    several = failure.failures if isinstance(failure, SeveralInvalid) else ()
    error = {"type": type_of(failure), **_described(several[0] if several else failure)}
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
    status = status_of(failure)
    return json_answer(envelope(failure), status=status, headers=headers_of(failure, status))


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
