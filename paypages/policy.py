"""What a browser may do on our pages: load what we serve, talk to our API, and nothing else."""

from collections.abc import Sequence
from functools import wraps
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.gzip import gzip_page

from core.page_policy import HEADERS, POLICY, View, with_policy
from paypages import embedding


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
        for name, value in HEADERS.items():
            if not (parents and name == "X-Frame-Options"):
                response.headers.setdefault(name, value)
        embedding.let_in(request, response)
        return csp(_policy(parents))(lambda _: response)(request)

    policed: View = with_policy(_guarded)
    return policed


def _policy(parents: Sequence[str]) -> dict[str, list[str]]:
    elsewhere = [origin for origin in [api_origin()] if origin]
    return {
        **POLICY,
        "img-src": [SELF, *elsewhere],
        "connect-src": [SELF, *elsewhere],
        "frame-ancestors": list(parents) or [NONE],
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
