"""The answers when no view could give one: an unknown URL and a crash. JSON under /api, a page elsewhere."""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from api.errors import BadRequest
from api.v1 import errors


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    if _is_api(request):
        return errors.unknown_url(request, exception)
    return defaults.page_not_found(request, exception)


def crashed(request: HttpRequest) -> HttpResponse:
    """Answer 500 without telling why; the log has the reason under the request's id."""
    return errors.crashed(request) if _is_api(request) else defaults.server_error(request)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to what Django itself refuses, such as a host name that is not ours."""
    if _is_api(request):
        return errors.error_answer(BadRequest())
    return defaults.bad_request(request, exception)


def _is_api(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith("/api/")
