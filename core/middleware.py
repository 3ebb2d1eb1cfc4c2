"""What is known of a request before any view runs: its ids, where it came from, and its log line."""

import re
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core import context, metering, tracing
from core.ids import public_id, uuid7

_log = structlog.get_logger("access")

# W3C Trace Context, section 3.2: version, trace id, parent id, flags.
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_USER_AGENT_LENGTH: Final = 255
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_QUIET_PATHS: Final = frozenset({"/healthz", "/readyz"})

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


class RequestContextMiddleware:
    """Name the request, remember its caller for logs, events and audit, and write one line about it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request_id = public_id("req", uuid7())
        traceparent = request.headers.get("traceparent", "")
        with context.caller(
            actor="anonymous",
            ip_address=client_address(request),
            user_agent=_printable(request.headers.get("User-Agent", ""))[:_USER_AGENT_LENGTH],
            request_id=request_id,
            trace_id=trace_id(traceparent),
        ):
            response = None
            metering.begin()
            try:
                with tracing.recorded(_span(request, traceparent)) as span:
                    response = self._get_response(request)
                    _describe(span, request, response)
            finally:
                seconds = time.perf_counter() - started
                metering.end(request, response, seconds=seconds)
            response["X-Request-ID"] = request_id
            _shut(response)
            _write_line(request, response, milliseconds=round(seconds * 1000))
        return response


def _span(request: HttpRequest, traceparent: str) -> tracing.Span | None:
    if not tracing.is_on() or request.path in _QUIET_PATHS:
        return None
    caller = context.current()
    above = _TRACEPARENT.fullmatch(traceparent.strip())
    return tracing.begin(
        "request",
        kind=tracing.Kind.SERVER,
        trace_id=tracing.trace_of(caller.trace_id),
        parent_id=above[2] if above else "",
        span_id=tracing.span_of(caller.request_id),
    )


def _describe(span: tracing.Span | None, request: HttpRequest, response: HttpResponse) -> None:
    if span is None:
        return
    method, route = metering.labels(request)
    span.name = f"{method} {route}"
    span.has_failed = response.status_code >= 500
    span.attributes |= {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": response.status_code,
        "checkout.request_id": context.current().request_id,
    }


def trace_id(traceparent: str) -> str:
    """Return ``trace_`` and the caller's W3C trace id, or a new one when there is none that is valid."""
    match = _TRACEPARENT.fullmatch(traceparent.strip())
    return f"trace_{match[1]}" if match else public_id("trace", uuid7())


def client_address(request: HttpRequest) -> str:
    """
    Return the address of the client, "" when the server does not know it.

    ``X-Forwarded-For`` is believed only as far as the operator's proxies (TRUSTED_PROXIES) wrote
    it: from the right, the first address that is not one of theirs is the client.
    """
    return address_behind(request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""))


def address_behind(peer: str, forwarded_for: str) -> str:
    """Return the address of the client that a connection from ``peer`` stands for; see ``client_address``."""
    return _behind(peer, forwarded_for, tuple(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=1024)
def _behind(peer: str, forwarded_for: str, proxies: tuple[str, ...]) -> str:
    nearest = _parse(peer)
    if nearest is None:
        return ""
    trusted = [ip_network(text) for text in proxies]
    for text in reversed(forwarded_for.split(",")):
        if not _is_within(nearest, trusted):
            break
        further = _parse(text)
        if further is None:
            break
        nearest = further
    return str(nearest)


def _is_within(address: _Address, networks: list[_Network]) -> bool:
    return any(address in network for network in networks)


def _parse(text: str) -> _Address | None:
    # Without the zone of a link-local address (RFC 4007): it is our own interface's, and PostgreSQL knows none.
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    # A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _shut(response: HttpResponse) -> None:
    """Let a page without a policy of its own, such as that of an error, load our styles and pictures only."""
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    if is_page and not settings.DEBUG:  # Django's own pages for whoever debugs have styles and scripts within
        response.headers.setdefault("Content-Security-Policy", _POLICY)


def _write_line(request: HttpRequest, response: HttpResponse, *, milliseconds: int) -> None:
    write = _log.debug if request.path in _QUIET_PATHS else _log.info
    write(
        f"{request.method} {request.path}",
        status=response.status_code,
        milliseconds=milliseconds,
        ip_address=context.current().ip_address,
    )
