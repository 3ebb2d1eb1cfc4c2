"""Payment links, checkout sessions and customers, for merchants' programs."""

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.v1.base import MerchantView
from api.v1.filters import InvoiceFilter, narrowed
from api.v1.pagination import page
from api.v1.rendering.selling import customer_in_full, customer_view, link_view, session_view
from api.v1.shapes import selling as shapes
from invoices import selectors, services
from invoices.models import PaymentLink


class PaymentLinkList(MerchantView):
    required_scopes = {"GET": "links:read", "POST": "links:write"}
    rate_class = {"GET": "list", "POST": "merchant"}
    tag = "Payment links"

    @operation("List payment links", query=shapes.LINK_QUERY, answers={200: shapes.LINKS})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        links = selectors.list_links(merchant=self.merchant, livemode=self.livemode)
        if "is_active" in query:
            links = links.filter(is_active=query["is_active"])
        return Response(page(links, query, name="payment_links", render=link_view))

    @operation(
        "Create a payment link",
        description="Anybody who opens its `url` and goes on gets an invoice of their own.",
        body=shapes.CREATE_LINK,
        answers={201: shapes.LINK},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        body = self.body()
        link = services.create_link(
            merchant=self.merchant,
            livemode=self.livemode,
            terms=shapes.terms_of(body),
            slug=body.get("slug") or "",
            now=self.now,
        )
        return Response(link_view(link), status=201)


class PaymentLinkDetail(MerchantView):
    required_scopes = {"GET": "links:read", "PATCH": "links:write", "DELETE": "links:write"}
    rate_class = "status"
    tag = "Payment links"

    @operation("Get a payment link", answers={200: shapes.LINK})
    def get(self, request: Request, link_id: str) -> Response:  # noqa: ARG002
        return Response(
            link_view(selectors.get_link(merchant=self.merchant, livemode=self.livemode, public_id=link_id))
        )

    @operation(
        "Update a payment link",
        description="Invoices that were made from it stay as they are.",
        body=shapes.UPDATE_LINK,
        answers={200: shapes.LINK},
    )
    def patch(self, request: Request, link_id: str) -> Response:  # noqa: ARG002
        return Response(link_view(self._changed(link_id, shapes.link_changes(self.body()))))

    @operation(
        "Switch a payment link off",
        description="It stays in lists, and `is_active` switches it on again.",
        answers={200: shapes.LINK},
    )
    def delete(self, request: Request, link_id: str) -> Response:  # noqa: ARG002
        return Response(link_view(self._changed(link_id, {"is_active": False})))

    def _changed(self, link_id: str, changes: dict[str, object]) -> PaymentLink:
        return services.update_link(
            merchant=self.merchant, livemode=self.livemode, public_id=link_id, changes=changes, now=self.now
        )


class CheckoutSessionList(MerchantView):
    required_scopes = {"GET": "invoices:read", "POST": "invoices:create"}
    rate_class = {"GET": "list", "POST": "invoice_create"}
    tag = "Checkout sessions"

    @operation(
        "List checkout sessions",
        description="Newest first. Every invoice is one: `cs_…` and `inv_…` of the same letters are the same thing.",
        query=shapes.SESSION_QUERY,
        answers={200: shapes.SESSIONS},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        rows = selectors.list_invoices(merchant=self.merchant, livemode=self.livemode)
        found = narrowed(rows, InvoiceFilter, query)
        return Response(page(found, query, name="checkout_sessions", render=session_view))

    @operation(
        "Open a checkout session",
        description="For one customer: send them to its `url`. From a payment link, or for an `amount` of its own.",
        body=shapes.OPEN_SESSION,
        answers={201: shapes.SESSION},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        order = shapes.session_order_of(self.body())
        invoice = services.open_session(merchant=self.merchant, livemode=self.livemode, order=order, now=self.now)
        return Response(session_view(invoice), status=201)


class CheckoutSessionDetail(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "status"
    tag = "Checkout sessions"

    @operation("Get a checkout session", answers={200: shapes.SESSION})
    def get(self, request: Request, session_id: str) -> Response:  # noqa: ARG002
        session = selectors.get_session(merchant=self.merchant, livemode=self.livemode, session_id=session_id)
        return Response(session_view(session))


class CustomerList(MerchantView):
    required_scopes = {"GET": "customers:read", "POST": "customers:write"}
    rate_class = {"GET": "list", "POST": "status"}
    tag = "Customers"

    @operation("List customers", query=shapes.CUSTOMER_QUERY, answers={200: shapes.CUSTOMERS})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        customers = selectors.list_customers(
            merchant=self.merchant, livemode=self.livemode, text=query.get("search", "")
        )
        if "email" in query:
            customers = customers.filter(email=query["email"].strip().lower())
        return Response(page(customers, query, name="customers", render=customer_view))

    @operation(
        "Create a customer",
        description="Not needed for most: an invoice or a payment link that names an address makes its customer.",
        body=shapes.CREATE_CUSTOMER,
        answers={201: shapes.CUSTOMER},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        details = shapes.details_of(self.body())
        customer = services.create_customer(
            merchant=self.merchant, livemode=self.livemode, details=details, now=self.now
        )
        return Response(customer_view(customer), status=201)


class CustomerDetail(MerchantView):
    required_scopes = {"GET": "customers:read", "PATCH": "customers:write", "DELETE": "customers:write"}
    rate_class = "status"
    tag = "Customers"

    @operation(
        "Get a customer",
        description="With the credit that overpaid invoices left; `GET /invoices?customer_id=` lists theirs.",
        answers={200: shapes.CUSTOMER_IN_FULL},
    )
    def get(self, request: Request, customer_id: str) -> Response:  # noqa: ARG002
        customer = selectors.get_customer(merchant=self.merchant, livemode=self.livemode, public_id=customer_id)
        return Response(customer_in_full(customer))

    @operation("Update a customer", body=shapes.UPDATE_CUSTOMER, answers={200: shapes.CUSTOMER})
    def patch(self, request: Request, customer_id: str) -> Response:  # noqa: ARG002
        customer = services.update_customer(
            merchant=self.merchant,
            livemode=self.livemode,
            public_id=customer_id,
            changes=shapes.customer_changes(self.body()),
            now=self.now,
        )
        return Response(customer_view(customer))

    @operation(
        "Erase a customer's personal data",
        description=(
            "For a customer who asks for it: address, name and metadata go, also from their invoices (of whose "
            "metadata only `order_id` stays), the audit log and what webhooks sent. Amounts, times and transactions "
            "stay, as your books need them. It cannot be undone."
        ),
        answers={200: shapes.ERASED_CUSTOMER},
    )
    def delete(self, request: Request, customer_id: str) -> Response:  # noqa: ARG002
        done = services.erase_customer(
            merchant=self.merchant, livemode=self.livemode, public_id=customer_id, now=self.now
        )
        return Response({"id": done.customer.public_id, "erased": True, "invoices": done.invoices})
