"""The OpenAPI 3.1 document of the self-hosted checkout's API, and the page that shows it."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from api.documentation import MINUTES, SCHEMA_TYPE, addresses, reference_page
from api.errors import MethodNotAllowed
from api.selfhosted.errors import error_answer
from api.selfhosted.wire import SELFHOSTED
from core import exact_json

_NAME: Final = "Self-hosted checkout API"
_VERSION: Final = "1.0.0"
_DESCRIPTION: Final = (
    "Payment links, checkout sessions, webhook endpoints, events and customers for programs written for the "
    "self-hosted checkout with `ck_` keys. Amounts of money are decimal strings, times ISO 8601 in UTC. Each resource "
    "answers under both spellings, `payment_links` and `payment-links`."
)
_TAGS: Final = {
    "Payment links": "Offers that anybody can open and pay, again and again.",
    "Checkout sessions": "One customer's payment, from opening to confirmation.",
    "Webhook endpoints": "Being told of what happens.",
    "Events": "What happened to sessions, newest first.",
    "Customers": "Who pays, by e-mail address.",
}
# Failures that an operation can have beside ``default``, by whether it names an object.
_FAILURES: Final = {
    "400": "A value is not valid, or the body is no JSON; `param` names the field.",
    "401": "The key is missing, unknown, revoked, or of another format.",
    "403": "The key lacks a permission.",
    "404": "There is no such object, or none of yours in this mode.",
    "405": "This method is not allowed here.",
    "409": "The `Idempotency-Key` came with another request before, or is in use.",
    "415": "The body is not announced as JSON.",
    "429": "Too many requests; wait for `Retry-After` seconds.",
}
_METHODS: Final = ("get", "post", "patch", "delete")


@csrf_exempt  # read by programs, and refuses what would change something in the way of the API
def schema(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI document."""
    if request.method not in {"GET", "HEAD"}:
        return error_answer(MethodNotAllowed("GET, HEAD"))
    headers = {**MINUTES, "Access-Control-Allow-Origin": "*"}
    servers = addresses(request, prefix=SELFHOSTED.prefix, host=settings.SELFHOSTED_HOST)
    return HttpResponse(_as_json(servers), content_type=SCHEMA_TYPE, headers=headers)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show the reference."""
    guide = reverse("docs-page", args=["selfhosted"])
    return reference_page(request, name=_NAME, schema_url=reverse("selfhosted-schema"), guide=guide)


def document(servers: Sequence[str]) -> dict[str, Any]:
    """Return the document; ``servers`` are where the format is reached."""
    generated: dict[str, Any] = SchemaGenerator(urlconf="api.selfhosted.document_urls").get_schema(  # type: ignore[no-untyped-call]
        request=None, public=True
    )
    failure = {"application/json": {"schema": {"$ref": "#/components/schemas/SelfhostedError"}}}
    for operation in _operations(generated["paths"]):
        for status, text in _FAILURES.items():
            operation["responses"].setdefault(status, {"description": text, "content": failure})
    return {
        **generated,
        "info": {"title": _NAME, "version": _VERSION, "description": _DESCRIPTION},
        "servers": [{"url": url} for url in servers],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
    }


def _operations(paths: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in paths.values():
        yield from (item[method] for method in _METHODS if method in item)


@lru_cache(maxsize=4)
def _as_json(servers: tuple[str, ...]) -> bytes:
    return exact_json.dumps(document(servers)).encode()
