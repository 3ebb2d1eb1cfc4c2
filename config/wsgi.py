"""Everything but the event stream, for a WSGI server: `granian --interface wsgi config.wsgi:application`.

The API goes through a shorter chain of middleware than the pages: it has no sessions, forms,
languages or static files, and these cost a tenth of a request.
"""

import os
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config import heap
from config.timelimits import bound_web_process

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

API: tuple[str, ...] = ("/api/v1/", "/cryptic/", "/selfhosted/")

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
    handler = _api if environ.get("PATH_INFO", "").startswith(API) else _pages
    return handler(environ, start_response)
