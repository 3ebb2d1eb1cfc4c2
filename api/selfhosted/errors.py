"""
How the self-hosted checkout's API tells a failure.

    {"error": {"type", "code", "message", "param"?, "requestId"}}
"""

from typing import Any

from django.http import HttpResponse

from api.answers import json_answer
from api.failures import headers_of, status_of
from api.selfhosted.mapping import failure_words
from core import context
from core.errors import CheckoutError


def error_answer(failure: CheckoutError) -> HttpResponse:
    """Return the whole answer for ``failure``."""
    own, kind = failure_words(failure)
    status = own or status_of(failure)
    error: dict[str, Any] = {"type": kind, "code": failure.code.lower(), "message": failure.detail}
    if failure.field is not None:
        error["param"] = failure.field
    error["requestId"] = context.current().request_id
    return json_answer({"error": error}, status=status, headers=headers_of(failure, status))
