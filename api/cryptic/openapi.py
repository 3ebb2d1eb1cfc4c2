"""The OpenAPI 3.1 document of Cryptic's API, at /cryptic/api/schema/, and the page that shows it, at /cryptic/docs."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request

from api.cryptic.base import PublicView
from api.cryptic.wire import CRYPTIC
from api.documentation import MINUTES, SCHEMA_TYPE, addresses, reference_page
from core import exact_json

_NAME: Final = "Cryptic merchant invoices"
_DESCRIPTION: Final = """
Merchant invoices as Cryptic Wallet's guide has them: an amount of an asset, an address of its own, a payment page.

Keys begin with `cw_live_` or `cw_test_`; with a test key every network is the sandbox. Answers are wrapped in `data`,
failures in `error`; both have `timestamp` and `requestId`.
""".strip()


class SchemaDocument(PublicView):
    """The document itself, for anybody."""

    schema = None  # type: ignore[assignment] # it does not describe itself
    answer_headers = {**PublicView.answer_headers, **MINUTES}

    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        servers = addresses(self.django_request, prefix=CRYPTIC.prefix, host=settings.CRYPTIC_HOST)
        return HttpResponse(_as_json(servers), content_type=SCHEMA_TYPE)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show the reference."""
    guide = reverse("docs-page", args=["cryptic"])
    return reference_page(request, name=_NAME, schema_url=reverse("cryptic-schema"), guide=guide)


def document(servers: Sequence[str]) -> dict[str, Any]:
    """Return the document; ``servers`` are where the format is reached."""
    generated: dict[str, Any] = SchemaGenerator(urlconf="api.cryptic.urls").get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return {
        **generated,
        "info": {"title": _NAME, "version": "1.0.0", "description": _DESCRIPTION},
        "servers": [{"url": url} for url in servers],
        "tags": [
            {"name": "Invoices", "description": "For merchants' programs."},
            {"name": "Public", "description": "What a customer sees; without a key, from any web page."},
        ],
    }


@lru_cache(maxsize=4)
def _as_json(servers: tuple[str, ...]) -> bytes:
    return exact_json.dumps(document(servers)).encode()
