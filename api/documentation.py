"""The pages for people who write programs against the API: the reference, the errors, the OpenAPI document."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import markdown
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiYamlRenderer

from api.errors import MethodNotAllowed
from api.v1.errors import error_answer
from api.v1.openapi import document
from core import exact_json

_JSON: Final = "application/vnd.oai.openapi+json"
_YAML: Final = "application/vnd.oai.openapi"
_MINUTES: Final = {"Cache-Control": "public, max-age=300"}
# The reference's own library styles its elements directly; scripts come from this installation only.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@csrf_exempt  # read by programs, and refuses what would change something in the way of the API
def schema(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI document: JSON, or YAML for ``?format=yaml`` and who prefers it."""
    if request.method not in {"GET", "HEAD"}:
        return error_answer(MethodNotAllowed("GET, HEAD"))
    kind = request.GET.get("format") or ("yaml" if "yaml" in request.headers.get("Accept", "") else "json")
    headers = {**_MINUTES, "Access-Control-Allow-Origin": "*", "Vary": "Accept"}
    if kind == "yaml":
        return HttpResponse(_as_yaml(settings.API_BASE_URL), content_type=f"{_YAML}; charset=utf-8", headers=headers)
    return HttpResponse(_as_json(settings.API_BASE_URL), content_type=_JSON, headers=headers)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show the reference."""
    return _page(request, "api/reference.html", {})


@require_safe
def errors(request: HttpRequest) -> HttpResponse:
    """Show docs/errors.md."""
    return _document(request, "errors", title="Errors")


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Show docs/audit.md, which tells how an export of the audit log is checked."""
    return _document(request, "audit", title="The audit log")


def _document(request: HttpRequest, name: str, *, title: str) -> HttpResponse:
    path = Path(settings.ROOT) / "docs" / f"{name}.md"
    content, contents = _rendered(path, path.stat().st_mtime_ns)
    return _page(request, "api/errors.html", {"content": content, "contents": contents, "title": title})


def _page(request: HttpRequest, template: str, facts: dict[str, object]) -> HttpResponse:
    answer = render(request, template, facts)
    for name, value in {**_MINUTES, "Content-Security-Policy": _POLICY}.items():
        answer.headers[name] = value
    return answer


@lru_cache(maxsize=4)
def _as_json(base_url: str) -> bytes:
    return exact_json.dumps(document(base_url)).encode()


@lru_cache(maxsize=4)
def _as_yaml(base_url: str) -> bytes:
    # Through JSON, so that both say the same; YAML's own numbers would lose trailing zeros only.
    import json

    text: bytes = OpenApiYamlRenderer().render(json.loads(_as_json(base_url)), renderer_context={})  # type: ignore[no-untyped-call]
    return text


@lru_cache(maxsize=4)
def _rendered(path: Path, _version: int) -> tuple[SafeString, SafeString]:
    converter = markdown.Markdown(
        extensions=["fenced_code", "toc"],
        extension_configs={"toc": {"slugify": _anchor, "toc_depth": "2-3", "permalink": False}},
    )
    content = converter.convert(path.read_text(encoding="utf-8"))
    # The file is ours and ships with the installation.
    return mark_safe(content), mark_safe(converter.toc)  # type: ignore[attr-defined]  # noqa: S308


def _anchor(heading: str, separator: str) -> str:
    """Return the anchor that ``documentation_url`` points to: ``INVALID_AMOUNT`` becomes ``invalid-amount``."""
    return re.sub(r"[^a-z0-9]+", separator, heading.lower()).strip(separator)
