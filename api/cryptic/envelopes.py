"""
The two envelopes of Cryptic's answers.

    {"data": …, "timestamp": "2024-01-01T00:00:00.000Z", "requestId": …}
    {"error": {"code", "message", "details"?}, "timestamp", "requestId"}
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from api.answers import json_answer
from api.cryptic.mapping import FIELDS, INVALID, TOO_MANY, UNAUTHORIZED, failure_words
from api.errors import RateLimited, Unauthenticated
from api.failures import headers_of
from core import context
from core.errors import CheckoutError, Invalid, SeveralInvalid
from core.ratelimit import Verdict


def success(data: Any, status: int, headers: Mapping[str, str]) -> HttpResponse:
    """Return a good answer in its envelope."""
    return json_answer({"data": data, **_marks()}, status=status, headers=headers)


def error_answer(failure: CheckoutError) -> HttpResponse:
    """Return the whole answer for ``failure``."""
    status, code = failure_words(type(failure))
    message, details = _told(failure)
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = details
    return json_answer({"error": error, **_marks()}, status=status, headers=headers_of(failure, status))


def tell_limit(answer: HttpResponseBase, verdict: Verdict) -> None:
    """Write the state of the limit into the headers; ``Reset`` in Unix seconds."""
    answer["X-RateLimit-Limit"] = str(verdict.limit)
    answer["X-RateLimit-Remaining"] = str(verdict.remaining)
    answer["X-RateLimit-Reset"] = str(verdict.reset_at)


def moment(at: datetime | None) -> str | None:
    """Return a time as Cryptic writes it: UTC with milliseconds and ``Z``."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _marks() -> dict[str, Any]:
    return {"timestamp": moment(timezone.now()), "requestId": context.current().request_id}


def _told(failure: CheckoutError) -> tuple[str, dict[str, Any]]:
    """Return the message and the details of a failure."""
    if isinstance(failure, Unauthenticated):
        return UNAUTHORIZED, {}
    if isinstance(failure, RateLimited):
        return TOO_MANY, {"limit": failure.constraints.get("limit"), "reset": failure.reset_at}
    if isinstance(failure, Invalid):
        several = failure.failures if isinstance(failure, SeveralInvalid) else (failure,)
        details = {FIELDS.get(each.field, each.field): each.detail for each in several if each.field}
        return (INVALID if details else failure.detail), details
    return failure.detail, {}
