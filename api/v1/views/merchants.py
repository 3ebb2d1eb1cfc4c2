"""The merchant's own account."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.v1 import examples_merchants as examples
from api.v1.base import ApiView, MerchantView
from api.v1.rendering.merchants import render_account, render_new_merchant
from api.v1.shapes import merchants as shapes
from merchants import selectors, services
from merchants.errors import LiveModeRequired
from merchants.models import Merchant
from webhooks.selectors import count_endpoints


class MerchantList(ApiView):
    """Where a merchant begins; nobody is known here yet."""

    rate_class = "signup"
    tag = "Merchants"

    @operation(
        "Create a merchant account",
        description="Open to anybody unless the operator has closed it. Keys and secrets are shown this once.",
        body=shapes.SIGN_UP,
        answers={201: shapes.NEW_MERCHANT},
        request_example=examples.SIGN_UP,
        answer_example=examples.NEW_MERCHANT,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        opened = services.sign_up(request=services.SignUp(**self.body()), now=self.now)
        return Response(render_new_merchant(opened), status=201)


class OwnMerchant(MerchantView):
    """The merchant whose key is used."""

    required_scopes = {"GET": "merchants:read", "PATCH": "merchants:write"}
    rate_class = "merchant"
    tag = "Merchants"

    @operation(
        "Get merchant details",
        answers={200: shapes.MERCHANT},
        answer_example=examples.MERCHANT,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(self._render(self.merchant))

    @operation(
        "Update merchant settings",
        description="Settings are merged deeply: what is not named stays, null takes one back to its default.",
        body=shapes.UPDATE_MERCHANT,
        answers={200: shapes.MERCHANT},
        request_example=examples.UPDATE_MERCHANT,
    )
    def patch(self, request: Request) -> Response:  # noqa: ARG002
        if not self.livemode:
            raise LiveModeRequired("Settings are those of live invoices too: change them with a live key.")
        changes = services.MerchantChanges(**self.body())
        return Response(self._render(services.update_merchant(merchant=self.merchant, changes=changes, now=self.now)))

    def _render(self, merchant: Merchant) -> Mapping[str, Any]:
        usage = selectors.usage(merchant=merchant, livemode=self.livemode, now=self.now)
        return render_account(merchant, usage=usage, endpoints=count_endpoints(merchant=merchant))


class WebhookSecret(MerchantView):
    """The secret that signs deliveries to the ``webhook_url`` of single invoices."""

    required_scopes = {"POST": "webhooks:manage"}
    rate_class = "webhooks"
    carries_secret = True
    tag = "Merchants"

    @operation(
        "Rotate the secret of invoice webhooks",
        description="Replaces, at once, the secret that signs deliveries to the `webhook_url` of single invoices.",
        answers={201: shapes.WEBHOOK_SECRET},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        secret = services.rotate_webhook_secret(merchant=self.merchant, livemode=self.livemode, now=self.now)
        return Response({"webhook_secret": secret, "key_type": self.api_key.key_type}, status=201)
