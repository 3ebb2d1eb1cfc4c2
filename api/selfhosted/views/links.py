"""Payment links."""

from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.selfhosted import shapes
from api.selfhosted.base import MerchantView
from api.selfhosted.pagination import page
from api.selfhosted.rendering import link_view
from invoices import selectors, services
from invoices.models import PaymentLink

CURRENCY: Final = "USD"
_COLUMNS: Final = {
    "fiatAmount": "amount",
    "fiatCurrency": "currency",
    "successUrl": "return_url",
    "cancelUrl": "cancel_url",
    "active": "is_active",
}
_PARAMS: Final = {ours: theirs for theirs, ours in _COLUMNS.items()}


class LinkView(MerchantView):
    """What both share."""

    tag = "Payment links"
    params = _PARAMS

    def changed(self, link_id: str, changes: dict[str, Any]) -> PaymentLink:
        """Change a link, and return it."""
        return services.update_link(**self.owner, public_id=link_id, changes=changes, now=self.now)


class PaymentLinks(LinkView):
    required_scopes = {"GET": "links:read", "POST": "links:write"}
    rate_class = {"GET": "list", "POST": "merchant"}

    @operation("List payment links", query=shapes.LINK_QUERY, answers={200: shapes.LINKS})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        links = selectors.list_links(**self.owner)
        return Response(
            page(
                links,
                self.query(),
                key_of=PaymentLink.key_from,
                render=lambda found: [link_view(link) for link in found],
            )
        )

    @operation("Create a payment link", body=shapes.CREATE_LINK, answers={201: shapes.LINK})
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = _in_our_words(self.body())
        is_active = wanted.pop("is_active", True)
        terms = services.LinkTerms(**{"currency": CURRENCY, **wanted})
        link = services.create_link(**self.owner, terms=terms, now=self.now)
        if not is_active:
            link = self.changed(link.public_id, {"is_active": False})
        return Response(link_view(link), status=201)


class PaymentLinkDetail(LinkView):
    required_scopes = {
        "GET": "links:read",
        "PATCH": "links:write",
        "DELETE": "links:write",
    }
    rate_class = "status"

    @operation("Get a payment link", answers={200: shapes.LINK})
    def get(self, request: Request, link_id: str) -> Response:  # noqa: ARG002
        return Response(link_view(selectors.get_link(**self.owner, public_id=link_id)))

    @operation(
        "Update a payment link",
        description="Sessions that were made from it stay as they are.",
        body=shapes.UPDATE_LINK,
        answers={200: shapes.LINK},
    )
    def patch(self, request: Request, link_id: str) -> Response:  # noqa: ARG002
        return Response(link_view(self.changed(link_id, _in_our_words(self.body()))))

    @operation(
        "Delete a payment link",
        description="It is switched off: what was paid through it has to stay in the books.",
        answers={200: shapes.LINK},
    )
    def delete(self, request: Request, link_id: str) -> Response:  # noqa: ARG002
        return Response({**link_view(self.changed(link_id, {"is_active": False})), "deleted": True})


def _in_our_words(found: dict[str, Any]) -> dict[str, Any]:
    """Return a link's terms in the words of the domain; null empties."""
    return {_COLUMNS.get(name, name): "" if value is None else value for name, value in found.items()}
