"""What a browser may do on our pages: load what we serve, talk to our API, and nothing else."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Final
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from csp.decorators import csp
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.gzip import gzip_page

from paypages import embedding

View = Callable[..., HttpResponseBase]

_HEADERS: Final = {
    "Cache-Control": "no-store",
    # Nobody else learns where the customer was. Under "no-referrer" a browser would send "Origin: null" with a form,
    # which own_forms refuses.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
}


def api_origin() -> str:
    """Return the API's origin, or an empty text when the pay pages share it."""
    origin = _origin(settings.API_BASE_URL)
    return "" if origin == _origin(settings.PAY_BASE_URL) else origin


def guarded(view: View) -> View:
    """Answer with the strict Content-Security-Policy and the headers that belong to it, compressed."""

    @wraps(view)
    def _guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = gzip_page(view)(request, *args, **kwargs)
        parents = embedding.origins(request)
        for name, value in _HEADERS.items():
            if not (parents and name == "X-Frame-Options"):
                response.headers.setdefault(name, value)
        embedding.let_in(request, response)
        return csp(_policy(parents))(lambda _: response)(request)

    # The policy belongs to these pages, whatever the installation's own middleware says of others.
    return decorator_from_middleware(CSPMiddleware)(_guarded)


def _policy(parents: Sequence[str]) -> dict[str, list[str]]:
    elsewhere = [origin for origin in [api_origin()] if origin]
    return {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, *elsewhere],
        "connect-src": [SELF, *elsewhere],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": list(parents) or [NONE],
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
