"""The answers when no view could give one: an unknown URL, a crash. In the shape of the wire format, or as a page."""

import sys
from typing import Final

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils.http import escape_leading_slashes
from django.views import defaults

from api.errors import BadRequest, InternalError
from api.failures import failure_of, unknown_url
from api.formats import format_of

PAUSE_SECONDS: Final = "10"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    wire = format_of(request)
    if wire:
        return unknown_url(wire, request)
    if _lacks_slash_only(request):
        return HttpResponseRedirect(escape_leading_slashes(request.get_full_path(force_append_slash=True)))
    return defaults.page_not_found(request, exception)


def _lacks_slash_only(request: HttpRequest) -> bool:
    """Return whether a page was meant that has a slash at its end; a form is sent to nowhere else than was written."""
    is_read = request.method in {"GET", "HEAD"}
    return is_read and request.resolver_match is None and bool(is_valid_path(f"{request.path_info}/"))


def crashed(request: HttpRequest) -> HttpResponse:
    """Answer 500 without telling why, or 503 where the database was to blame; the log has it under the request's id."""
    problem = sys.exc_info()[1]
    wire = format_of(request)
    if wire:
        return wire.error_answer(failure_of(problem) if isinstance(problem, OperationalError) else InternalError())
    if isinstance(problem, OperationalError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": PAUSE_SECONDS})
    return defaults.server_error(request)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to what Django itself refuses, such as a host name that is not ours."""
    wire = format_of(request)
    return wire.error_answer(BadRequest()) if wire else defaults.bad_request(request, exception)
