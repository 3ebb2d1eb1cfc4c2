"""What a customer sees, from any web page, without credentials: who has an invoice's id may look."""

import hashlib
from typing import Any, Final

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.request import Request
from rest_framework.response import Response

from api import qr
from api.qr import logos
from api.schema import Binary, operation
from api.v1 import examples
from api.v1.base import PublicView
from api.v1.rendering.invoices import payment_uri, public_view
from api.v1.shapes.invoices import PUBLIC_INVOICE
from api.v1.shapes.orders import CHOOSE_OPTION
from api.validation import Choice, Flag, Shape, Text
from core import context
from invoices import selectors, services
from invoices.errors import InvoiceNotFound
from invoices.models import Invoice
from payments.selectors import payments_of
from payments.services import choose_option

DAY: Final = 86_400  # seconds
_DRAWING: Final = "2"  # counts up when the drawing of codes changes

QR_QUERY: Final = Shape(
    "QRQuery",
    {
        "size": Choice(*(str(size) for size in qr.SIZES), default="256", doc="Pixels; points in a PDF."),
        "format": Choice(*qr.FORMATS, default="png"),
        "style": Choice(*qr.STYLES, default="classic"),
        "logo": Flag(default=False, doc="With the merchant's logo in the middle."),
        "mark": Flag(default=False, doc="With the asset's mark in the middle, unless there is a logo."),
        "content": Choice("uri", "address", default="uri", doc="The payment URI with the amount, or the bare address."),
        "v": Text(max=64, required=False, doc="Ignored; another value gets past caches."),
    },
)


class PublicInvoice(PublicView):
    rate_class = "public_invoice"
    tag = "Public"

    @operation(
        "View an invoice as its customer",
        description="The first view moves the invoice from `created` to `pending`.",
        answers={200: PUBLIC_INVOICE},
        answer_example=examples.PUBLIC_INVOICE,
    )
    def get(self, request: Request, invoice_id: str) -> Response:  # noqa: ARG002
        key = Invoice.key_from(invoice_id)
        if key is None:
            raise InvoiceNotFound
        invoice = services.view_invoice(invoice_id=key, now=self.now)
        return Response(public_view(invoice, payments=payments_of(invoice), now=self.now))


class PublicOption(PublicView):
    rate_class = "option"
    tag = "Public"

    @operation(
        "Choose what an invoice is paid in",
        description=(
            "One of its `payment_options`, while it waits and nothing has arrived. It is priced anew. Where it was to "
            "be paid before stays watched: money that arrives there first makes that option the current one again."
        ),
        body=CHOOSE_OPTION,
        answers={200: PUBLIC_INVOICE},
        request_example=examples.CHOOSE_OPTION,
        answer_example=examples.PUBLIC_INVOICE,
    )
    def post(self, request: Request, invoice_id: str) -> Response:  # noqa: ARG002
        context.set_actor("customer")
        wanted = self.body()
        invoice = choose_option(
            public_id=invoice_id, asset_code=wanted["crypto_currency"], network=wanted["network"], now=self.now
        )
        return Response(public_view(invoice, payments=payments_of(invoice), now=self.now))


class PublicQRCode(PublicView):
    rate_class = "qr"
    tag = "Public"

    @operation(
        "Get an invoice's QR code",
        query=QR_QUERY,
        answers={200: Binary(tuple(qr.FORMATS.values()))},
    )
    def get(self, request: Request, invoice_id: str) -> HttpResponse:  # noqa: ARG002
        wanted = self.query()
        invoice = selectors.get_public_invoice(invoice_id)
        text = payment_uri(invoice) if wanted["content"] == "uri" else invoice.address
        logo = _logo(invoice, wanted)
        etag = _etag(text, wanted, logo.version if logo else "")
        answer = get_conditional_response(self.django_request, etag=etag)
        if answer is None or answer.status_code != 304:
            order = qr.Order(
                text=text,
                size=int(wanted["size"]),
                format=wanted["format"],
                style=wanted["style"],
                logo=logo.image() if logo else None,
            )
            answer = HttpResponse(qr.draw(order), content_type=qr.FORMATS[wanted["format"]])
        answer["ETag"] = etag
        # Where the customer may choose, an old code leads to another address: caches have to ask.
        answer["Cache-Control"] = "public, no-cache" if invoice.payment_options else f"public, max-age={DAY}"
        return answer


def _logo(invoice: Invoice, wanted: dict[str, Any]) -> logos.Logo | logos.AssetMark | None:
    if wanted["logo"]:
        return logos.logo_of(invoice.merchant)
    return logos.AssetMark(invoice.asset_code) if wanted["mark"] else None


def _etag(text: str, wanted: dict[str, Any], logo_version: str) -> str:
    facts = [_DRAWING, text, logo_version, *(str(wanted[name]) for name in ("size", "format", "style", "logo"))]
    return quote_etag(hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32])
