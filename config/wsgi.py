"""Everything but the event stream, for a WSGI server: `granian --interface wsgi config.wsgi:application`.

The API goes through a shorter chain of middleware than the pages: it has no sessions, forms,
languages or static files, and these cost a tenth of a request.
"""

import os
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config import heap
from config.timelimits import bound_web_process

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import InputStream, StartResponse, WSGIEnvironment

API: tuple[str, ...] = ("/api/v1/", "/cryptic/", "/selfhosted/")
_MOST_BYTES: Final = 2_000_000  # of a body in pieces: more than any page or endpoint takes, so the rest is not read
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")


class ApiHandler(WSGIHandler):
    """Django's handler with the middleware of the API."""

    def load_middleware(self, is_async: bool = False) -> None:
        of_pages = settings.MIDDLEWARE
        settings.MIDDLEWARE = settings.API_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = of_pages


with heap.loading():
    _pages = get_wsgi_application()
    bound_web_process()
    _api = ApiHandler()
    _ = get_resolver().url_patterns  # loads the views, for which the first visitor would wait


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[Any]":
    """Answer one request, with the chain of middleware that its path needs."""
    if environ["REQUEST_METHOD"] not in _WITHOUT_BODY:
        _take_body_whole(environ)
    handler = _api if environ.get("PATH_INFO", "").startswith(API) else _pages
    return handler(environ, start_response)


class _WholeBody:
    """A body as long as its header says. Django would take one that ends early, with its sender gone, for whole."""

    def __init__(self, stream: "InputStream", length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int) -> bytes:
        """
        Return the next ``size`` bytes.

        :raises OSError: when the body ends before its time; Django knows this as a broken connection
        """
        part = self._stream.read(size)
        self._count(part, is_all=len(part) == size)
        return part

    def readline(self, size: int) -> bytes:
        """
        Return the next line, or ``size`` bytes of it.

        :raises OSError: as ``read`` does
        """
        line = self._stream.readline(size)
        self._count(line, is_all=len(line) == size or line.endswith(b"\n"))
        return line

    def _count(self, part: bytes, *, is_all: bool) -> None:
        self._left -= len(part)
        if not is_all and self._left > 0:
            raise OSError("the body ended early")


def _take_body_whole(environ: "WSGIEnvironment") -> None:
    """
    See to it that what is read is the body that was sent.

    One that came without its length (``Transfer-Encoding: chunked``) is read here and measured. Django takes no
    length for no body: an order would seem empty, and two orders under one Idempotency-Key the same. What is too
    long is refused for the length it is given here.
    """
    stream: InputStream = environ["wsgi.input"]
    declared = environ.get("CONTENT_LENGTH", "")
    if declared.isdecimal():
        environ["wsgi.input"] = _WholeBody(stream, int(declared))
    elif not declared:
        body = stream.read(_MOST_BYTES)
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
