"""Customers: the one list in numbered pages."""

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.selfhosted import shapes
from api.selfhosted.base import MerchantView
from api.selfhosted.rendering import customer_view
from invoices import selectors


class CustomerView(MerchantView):
    """What both share."""

    tag = "Customers"
    required_scopes = {"GET": "customers:read"}


class CustomerList(CustomerView):
    rate_class = "list"

    @operation("List customers", query=shapes.CUSTOMER_QUERY, answers={200: shapes.CUSTOMERS})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        customers = selectors.list_customers(**self.owner)
        if "email" in query:
            customers = customers.filter(email=query["email"].strip().lower())
        number, limit = query["page"], query["limit"]
        shown = customers[(number - 1) * limit : number * limit]
        return Response(
            {
                "object": "list",
                "data": [customer_view(customer) for customer in shown],
                "total": customers.count(),
                "page": number,
                "limit": limit,
            }
        )


class CustomerDetail(CustomerView):
    rate_class = "status"

    @operation("Get a customer", answers={200: shapes.CUSTOMER})
    def get(self, request: Request, customer_id: str) -> Response:  # noqa: ARG002
        return Response(customer_view(selectors.get_customer(**self.owner, public_id=customer_id)))
