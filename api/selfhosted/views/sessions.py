"""Checkout sessions."""

from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import MissingField
from api.schema import operation
from api.selfhosted import shapes
from api.selfhosted.base import MerchantView
from api.selfhosted.pagination import page
from api.selfhosted.sessions import sessions_of
from invoices import selectors, services
from invoices.models import Invoice
from invoices.services import CustomerDetails, SessionOrder

LIFETIME: Final = 300  # seconds: the format's own, as its programs name none
CURRENCY: Final = "USD"


class SessionView(MerchantView):
    """What both share."""

    tag = "Checkout sessions"
    params = {
        "payment_link_id": "linkId",
        "amount": "amount.value",
        "items[0].unit_price": "amount.value",
        "currency": "amount.currency",
        "customer": "customerEmail",
        "network": None,
        "crypto_currency": None,
    }


class CheckoutSessions(SessionView):
    required_scopes = {"GET": "sessions:read", "POST": "sessions:write"}
    rate_class = {"GET": "list", "POST": "invoice_create"}

    @operation("List checkout sessions", query=shapes.SESSION_QUERY, answers={200: shapes.SESSIONS})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        invoices = selectors.list_invoices(**self.owner)
        return Response(page(invoices, self.query(), key_of=Invoice.key_of_session, render=sessions_of))

    @operation(
        "Create a checkout session",
        description="From a payment link, or for an amount. It expires after five minutes.",
        body=shapes.CREATE_SESSION,
        answers={201: shapes.SESSION},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        invoice = services.open_session(**self.owner, order=_order_of(self.body()), now=self.now)
        return Response(sessions_of([invoice])[0], status=201)


class CheckoutSessionDetail(SessionView):
    required_scopes = {"GET": "sessions:read"}
    rate_class = "status"

    @operation("Get a checkout session", answers={200: shapes.SESSION})
    def get(self, request: Request, session_id: str) -> Response:  # noqa: ARG002
        invoice = selectors.get_session(**self.owner, session_id=session_id)
        return Response(sessions_of([invoice])[0])


def _order_of(found: dict[str, Any]) -> SessionOrder:
    """
    Return a session in the words of the domain; null counts as left out.

    :raises MissingField: when there is neither a link nor an amount
    """
    given = {name: value for name, value in found.items() if value is not None}
    link, amount = given.get("linkId", ""), given.get("amount")
    if not link and amount is None:
        raise MissingField("Name a linkId or an amount.", field="linkId")
    return SessionOrder(
        payment_link=link,
        amount=amount["value"] if amount else None,
        currency=amount.get("currency", None if link else CURRENCY) if amount else None,
        expires_in=LIFETIME,
        return_url=given.get("successUrl", ""),
        cancel_url=given.get("cancelUrl", ""),
        customer=CustomerDetails(given["customerEmail"]) if "customerEmail" in given else None,
        metadata=given.get("metadata", {}),
    )
