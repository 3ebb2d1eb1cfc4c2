"""Writing JSON answers digit by digit."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

from core import exact_json

CONTENT_TYPE: Final = "application/json"


class ExactJSONRenderer(BaseRenderer):
    """Renders Decimals as numbers and times as RFC 3339 in UTC; the only renderer of the native API."""

    media_type = CONTENT_TYPE
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:  # noqa: ARG002
        return exact_json.dumps(data).encode()


def json_answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a finished JSON answer; with ``data`` None it has no body."""
    content = b"" if data is None else exact_json.dumps(data).encode()
    return HttpResponse(content, status=status, content_type=CONTENT_TYPE, headers=headers)
