"""Payments, refunds and the review inbox."""

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from api import qr
from api.schema import Binary, operation
from api.v1 import examples
from api.v1.base import MerchantView
from api.v1.filters import PaymentFilter, RefundFilter, narrowed
from api.v1.pagination import page
from api.v1.rendering.payments import deposit_view, payment_view, refund_view
from api.v1.shapes import payments as shapes
from payments import selectors, services
from payments.errors import RefundNotOpen
from payments.refund_links import refund_uri


class PaymentList(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "list"
    tag = "Payments"

    @operation("List payments", query=shapes.PAYMENT_QUERY, answers={200: shapes.PAYMENTS})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        rows = selectors.list_payments(merchant=self.merchant, livemode=self.livemode)
        return Response(page(narrowed(rows, PaymentFilter, query), query, name="payments", render=payment_view))


class PaymentDetail(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "status"
    tag = "Payments"

    @operation("Get a payment", answers={200: shapes.PAYMENT}, answer_example=examples.PAYMENT)
    def get(self, request: Request, payment_id: str) -> Response:  # noqa: ARG002
        payment = selectors.get_payment(merchant=self.merchant, livemode=self.livemode, public_id=payment_id)
        return Response(payment_view(payment))


class RefundList(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "list"
    tag = "Refunds"

    @operation("List refunds", query=shapes.REFUND_QUERY, answers={200: shapes.REFUNDS})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        rows = selectors.list_refunds(merchant=self.merchant, livemode=self.livemode)
        return Response(page(narrowed(rows, RefundFilter, query), query, name="refunds", render=refund_view))


class RefundDetail(MerchantView):
    required_scopes = {"GET": "invoices:read", "PATCH": "invoices:refund"}
    rate_class = "status"
    tag = "Refunds"

    @operation("Get a refund", answers={200: shapes.REFUND}, answer_example=examples.REFUND)
    def get(self, request: Request, refund_id: str) -> Response:  # noqa: ARG002
        refund = selectors.get_refund(merchant=self.merchant, livemode=self.livemode, public_id=refund_id)
        return Response(refund_view(refund))

    @operation(
        "Say where a refund goes",
        description="Possible until it is sent.",
        body=shapes.UPDATE_REFUND,
        answers={200: shapes.REFUND},
        request_example=examples.UPDATE_REFUND,
    )
    def patch(self, request: Request, refund_id: str) -> Response:  # noqa: ARG002
        refund = services.set_refund_address(
            merchant=self.merchant,
            livemode=self.livemode,
            public_id=refund_id,
            address=self.body()["address"],
            tag=self.body().get("tag") or "",
            now=self.now,
        )
        return Response(refund_view(refund))


class RefundQRCode(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "qr"
    tag = "Refunds"

    @operation(
        "Get a refund's QR code",
        description="For your own wallet: the address and the amount to send.",
        query=shapes.REFUND_QR_QUERY,
        answers={200: Binary(tuple(qr.FORMATS.values()))},
    )
    def get(self, request: Request, refund_id: str) -> HttpResponse:  # noqa: ARG002
        wanted = self.query()
        refund = selectors.get_refund(merchant=self.merchant, livemode=self.livemode, public_id=refund_id)
        text = refund_uri(refund)
        if text is None:
            raise RefundNotOpen("This refund is not to be sent: it has no address, is held, or was sent already.")
        order = qr.Order(text=text, size=int(wanted["size"]), format=wanted["format"], style="classic", logo=None)
        return HttpResponse(qr.draw(order), content_type=qr.FORMATS[wanted["format"]])


class RefundSending(MerchantView):
    required_scopes = {"POST": "invoices:refund"}
    rate_class = "status"
    tag = "Refunds"

    @operation(
        "Send a refund from the vault",
        description="For an invoice that was paid to a vault: the gateway sends the money itself, once. `payout` says "
        "how far that is and what it waits for, such as coin for the fee or the approval of staff. From the moment "
        "its transaction is signed the refund cannot be changed any more.",
        answers={200: shapes.REFUND},
    )
    def post(self, request: Request, refund_id: str) -> Response:  # noqa: ARG002
        refund = services.send_refund(merchant=self.merchant, livemode=self.livemode, public_id=refund_id, now=self.now)
        return Response(refund_view(refund))


class RefundCompletion(MerchantView):
    required_scopes = {"POST": "invoices:refund"}
    rate_class = "status"
    tag = "Refunds"

    @operation(
        "Complete a refund",
        description="Notes the transaction you sent it in. A paid invoice whose whole amount went back is refunded.",
        body=shapes.COMPLETE_REFUND,
        answers={200: shapes.REFUND},
        request_example=examples.COMPLETE_REFUND,
    )
    def post(self, request: Request, refund_id: str) -> Response:  # noqa: ARG002
        wanted = self.body()
        refund = services.complete_refund(
            merchant=self.merchant,
            livemode=self.livemode,
            public_id=refund_id,
            txid=wanted["tx_hash"],
            address=wanted.get("address") or "",
            tag=wanted.get("tag") or "",
            now=self.now,
        )
        return Response(refund_view(refund))


class RefundCancellation(MerchantView):
    required_scopes = {"POST": "invoices:refund"}
    rate_class = "status"
    tag = "Refunds"

    @operation("Cancel a refund", description="Withdraws one that was not sent.", answers={200: shapes.REFUND})
    def post(self, request: Request, refund_id: str) -> Response:  # noqa: ARG002
        refund = services.cancel_refund(
            merchant=self.merchant, livemode=self.livemode, public_id=refund_id, now=self.now
        )
        return Response(refund_view(refund))


class DepositList(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "list"
    tag = "Deposits"

    @operation(
        "List deposits",
        description=(
            "Money that matched no open invoice: too late, in another asset, or for an invoice that has ended. "
            "With `status=review` only what waits for a decision."
        ),
        query=shapes.DEPOSIT_QUERY,
        answers={200: shapes.DEPOSITS},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        rows = selectors.list_deposits(merchant=self.merchant, livemode=self.livemode)
        if "status" in query:
            rows = rows.filter(review=shapes.DEPOSIT_STATUSES[query["status"]])
        return Response(page(rows, query, name="deposits", render=deposit_view))


class DepositResolution(MerchantView):
    required_scopes = {"POST": "invoices:refund"}
    rate_class = "status"
    tag = "Deposits"

    @operation(
        "Decide about a deposit",
        body=shapes.RESOLVE_DEPOSIT,
        answers={200: shapes.DEPOSIT},
        request_example=examples.RESOLVE_DEPOSIT,
    )
    def post(self, request: Request, deposit_id: str) -> Response:  # noqa: ARG002
        wanted = self.body()
        services.resolve_deposit(
            merchant=self.merchant,
            livemode=self.livemode,
            public_id=deposit_id,
            resolution=services.Resolution(wanted["resolution"]),
            address=wanted.get("address") or "",
            tag=wanted.get("tag") or "",
            invoice_id=wanted.get("invoice_id") or "",
            now=self.now,
        )
        decided = selectors.get_payment(merchant=self.merchant, livemode=self.livemode, public_id=deposit_id)
        return Response(deposit_view(decided))
