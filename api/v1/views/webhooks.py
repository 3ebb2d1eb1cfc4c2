"""Webhook endpoints and what was sent to them."""

from datetime import timedelta
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.v1.base import MerchantView
from api.v1.pagination import page
from api.v1.rendering.webhooks import delivery_detail, delivery_view, endpoint_view, replay_view, test_view
from api.v1.shapes import webhooks as shapes
from webhooks import selectors, services
from webhooks.models import WebhookEndpoint
from webhooks.services import EndpointChanges, EndpointOrder, Period, Rotation

SCOPE = "webhooks:manage"


class WebhookView(MerchantView):
    """What all of these share."""

    tag = "Webhooks"
    required_scopes = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), SCOPE)
    rate_class: ClassVar[str | dict[str, str]] = "webhooks"

    @property
    def owner(self) -> dict[str, Any]:
        """Whose endpoints these are, as every use case wants to know."""
        return {"merchant": self.merchant, "livemode": self.livemode}

    def one(self, endpoint_id: str) -> WebhookEndpoint:
        """
        Return an endpoint with its figures.

        :raises EndpointNotFound: when the merchant has none like it
        """
        return selectors.get_endpoint(**self.owner, public_id=endpoint_id, figures_at=self.now)


class WebhookEndpoints(WebhookView):
    rate_class = {"GET": "list", "POST": "webhooks"}
    carries_secret = True

    @operation("List webhook endpoints", query=shapes.ENDPOINT_QUERY, answers={200: shapes.ENDPOINT_LIST})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        endpoints = selectors.list_endpoints(**self.owner, status=query.get("status"))
        endpoints = selectors.with_figures(endpoints, now=self.now)
        return Response(page(endpoints, query, name="webhook_endpoints", render=endpoint_view))

    @operation("Create a webhook endpoint", body=shapes.CREATE_ENDPOINT, answers={201: shapes.ENDPOINT})
    def post(self, request: Request) -> Response:  # noqa: ARG002
        order = EndpointOrder(**self.body())
        endpoint, secret = services.create_endpoint(**self.owner, order=order, now=self.now)
        return Response(endpoint_view(endpoint, secret=secret), status=201)


class WebhookEndpointDetail(WebhookView):
    rate_class = {"GET": "status", "PATCH": "webhooks", "DELETE": "webhooks"}

    @operation("Get a webhook endpoint", answers={200: shapes.ENDPOINT})
    def get(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        return Response(endpoint_view(self.one(endpoint_id)))

    @operation("Update a webhook endpoint", body=shapes.UPDATE_ENDPOINT, answers={200: shapes.ENDPOINT})
    def patch(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        changes = EndpointChanges(**self.body())
        services.update_endpoint(**self.owner, endpoint_id=endpoint_id, changes=changes)
        return Response(endpoint_view(self.one(endpoint_id)))

    @operation("Delete a webhook endpoint", answers={200: shapes.DELETED_ENDPOINT})
    def delete(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        endpoint = services.delete_endpoint(**self.owner, endpoint_id=endpoint_id, now=self.now)
        return Response({"id": endpoint.public_id, "deleted": True})


class WebhookEndpointTest(WebhookView):
    talks_to_network = True

    @operation(
        "Send a test event to a webhook endpoint",
        description="Sends `webhook.test` at once and waits for the receiver's answer.",
        answers={200: shapes.TEST_RESULT},
    )
    def post(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        return Response(test_view(services.send_test(**self.owner, endpoint_id=endpoint_id, now=self.now)))


class WebhookEndpointSecret(WebhookView):
    carries_secret = True

    @operation(
        "Rotate the signing secret",
        description="Until the overlap ends, both the old and the new secret sign.",
        body=shapes.ROTATE_SECRET,
        answers={200: shapes.ROTATED},
    )
    def post(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        wanted = self.body()
        endpoint, secret = services.rotate_secret(
            **self.owner,
            endpoint_id=endpoint_id,
            rotation=Rotation(secret=wanted.get("secret"), overlap=timedelta(seconds=wanted["overlap_seconds"])),
            now=self.now,
        )
        view = endpoint_view(self.one(endpoint_id), secret=secret)
        return Response(view | {"previous_secret_expires_at": endpoint.previous_expires_at})


class WebhookReplay(WebhookView):
    @operation(
        "Send the events of a period again",
        description="Also those that the endpoint was not there for. What is still under way goes on as it is. "
        "Up to 100,000 events, a thousand at a time; `replay.id` leads to how far it is.",
        body=shapes.REPLAY,
        answers={202: shapes.REPLAYED},
    )
    def post(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        wanted = self.body()
        period = Period(start=wanted["from"], end=wanted["to"], events=wanted["events"])
        replay = services.replay(**self.owner, endpoint_id=endpoint_id, period=period, now=self.now)
        return Response({"replayed": replay.total, "replay": replay_view(replay)}, status=202)


class WebhookReplays(WebhookView):
    rate_class = "list"

    @operation("List the replays to a webhook endpoint", query=shapes.REPLAY_QUERY, answers={200: shapes.REPLAY_LIST})
    def get(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        endpoint = selectors.get_endpoint(**self.owner, public_id=endpoint_id)
        replays = selectors.list_replays(endpoint=endpoint)
        return Response(page(replays, self.query(), name="replays", render=replay_view))


class WebhookReplayDetail(WebhookView):
    rate_class = "status"

    @operation("Get how far a replay is", answers={200: shapes.REPLAY_PROGRESS})
    def get(self, request: Request, endpoint_id: str, replay_id: str) -> Response:  # noqa: ARG002
        endpoint = selectors.get_endpoint(**self.owner, public_id=endpoint_id)
        return Response(replay_view(selectors.get_replay(endpoint=endpoint, public_id=replay_id)))


class WebhookDeliveries(WebhookView):
    rate_class = "list"

    @operation("List webhook deliveries", query=shapes.DELIVERY_QUERY, answers={200: shapes.DELIVERY_LIST})
    def get(self, request: Request, endpoint_id: str) -> Response:  # noqa: ARG002
        query = self.query()
        endpoint = selectors.get_endpoint(**self.owner, public_id=endpoint_id)
        filters = {name: query[name] for name in ("status", "event_type") if name in query}
        deliveries = selectors.list_deliveries(endpoint=endpoint).filter(**filters).defer("body")
        return Response(page(deliveries, query, name="deliveries", render=delivery_view))


class WebhookAllDeliveries(WebhookView):
    rate_class = "list"

    @operation(
        "List the webhook deliveries of all receivers",
        description="To endpoints, also deleted ones, and to the `webhook_url` of single invoices. "
        "`status=failed` are those that were given up.",
        query=shapes.DELIVERY_QUERY,
        answers={200: shapes.DELIVERY_LIST},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        filters = {name: query[name] for name in ("status", "event_type") if name in query}
        deliveries = selectors.list_all_deliveries(**self.owner).filter(**filters).defer("body")
        return Response(page(deliveries, query, name="deliveries", render=delivery_view))


class WebhookAnyRedelivery(WebhookView):
    @operation(
        "Send a webhook delivery of any receiver again",
        description="With the same id and the same body, and with all its retries.",
        answers={202: shapes.DELIVERY},
    )
    def post(self, request: Request, delivery_id: str) -> Response:  # noqa: ARG002
        delivery = selectors.get_delivery_of(**self.owner, public_id=delivery_id)
        return Response(delivery_view(services.resend(delivery=delivery, now=self.now)), status=202)


class WebhookDeliveryDetail(WebhookView):
    rate_class = "status"

    @operation("Get a webhook delivery with its attempts", answers={200: shapes.DELIVERY_DETAIL})
    def get(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:  # noqa: ARG002
        endpoint = selectors.get_endpoint(**self.owner, public_id=endpoint_id)
        return Response(delivery_detail(selectors.get_delivery(endpoint=endpoint, public_id=delivery_id)))


class WebhookRedelivery(WebhookView):
    @operation(
        "Send a webhook delivery again",
        description="With the same id and the same body, and with all its retries.",
        answers={202: shapes.DELIVERY},
    )
    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:  # noqa: ARG002
        delivery = services.redeliver(**self.owner, endpoint_id=endpoint_id, delivery_id=delivery_id, now=self.now)
        return Response(delivery_view(delivery), status=202)
