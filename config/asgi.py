"""Both kinds of server on one port: the event streams as ASGI, everything else as Django under WSGI.

A whole Django under ASGI serves a fifth of the requests; a thread for each open event stream would
run out of threads. So each kind of request goes to the server that suits it.
"""

import re
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
_pages: Final = WSGIMiddleware(cast("WSGIApp", pages), workers=settings.WEB_THREADS)


def _streams() -> Callable[[_Scope, _Receive, _Send], Awaitable[None]]:
    from api.v1.stream import application as streams  # Django's apps are ready by now, see config.wsgi

    return streams


_event_streams: Final = _streams()


async def application(scope: _Scope, receive: _Receive, send: _Send) -> None:
    """Hand a connection to the server for its path; the event streams also hear of start and stop."""
    if scope["type"] == "lifespan" or _STREAM_PATH.fullmatch(scope.get("path", "")):
        await _event_streams(scope, receive, send)
    else:
        await _pages(_without_ambiguous_headers(scope), receive, send)  # type: ignore[arg-type]


def _without_ambiguous_headers(scope: _Scope) -> _Scope:
    """Drop headers whose name holds an underscore: WSGI would mix ``X_Forwarded_For`` into ``X-Forwarded-For``."""
    headers = [(name, value) for name, value in scope.get("headers", []) if b"_" not in name]
    return {**scope, "headers": headers}
