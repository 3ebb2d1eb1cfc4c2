"""Webhook endpoints: those that are told in this format's words. Others are the native API's to show."""

from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.selfhosted import shapes
from api.selfhosted.base import MerchantView
from api.selfhosted.deliveries import NAME
from api.selfhosted.mapping import SUBSCRIPTIONS
from api.selfhosted.pagination import page
from api.selfhosted.rendering import endpoint_view, test_view
from webhooks import selectors, services
from webhooks.errors import EndpointNotFound
from webhooks.models import WebhookEndpoint
from webhooks.services import EndpointOrder

RETRIES: Final = 8  # 31 hours and a half of ever longer pauses; the format promises 31


class WebhookView(MerchantView):
    """What all of these share."""

    tag = "Webhook endpoints"

    def one(self, endpoint_id: str) -> WebhookEndpoint:
        """
        Return an endpoint of this format.

        :raises EndpointNotFound: when the merchant has none like it
        """
        found = selectors.get_endpoint(**self.owner, public_id=endpoint_id)
        if found.format != NAME:
            raise EndpointNotFound
        return found


class WebhookEndpoints(WebhookView):
    required_scopes = {"GET": "webhooks:read", "POST": "webhooks:write"}
    rate_class = {"GET": "list", "POST": "webhooks"}
    carries_secret = True

    @operation("List webhook endpoints", query=shapes.ENDPOINT_QUERY, answers={200: shapes.ENDPOINTS})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        endpoints = selectors.list_endpoints(**self.owner).filter(format=NAME)
        return Response(
            page(
                endpoints,
                self.query(),
                key_of=WebhookEndpoint.key_from,
                render=lambda found: [endpoint_view(endpoint) for endpoint in found],
            )
        )

    @operation(
        "Create a webhook endpoint",
        description="Its `secret` is shown this once.",
        body=shapes.CREATE_ENDPOINT,
        answers={201: shapes.NEW_ENDPOINT},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body()
        events = [SUBSCRIPTIONS[name] for name in wanted["events"]]
        order = EndpointOrder(url=wanted["url"], events=events, max_retries=RETRIES, format=NAME)
        endpoint, secret = services.create_endpoint(**self.owner, order=order, now=self.now)
        return Response(endpoint_view(endpoint, secret=secret), status=201)


class WebhookEndpointDetail(WebhookView):
    required_scopes = {"GET": "webhooks:read", "DELETE": "webhooks:write"}
    rate_class = {"GET": "status", "DELETE": "webhooks"}

    @operation("Get a webhook endpoint", answers={200: shapes.ENDPOINT})
    def get(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        return Response(endpoint_view(self.one(endpoint_id)))

    @operation("Delete a webhook endpoint", answers={200: shapes.DELETED})
    def delete(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        endpoint = self.one(endpoint_id)
        services.delete_endpoint(**self.owner, endpoint_id=endpoint.public_id, now=self.now)
        return Response({"id": endpoint.public_id, "object": "webhook_endpoint", "deleted": True})


class WebhookEndpointTest(WebhookView):
    required_scopes = {"POST": "webhooks:write"}
    rate_class = "webhooks"
    talks_to_network = True

    @operation(
        "Send a test event to a webhook endpoint",
        description="Sends a made-up `session.paid` with `livemode: false` at once, and waits for the answer.",
        answers={200: shapes.WEBHOOK_TEST},
    )
    def post(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        endpoint = self.one(endpoint_id)
        return Response(test_view(services.send_test(**self.owner, endpoint_id=endpoint.public_id, now=self.now)))
