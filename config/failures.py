"""The answers when no view could give one: an unknown URL and a crash. JSON under /api, a page elsewhere."""

import sys
from typing import Final

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

from api.errors import BadRequest
from api.v1 import errors

PAUSE_SECONDS: Final = "10"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    if _is_api(request):
        return errors.unknown_url(request, exception)
    return defaults.page_not_found(request, exception)


def crashed(request: HttpRequest) -> HttpResponse:
    """Answer 500 without telling why, or 503 where the database was to blame; the log has it under the request's id."""
    problem = sys.exc_info()[1]
    if _is_api(request):
        return errors.crashed(problem)
    if isinstance(problem, OperationalError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": PAUSE_SECONDS})
    return defaults.server_error(request)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to what Django itself refuses, such as a host name that is not ours."""
    if _is_api(request):
        return errors.error_answer(BadRequest())
    return defaults.bad_request(request, exception)


def _is_api(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith("/api/")
