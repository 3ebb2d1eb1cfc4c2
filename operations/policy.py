"""What a browser may do on the staff's pages: load what we serve, nothing else. Django's own icons are inline data."""

from collections.abc import Callable
from functools import wraps
from typing import Final

from csp.constants import NONE, SELF
from csp.decorators import csp
from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import decorator_from_middleware

View = Callable[..., HttpResponseBase]

_POLICY: Final = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    # A form needs its own origin in "Origin", or the check against forgery refuses it.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
}


def guarded(view: View) -> View:
    """Answer with the strict Content-Security-Policy and the headers that belong to it."""

    @wraps(view)
    def _guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = csp(_POLICY)(view)(request, *args, **kwargs)
        for name, value in _HEADERS.items():
            response.headers[name] = value
        return response

    return decorator_from_middleware(CSPMiddleware)(_guarded)
