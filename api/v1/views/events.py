"""The log of what happened, to be read again from any place."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import InvalidCursor
from api.schema import operation
from api.v1.base import MerchantView
from api.v1.pagination import COUNTED
from api.v1.rendering.webhooks import event_view
from api.v1.shapes import webhooks as shapes
from events import selectors
from events.errors import EventNotFound
from events.types import DELIVERABLE


class EventView(MerchantView):
    """What both share."""

    tag = "Events"
    required_scopes = {"GET": "invoices:read"}


class EventList(EventView):
    rate_class = "list"

    @operation(
        "List events",
        description="Oldest first, so that a reader can go on from the last event it has seen, without gaps.",
        query=shapes.EVENT_QUERY,
        answers={200: shapes.EVENT_LIST},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        log = selectors.list_events(
            merchant_id=self.merchant.pk,
            livemode=self.livemode,
            after=self._position(query.get("after")),
            types=query.get("type", DELIVERABLE),
            since=query.get("created_after"),
        )
        limit = query["limit"]
        found = list(log[: limit + 1])
        shown, has_more = found[:limit], len(found) > limit
        total = log[: COUNTED + 1].count() if has_more else len(found)
        pagination: dict[str, Any] = {
            "total": min(total, COUNTED),
            "limit": limit,
            "has_more": has_more,
            "next_cursor": str(shown[-1].position) if has_more else None,
        }
        if total > COUNTED:
            pagination["total_is_lower_bound"] = True
        return Response({"events": [event_view(event) for event in shown], "pagination": pagination})

    def _position(self, after: str | None) -> int:
        if after is None:
            return 0
        if after.isdigit():
            return int(after)
        event = selectors.find_event(merchant_id=self.merchant.pk, livemode=self.livemode, public_id=after)
        if event is None or event.position is None:
            raise InvalidCursor("There is no such event.", field="after")
        return event.position


class EventDetail(EventView):
    rate_class = "status"

    @operation("Get an event", answers={200: shapes.EVENT})
    def get(self, request: Request, event_id: str) -> Response:  # noqa: ARG002
        event = selectors.find_event(merchant_id=self.merchant.pk, livemode=self.livemode, public_id=event_id)
        if event is None:
            raise EventNotFound
        return Response(event_view(event))
