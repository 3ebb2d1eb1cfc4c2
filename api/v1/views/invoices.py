"""Invoices, for merchants' programs."""

from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.v1 import examples
from api.v1.base import MerchantView
from api.v1.filters import InvoiceFilter, narrowed, narrows
from api.v1.pagination import Newest, page
from api.v1.rendering.invoices import invoice_view, merchant_view
from api.v1.rendering.payments import refund_view
from api.v1.shapes import invoices as shapes
from api.v1.shapes import orders
from api.v1.shapes.payments import REFUND, REFUND_INVOICE
from events.selectors import audit_trail
from invoices import selectors, services
from payments import selectors as payment_selectors
from payments import services as payment_services
from webhooks.selectors import invoice_deliveries

_NEWEST: Final = Newest(
    lambda merchant, livemode: selectors.list_invoices(merchant=merchant, livemode=livemode),
)


class InvoiceList(MerchantView):
    required_scopes = {"GET": "invoices:read", "POST": "invoices:create"}
    rate_class = {"GET": "list", "POST": "invoice_create"}
    tag = "Invoices"

    @operation(
        "List invoices",
        description="Newest first, a page at a time.",
        query=orders.INVOICE_QUERY,
        answers={200: shapes.INVOICES},
        answer_example=examples.INVOICE_PAGE,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        rows = (
            narrowed(selectors.list_invoices(merchant=self.merchant, livemode=self.livemode), InvoiceFilter, query)
            if narrows(InvoiceFilter, query)
            else _NEWEST.of(self.merchant, livemode=self.livemode)
        )
        return Response(page(rows, query, name="invoices", render=invoice_view))

    @operation(
        "Create an invoice",
        description=(
            "Prices it, locks the exchange rate and takes an address that serves this invoice only. "
            "Totals must lie within your plan's limits, by default 0.50 to 10,000.00 US dollars or the like."
        ),
        body=orders.CREATE_INVOICE,
        answers={201: shapes.INVOICE},
        request_example=examples.CREATE_INVOICE,
        answer_example=examples.INVOICE,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        order = orders.order_of(self.body())
        invoice = services.create_invoice(merchant=self.merchant, livemode=self.livemode, order=order, now=self.now)
        return Response(invoice_view(invoice), status=201)


class InvoiceDetail(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "status"
    tag = "Invoices"

    @operation(
        "Get an invoice",
        description="With its payments and refunds, who did what to it, and which webhooks told of it.",
        answers={200: shapes.INVOICE_IN_FULL},
        answer_example=examples.INVOICE_IN_FULL,
    )
    def get(self, request: Request, invoice_id: str) -> Response:  # noqa: ARG002
        invoice = selectors.get_invoice(merchant=self.merchant, livemode=self.livemode, public_id=invoice_id)
        return Response(
            merchant_view(
                invoice,
                payments=payment_selectors.payments_of(invoice),
                destinations=selectors.destinations_of(invoice),
                refunds=payment_selectors.refunds_of(invoice),
                audit=audit_trail(invoice_id=invoice.pk),
                deliveries=invoice_deliveries(merchant=self.merchant, livemode=self.livemode, invoice_id=invoice.pk),
            )
        )


class InvoiceCancellation(MerchantView):
    required_scopes = {"POST": "invoices:cancel"}
    rate_class = "status"
    tag = "Invoices"

    @operation(
        "Cancel an invoice",
        description=(
            "Possible until enough has been seen on the chain. `refund_partial_payments` opens a refund "
            "for each payment already received; you send it from your own wallet."
        ),
        body=orders.CANCEL_INVOICE,
        answers={200: shapes.INVOICE_WITH_REFUNDS},
        request_example=examples.CANCEL_INVOICE,
    )
    def post(self, request: Request, invoice_id: str) -> Response:  # noqa: ARG002
        wanted = self.body()
        invoice = payment_services.cancel_invoice(
            merchant=self.merchant,
            livemode=self.livemode,
            public_id=invoice_id,
            reason=wanted["reason"] or "",
            refund_partial_payments=wanted["refund_partial_payments"],
            now=self.now,
        )
        refunds = [refund_view(refund) for refund in payment_selectors.refunds_of(invoice)]
        return Response({**invoice_view(invoice), "refunds": refunds})


class InvoiceAcceptance(MerchantView):
    required_scopes = {"POST": "invoices:refund"}
    rate_class = "status"
    tag = "Invoices"

    @operation(
        "Accept an invoice as it is",
        description="Takes what has arrived for enough: paid at once when it is confirmed, else as soon as it is.",
        answers={200: shapes.INVOICE},
    )
    def post(self, request: Request, invoice_id: str) -> Response:  # noqa: ARG002
        invoice = payment_services.accept_invoice(
            merchant=self.merchant, livemode=self.livemode, public_id=invoice_id, now=self.now
        )
        return Response(invoice_view(invoice))


class InvoiceRefunds(MerchantView):
    required_scopes = {"POST": "invoices:refund"}
    rate_class = "status"
    tag = "Refunds"

    @operation(
        "Refund an invoice",
        description=(
            "Opens a refund of confirmed money: of `amount` in the asset, of `fiat_amount` at a rate, or of all that "
            "is left. Send the money from your own wallet, as `payment_uri` says: it is recognised on the chain. "
            "Without an address, give the customer the `claim_url`."
        ),
        body=REFUND_INVOICE,
        answers={201: REFUND},
        request_example=examples.REFUND_INVOICE,
        answer_example=examples.REFUND,
    )
    def post(self, request: Request, invoice_id: str) -> Response:  # noqa: ARG002
        wanted = self.body()
        refund = payment_services.request_refund(
            merchant=self.merchant,
            livemode=self.livemode,
            public_id=invoice_id,
            order=payment_services.RefundOrder(
                address=wanted.get("address") or "",
                tag=wanted.get("tag") or "",
                amount=wanted.get("amount"),
                fiat_amount=wanted.get("fiat_amount"),
                rate=payment_services.RefundRate(wanted["rate"]),
                reason=wanted.get("reason") or "",
            ),
            now=self.now,
        )
        return Response(refund_view(refund), status=201)
