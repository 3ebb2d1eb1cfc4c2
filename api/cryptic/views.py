"""Cryptic's four endpoints."""

from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.cryptic import shapes
from api.cryptic.base import MerchantView, PublicView
from api.cryptic.mapping import facts_of
from api.cryptic.orders import order_of
from api.cryptic.rendering import ORDER_ID, listed_invoice, new_invoice, public_invoice, whole_invoice
from api.schema import operation
from invoices import selectors, services
from invoices.errors import InvoiceNotFound
from invoices.models import Invoice
from payments.selectors import payments_of


class InvoiceList(MerchantView):
    required_scopes = {"GET": "invoices:read", "POST": "invoices:create"}
    rate_class = {"GET": "list", "POST": "invoice_create"}
    tag = "Invoices"

    @operation("List invoices", query=shapes.INVOICE_QUERY, answers={200: shapes.INVOICES})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query()
        rows = selectors.list_invoices(merchant=self.merchant, livemode=self.livemode)
        rows = narrowed(rows, wanted)
        page, limit, total = wanted["page"], wanted["limit"], rows.count()
        return Response(
            {
                "page": page,
                "limit": limit,
                "total": total,
                "totalPages": -(-total // limit),
                "invoices": [listed_invoice(invoice) for invoice in rows[(page - 1) * limit : page * limit]],
            }
        )

    @operation(
        "Create an invoice",
        description="Asks for just `amount` of the asset, whatever rates do.",
        body=shapes.CREATE_INVOICE,
        answers={200: shapes.NEW_INVOICE},
        request_example={"amount": "125.00", "currency": "USDT", "network": "tron", "orderId": "5012"},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        order = order_of(self.body(), merchant=self.merchant, livemode=self.livemode)
        invoice = services.create_invoice(merchant=self.merchant, livemode=self.livemode, order=order, now=self.now)
        return Response(new_invoice(invoice))


class InvoiceDetail(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "status"
    tag = "Invoices"

    @operation("Get an invoice", answers={200: shapes.INVOICE})
    def get(self, request: Request, invoice_id: str) -> Response:  # noqa: ARG002
        invoice = selectors.get_invoice(merchant=self.merchant, livemode=self.livemode, public_id=invoice_id)
        return Response(whole_invoice(invoice, payments=payments_of(invoice)))


class PublicInvoice(PublicView):
    rate_class = "public_invoice"
    tag = "Public"

    @operation("View an invoice as its customer", answers={200: shapes.PUBLIC_INVOICE})
    def get(self, request: Request, invoice_id: str) -> Response:  # noqa: ARG002
        key = Invoice.key_from(invoice_id)
        if key is None:
            raise InvoiceNotFound
        return Response(public_invoice(services.view_invoice(invoice_id=key, now=self.now), now=self.now))


def narrowed(rows: QuerySet[Invoice], wanted: dict[str, Any]) -> QuerySet[Invoice]:
    """Return those of ``rows`` that the filters of a list leave."""
    if "status" in wanted:
        pairs = (Q(status=status, exception=exception) for status, exception in facts_of(wanted["status"]))
        rows = rows.filter(reduce(or_, pairs))
    if "currency" in wanted:
        rows = rows.filter(asset_code=wanted["currency"].upper())
    if "orderId" in wanted:
        reference = wanted["orderId"]
        # The words are indexed, a single key of the metadata is not.
        rows = selectors.search(rows, reference).filter(_is_reference(reference))
    return rows


def _is_reference(text: str) -> Q:
    said = Q(**{f"metadata__{ORDER_ID}": text})
    if text.isascii() and text.isdigit() and str(int(text)) == text:
        said |= Q(**{f"metadata__{ORDER_ID}": Decimal(text)})  # natively it may be a number
    return said
