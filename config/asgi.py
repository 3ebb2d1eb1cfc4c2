"""Both kinds of server on one port: the event streams as ASGI, everything else as Django under WSGI.

A whole Django under ASGI serves a fifth of the requests; a thread for each open event stream would
run out of threads. So each kind of request goes to the server that suits it. A thread never waits for
a client: it starts when the body is there, and what it answers is queued. So clients that send or read
slowly hold connections, not the threads of everybody.
"""

import re
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, cast

from a2wsgi import WSGIMiddleware
from django.conf import settings

from config.wsgi import application as pages

if TYPE_CHECKING:
    from a2wsgi.wsgi_typing import WSGIApp

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_STREAM_PATH: Final = re.compile(r"/api/v1/(public/invoice/[^/]+/events|events/stream)/?")
_BODY_BYTES: Final = 2_000_000  # more than any page or endpoint takes; the rest of a larger body is not read
# A queue without an end: the largest answer is a file of some megabytes.
_pages: Final = WSGIMiddleware(cast("WSGIApp", pages), workers=settings.WEB_THREADS, send_queue_size=0)


def _streams() -> Callable[[_Scope, _Receive, _Send], Awaitable[None]]:
    from api.v1.stream import application as streams  # Django's apps are ready by now, see config.wsgi

    return streams


_event_streams: Final = _streams()


async def application(scope: _Scope, receive: _Receive, send: _Send) -> None:
    """Hand a connection to the server for its path; the event streams also hear of start and stop."""
    if scope["type"] == "lifespan" or _STREAM_PATH.fullmatch(scope.get("path", "")):
        await _event_streams(scope, receive, send)
    elif (body := await _arrived(scope, receive)) is not None:
        await _pages(_without_ambiguous_headers(scope), body, send)  # type: ignore[arg-type]


async def _arrived(scope: _Scope, receive: _Receive) -> _Receive | None:
    """Wait for the body, as far as anybody wants it, and return what replays it; None when the client has gone."""
    parts: deque[MutableMapping[str, Any]] = deque()
    left = 0 if _declared_length(scope) > _BODY_BYTES else _BODY_BYTES
    while left > 0:
        part = await receive()
        if part["type"] == "http.disconnect":
            return None
        parts.append(part)
        left -= len(part.get("body", b""))
        if not part.get("more_body", False):
            break

    async def replay() -> MutableMapping[str, Any]:
        return parts.popleft() if parts else {"type": "http.disconnect"}

    return replay


def _declared_length(scope: _Scope) -> int:
    declared = dict(scope.get("headers", [])).get(b"content-length", b"")
    return int(declared) if declared.isdigit() else 0


def _without_ambiguous_headers(scope: _Scope) -> _Scope:
    """Drop headers whose name holds an underscore: WSGI would mix ``X_Forwarded_For`` into ``X-Forwarded-For``."""
    headers = [(name, value) for name, value in scope.get("headers", []) if b"_" not in name]
    return {**scope, "headers": headers}
