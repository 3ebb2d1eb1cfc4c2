"""Every wire format that is spoken here, and which of them a request is in: by its path, or by the host it came to."""

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from api.cryptic.wire import CRYPTIC
from api.selfhosted.wire import SELFHOSTED
from api.v1.wire import NATIVE
from api.wire import WireFormat

FORMATS: Final = (CRYPTIC, SELFHOSTED, NATIVE)
_API: Final = "/api/"
_REFERENCE: Final = "/docs"


def format_of(request: HttpRequest) -> WireFormat | None:
    """Return the format that the address of a request belongs to; None: a page, which none of them is."""
    path = f"{request.path_info}/"
    return next((wire for wire in FORMATS if path.startswith(wire.prefix)), None)


class FormatHosts:
    """
    Lets a format answer at /api/… on a host of its own, as its document prints it, and show its reference at /docs.

    Inside, such an address leads on to the one below the format's prefix; what the caller wrote stays in
    ``request.path``, for the request log, for idempotency and for whatever is told about the address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._prefixes: Mapping[str, str] = {
            host.lower(): wire.prefix
            for host, wire in ((settings.CRYPTIC_HOST, CRYPTIC), (settings.SELFHOSTED_HOST, SELFHOSTED))
            if host
        }
        if not self._prefixes:
            raise MiddlewareNotUsed

    def __call__(self, request: HttpRequest) -> HttpResponse:
        prefix = self._prefixes.get(_host(request))
        path = request.path_info
        if prefix and (f"{path}/".startswith(_API) or path == _REFERENCE):
            request.path_info = prefix.rstrip("/") + path
        return self._get_response(request)


def _host(request: HttpRequest) -> str:
    """Return the host's name as it was sent: whether it may be served is Django's to say."""
    name, _, port = str(request.META.get("HTTP_HOST", "")).lower().rpartition(":")
    return name if port.isdigit() else f"{name}{':' if name else ''}{port}"
