"""
Forms of our own pages are told from others' by what browsers say of where a request comes from.

Django's check compares a token with a cookie, and within another site's frame browsers keep no cookie of ours. The
pages for customers have no session to protect; what is left is that no other site makes its visitors send such a form.
"""

from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import REASON_BAD_ORIGIN, CsrfViewMiddleware, RejectRequest
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt

from core.page_policy import View


class _OwnForms(CsrfViewMiddleware):
    """Django's check of ``Origin``, and of ``Referer`` where that is missing under HTTPS; without its cookie."""

    def process_request(self, request: HttpRequest) -> None:
        """Read no cookie."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:  # noqa: ARG002
        """Set no cookie."""
        return response

    def _check_token(self, request: HttpRequest) -> None:
        origin = request.headers.get("Origin")
        if origin is None and not request.is_secure():
            raise RejectRequest(REASON_BAD_ORIGIN % origin)


_checked: Final = decorator_from_middleware(_OwnForms)


def own_forms(view: View) -> View:
    """Take forms from our own pages only, with no cookie. The page has to let browsers say its origin."""
    return csrf_exempt(_checked(view))
