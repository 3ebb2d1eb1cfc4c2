"""The OpenAPI 3.1 document of the native API: what the views declare, and what they cannot say themselves."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

_TITLE: Final = "Crypto Checkout API"
_VERSION: Final = "1.0.0"
_DESCRIPTION: Final = """
Take crypto payments into your own wallets: create an invoice, send your customer to its pay page, hear of the
payment by webhook.

**Credentials.** `POST /api/v1/merchants` answers with a live key (`sk_live_…`) and a test key (`sk_test_…`). Send
one with each request: `Authorization: Bearer sk_test_…`. A test key lives in a world of its own, with a sandbox
chain on which you make transfers, blocks and reorgs yourself.

**Numbers** are exact: amounts are JSON numbers with as many digits as the currency or asset has; requests may write
them as text. **Times** are RFC 3339 in UTC. **Ids** are opaque.

**Once only.** With the header `Idempotency-Key` a POST, PATCH or DELETE is done once, however often it is sent; for
24 hours the first answer is repeated.

**Failures** all look alike, see [the errors](/docs/errors). **Limits** are told in the headers `X-RateLimit-Limit`,
`-Remaining`, `-Reset`, `-Window` and `-Policy`; after status 429 wait for `Retry-After` seconds.

**Lists** come newest first in pages: pass `pagination.next_cursor` on as `cursor` until `has_more` is false.
""".strip()
_TAGS: Final = {
    "Merchants": "The account, its settings and its plan.",
    "API keys": "Keys and their permissions.",
    "Authentication": "Access tokens made from a key.",
    "Wallets": "Where the money goes: extended public keys, one per network. No private key is ever needed.",
    "Invoices": "Requests to be paid.",
    "Payment links": "Offers that anybody can open and pay, again and again.",
    "Checkout sessions": "Invoices as their customers meet them: opened for one customer, each with a page to pay on.",
    "Customers": "Who pays, by e-mail address, and the credit they have.",
    "Payments": "What arrived for them.",
    "Refunds": "What goes back. You send it from your own wallet.",
    "Settlements": "What each paid invoice brought: gross, the platform's fee, net. And what your books hold.",
    "Deposits": "Money that matched no open invoice and waits for a decision.",
    "Rates and assets": "What can be paid with, and at what price.",
    "Webhooks": "Being told of what happens.",
    "Events": "What happened, to be read again or listened to.",
    "Analytics": "Figures.",
    "Sandbox": "Paying in test mode.",
    "Public": "What a customer sees; without credentials, from any web page.",
}
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_FAILURES: Final = {
    "BadRequest": "The body is no JSON, or is not announced as such.",
    "Unauthenticated": "The credentials are missing, or no longer valid.",
    "Denied": "The key lacks a permission, or is of the wrong mode.",
    "NotFound": "There is no such object, or none that you may see.",
    "Conflict": "The present state does not allow it, or the `Idempotency-Key` is in use.",
    "Invalid": "A value is not valid; `field` is the path to it.",
    "TooMany": "Too many requests; wait for `Retry-After` seconds.",
}
_LIMIT_HEADERS: Final = {
    "X-RateLimit-Limit": "Requests allowed in the window.",
    "X-RateLimit-Remaining": "Requests left.",
    "X-RateLimit-Reset": "When the window is free again, in Unix seconds.",
    "X-RateLimit-Window": "Length of the window in seconds.",
    "Retry-After": "Seconds to wait.",
}
_EVENT_ID: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    "description": "The `id:` of the last event you have seen; what came after it is sent first.",
}


@lru_cache(maxsize=4)
def document(base_url: str = "") -> dict[str, Any]:
    """Return the whole document; ``base_url`` is where the installation is reached."""
    generated: dict[str, Any] = SchemaGenerator(urlconf="api.v1.document_urls").get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    paths = dict(sorted({**generated["paths"], **_streams()}.items()))
    for path, method, operation in _operations(paths):
        _tell_failures(path, method, operation)
    return {
        **generated,
        "info": {
            "title": _TITLE,
            "version": _VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "MIT License", "identifier": "MIT"},
        },
        "servers": [{"url": base_url or settings.API_BASE_URL}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {**generated["components"], "responses": _responses()},
    }


def _operations(paths: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in paths.items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _tell_failures(path: str, method: str, operation: dict[str, Any]) -> None:
    """Name the failures that the kind of operation can have; ``default`` stands for the rest."""
    is_public = not any(operation.get("security") or [])
    expected = {
        "400": ("BadRequest", "requestBody" in operation),
        "401": ("Unauthenticated", not is_public),
        "403": ("Denied", not is_public),
        "404": ("NotFound", "{" in path),
        "409": ("Conflict", not is_public and method != "get"),
        "415": ("BadRequest", "requestBody" in operation),
        "422": ("Invalid", True),
        "429": ("TooMany", True),
    }
    for status, (name, applies) in expected.items():
        if applies:
            operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{name}"})


def _responses() -> dict[str, Any]:
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    responses: dict[str, Any] = {name: {"description": text, "content": body} for name, text in _FAILURES.items()}
    responses["TooMany"]["headers"] = {
        name: {"description": text, "schema": {"type": "integer"}} for name, text in _LIMIT_HEADERS.items()
    }
    return responses


def _streams() -> dict[str, Any]:
    """Describe the event streams, which are no Django views."""
    return {
        "/api/v1/public/invoice/{invoice_id}/events": {
            "get": _stream(
                "public_invoice_events",
                "Public",
                "Follow an invoice",
                "Server-sent events for whoever holds the invoice's id: first a snapshot of the public view, then each "
                "change, until a final status ends the stream. At most 10 at once per invoice. Every 15 seconds a "
                "comment keeps the connection open.",
                'id: 41\ndata: {"event": "payment.detected", "payment": {"amount": 10.00, "status": "detected"}, '
                '"payment_progress": {"received": 10.00, "required": 16.49, "percent": 60.64}}\n\n',
                parameters=[{"name": "invoice_id", "in": "path", "required": True, "schema": {"type": "string"}}],
                security=[{}],
            )
        },
        "/api/v1/events/stream": {
            "get": _stream(
                "events_stream",
                "Events",
                "Follow all events",
                "Server-sent events for your programs: everything that webhooks would tell, in the same form. "
                "Needs the permission `invoices:read`.",
                'id: 42\ndata: {"id": "evt_06bq3z5n8cz9v4w2k7r1t0x5ye", "event": "invoice.paid", "api_version": "v1", '
                '"created_at": "2025-01-15T10:18:00Z", "livemode": true, "data": {"status": "paid"}}\n\n',
                parameters=[],
                security=[{"ApiKeyOrToken": []}, {"ApiKeyHeader": []}],
            )
        },
    }


def _stream(  # noqa: PLR0913 - a declaration
    name: str,
    tag: str,
    summary: str,
    description: str,
    example: str,
    *,
    parameters: list[dict[str, Any]],
    security: list[dict[str, list[str]]],
) -> dict[str, Any]:
    failure = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "tags": [tag],
        "parameters": [*parameters, _EVENT_ID],
        "security": security,
        "responses": {
            "200": {
                "description": "The stream.",
                "content": {
                    "text/event-stream": {"schema": {"type": "string"}, "examples": {"Event": {"value": example}}}
                },
            },
            "204": {"description": "The stream is over and you have seen its end: do not come back."},
            "default": {"description": "What went wrong.", "content": failure},
        },
    }
