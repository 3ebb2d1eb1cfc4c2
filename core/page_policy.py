"""What a browser may do on a page of ours: load what we serve, send forms to us, and nothing else."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final

from csp.constants import NONE, SELF
from csp.decorators import csp
from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import decorator_from_middleware

View = Callable[..., HttpResponseBase]

POLICY: Final[Mapping[str, list[str]]] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    # A form needs its own origin in "Origin", or the checks against forgery refuse it; nobody else learns where the
    # visitor was.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
}

# The policy belongs to these pages, whatever the installation's own middleware says of others.
with_policy: Final = decorator_from_middleware(CSPMiddleware)


def guarded_by(policy: Mapping[str, list[str]]) -> Callable[[View], View]:
    """Return a decorator of views that answers with this Content-Security-Policy and the headers that belong to it."""

    def guard(view: View) -> View:
        @wraps(view)
        def _guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            response = csp(dict(policy))(view)(request, *args, **kwargs)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        guarded: View = with_policy(_guarded)
        return guarded

    return guard
