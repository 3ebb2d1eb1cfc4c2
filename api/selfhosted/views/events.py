"""What happened to checkout sessions."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import InvalidCursor
from api.schema import operation
from api.selfhosted import shapes
from api.selfhosted.base import MerchantView
from api.selfhosted.mapping import EVENTS, PAID, PAID_LATE, SUBSCRIPTIONS
from api.selfhosted.pagination import STARTING_AFTER, page_of
from api.selfhosted.sessions import event_views
from events import selectors
from events.errors import EventNotFound
from events.models import Event
from invoices.states import InvoiceException


class EventView(MerchantView):
    """What both share."""

    tag = "Events"
    required_scopes = {"GET": "events:read"}


class EventList(EventView):
    rate_class = "list"

    @operation("List events", query=shapes.EVENT_QUERY, answers={200: shapes.EVENT_LIST})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        wanted = query.get("type")
        log = selectors.list_events(
            merchant_id=self.merchant.pk,
            livemode=self.livemode,
            types=[SUBSCRIPTIONS[wanted]] if wanted else list(EVENTS),
            since=query.get("createdAfter"),
        )
        if wanted and SUBSCRIPTIONS[wanted] == PAID:
            log = _paid(log, is_late=wanted == PAID_LATE)
        if STARTING_AFTER in query:
            log = log.filter(position__lt=self._position(query[STARTING_AFTER]))
        found = list(log.order_by("-position")[: query["limit"] + 1])
        return Response(page_of(found, query["limit"], event_views))

    def _position(self, cursor: str) -> int:
        event = selectors.find_event(merchant_id=self.merchant.pk, livemode=self.livemode, public_id=cursor)
        if event is None or event.position is None:
            raise InvalidCursor(field=STARTING_AFTER)
        return event.position


class EventDetail(EventView):
    rate_class = "status"

    @operation("Get an event", answers={200: shapes.EVENT})
    def get(self, request: Request, event_id: str) -> Response:  # noqa: ARG002
        event = selectors.find_event(merchant_id=self.merchant.pk, livemode=self.livemode, public_id=event_id)
        if event is None or event.type not in EVENTS:
            raise EventNotFound
        return Response(event_views([event])[0])


def _paid(log: QuerySet[Event], *, is_late: bool) -> QuerySet[Event]:
    late = {"data__exception": str(InvoiceException.LATE)}
    return log.filter(**late) if is_late else log.exclude(**late)
