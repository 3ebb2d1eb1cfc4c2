"""The pages for people who write programs against the API: the documentation, the reference, the OpenAPI document."""

from functools import lru_cache
from typing import Final

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiYamlRenderer

from api.errors import MethodNotAllowed
from api.site import BuildFailed, site
from api.v1.errors import error_answer
from api.v1.openapi import document
from core import exact_json

log = structlog.get_logger(__name__)

SCHEMA_TYPE: Final = "application/vnd.oai.openapi+json"
_YAML: Final = "application/vnd.oai.openapi"
MINUTES: Final = {"Cache-Control": "public, max-age=300"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The reference's own library styles its elements directly; scripts come from this installation only.
REFERENCE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@csrf_exempt  # read by programs, and refuses what would change something in the way of the API
def schema(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI document: JSON, or YAML for ``?format=yaml`` and who prefers it."""
    if request.method not in {"GET", "HEAD"}:
        return error_answer(MethodNotAllowed("GET, HEAD"))
    kind = request.GET.get("format") or ("yaml" if "yaml" in request.headers.get("Accept", "") else "json")
    headers = {**MINUTES, "Access-Control-Allow-Origin": "*", "Vary": "Accept"}
    if kind == "yaml":
        return HttpResponse(_as_yaml(settings.API_BASE_URL), content_type=f"{_YAML}; charset=utf-8", headers=headers)
    return HttpResponse(_as_json(settings.API_BASE_URL), content_type=SCHEMA_TYPE, headers=headers)


def addresses(request: HttpRequest, *, prefix: str, host: str) -> tuple[str, ...]:
    """Return where a format is reached, the nearest first: the page that shows the document may ask that one only."""
    below = f"{settings.API_BASE_URL}{prefix.rstrip('/')}"
    if not host:
        return (below,)
    own = f"https://{host}"
    return (own, below) if request.get_host().partition(":")[0].lower() == host else (below, own)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show the reference."""
    return reference_page(request, name="Crypto Checkout API", schema_url=reverse("schema"), guide=reverse("docs"))


def reference_page(request: HttpRequest, *, name: str, schema_url: str, guide: str) -> HttpResponse:
    """Return the page that shows the OpenAPI document at ``schema_url``; ``guide`` is the page that explains it."""
    answer = render(request, "api/reference.html", {"name": name, "schema_url": schema_url, "guide": guide})
    for header, value in {**MINUTES, "Content-Security-Policy": REFERENCE_POLICY}.items():
        answer.headers[header] = value
    return answer


@require_safe
def page(request: HttpRequest, address: str = "") -> HttpResponse:
    """Show a page of the documentation, or give one of its files. Only what the generator made is there."""
    try:
        found = site()
    except (BuildFailed, OSError):
        log.exception("documentation_not_built")
        return HttpResponse(_("The documentation has not been built."), status=503, content_type="text/plain")
    document = found.documents.get(address)
    if document is None:
        better = address.removesuffix("/").removesuffix(".html").removesuffix("index")
        if better in found.documents:
            return HttpResponseRedirect(f"/docs/{better}")
        raise Http404
    headers = {**MINUTES, "Content-Security-Policy": _POLICY, "ETag": f'"{found.version}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(document.path.read_bytes(), content_type=document.content_type, headers=headers)


@lru_cache(maxsize=4)
def _as_json(base_url: str) -> bytes:
    return exact_json.dumps(document(base_url)).encode()


@lru_cache(maxsize=4)
def _as_yaml(base_url: str) -> bytes:
    # Through JSON, so that both say the same; YAML's own numbers would lose trailing zeros only.
    import json

    text: bytes = OpenApiYamlRenderer().render(json.loads(_as_json(base_url)), renderer_context={})  # type: ignore[no-untyped-call]
    return text
