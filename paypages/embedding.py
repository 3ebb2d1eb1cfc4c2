"""
Pay pages within a merchant's own site: the same pages below ``/embed/``, for the sites the merchant names and no other.

The page around is proven, not believed: browsers show the frame only below the origins of ``frame-ancestors``, and
static/paypages/embed.js talks to nobody but a parent whose origin is on the same list. docs/embedding.md.
"""

from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from paypages.brand import known_brand

_PREFIX: Final = "/embed/"
_PAGES: Final = "/invoice/"  # what redirects lead to; in a frame it has to be the page that may be there
_FOR_EVERY_SHOP: Final = {
    "Cache-Control": "public, max-age=3600",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


def is_embedded(request: HttpRequest) -> bool:
    """Return whether this page is one for frames."""
    return request.path.startswith(_PREFIX)


def origins(request: HttpRequest) -> tuple[str, ...]:
    """Return the sites that may show this page within theirs; none until it is known whose page it is."""
    brand = known_brand(request)
    return brand.origins if brand and is_embedded(request) else ()


def let_in(request: HttpRequest, response: HttpResponseBase) -> None:
    """Keep a page for frames in its frame: its redirects stay there, and no header of old shuts every site out."""
    if not is_embedded(request):
        return
    target = response.headers.get("Location", "")
    if target.startswith(_PAGES):
        response.headers["Location"] = _in_frame(target, request.GET.get("lang", ""))
    if origins(request):
        cast("Any", response).xframe_options_exempt = True


def _in_frame(target: str, language: str) -> str:
    """Return a page's address for frames. The language goes along: a frame of another site gets no cookie."""
    query = urlencode({"lang": language}) if language else ""
    joint = "&" if "?" in target else "?"
    return f"{_PREFIX.rstrip('/')}{target}{joint if query else ''}{query}"


@require_safe
@gzip_page
def script(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - a view
    """Answer what shops load: the script, or its types."""
    path = finders.find(f"paypages/{name}")
    if path is None:
        raise Http404
    kind = "text/javascript" if name.endswith(".js") else "text/plain"
    with open(path, "rb") as file:  # noqa: PTH123 - finders answer names
        return HttpResponse(file.read(), content_type=f"{kind}; charset=utf-8", headers=_FOR_EVERY_SHOP)
