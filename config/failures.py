"""The answers when no view could give one: an unknown URL and a crash. JSON under /api, a page elsewhere."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views import defaults

from core.context import current
from core.exact_json import timestamp


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    if _is_api(request):
        return _envelope("invalid_request_error", "NOT_FOUND", "There is nothing at this URL.", status=404)
    return defaults.page_not_found(request, exception)


def crashed(request: HttpRequest) -> HttpResponse:
    """Answer 500 without telling why; the log has the reason under the request's id."""
    if _is_api(request):
        return _envelope("api_error", "INTERNAL_ERROR", "Something went wrong on our side.", status=500)
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _envelope(kind: str, code: str, message: str, *, status: int) -> JsonResponse:
    caller = current()
    body: dict[str, Any] = {
        "error": {"type": kind, "code": code, "message": message},
        "request_id": caller.request_id,
        "trace_id": caller.trace_id,
        "timestamp": timestamp(timezone.now()),
    }
    return JsonResponse(body, status=status)
