"""
Sending the events of a period again, however many: slice by slice, so that what happens now is not kept waiting.

The first slice is due at once. The others follow by the clock, each when most of those before it are over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from events.models import Event
from events.selectors import list_events
from events.types import DELIVERABLE, EVERYTHING, WEBHOOK_TEST
from merchants.models import Merchant
from webhooks import selectors
from webhooks.errors import InvalidPeriod, UnknownEventType
from webhooks.models import Delivery, Replay, WebhookEndpoint
from webhooks.services import circuits
from webhooks.services.owing import format_of, new_delivery, render_body
from webhooks.services.repeating import enabled_endpoint
from webhooks.states import DeliveryStatus

MAX_REPLAYED: Final = 100_000
SLICE: Final = 1000
MOST_WAITING: Final = 500  # of a slice, until the next one is due


@dataclass(frozen=True, slots=True)
class Period:
    """Which events to send again: those that happened in ``start`` … ``end`` (excluded), of some types or all."""

    start: datetime
    end: datetime
    events: Sequence[str] = (EVERYTHING,)


@transaction.atomic
def replay(*, merchant: Merchant, livemode: bool, endpoint_id: str, period: Period, now: datetime) -> Replay:
    """
    Send every event of a period that the endpoint subscribes to, also those it was never owed.

    What is under way already goes on as it is. What happens later is not part of it.

    :raises EndpointNotFound: when the merchant has no such endpoint
    :raises EndpointDisabled: when nothing is sent to the endpoint
    :raises InvalidPeriod: when it ends before it starts or holds more than MAX_REPLAYED events
    :raises UnknownEventType: when a type does not exist
    """
    _check(period)
    endpoint = enabled_endpoint(merchant=merchant, livemode=livemode, endpoint_id=endpoint_id)
    wish = Replay(
        endpoint=endpoint,
        start=period.start,
        end=period.end,
        types=_types_of(endpoint, period),
        created_at=now,
        last_position=Event.objects.aggregate(last=Max("position"))["last"] or 0,
    )
    wish.total = _events_of(wish)[: MAX_REPLAYED + 1].count()
    if wish.total > MAX_REPLAYED:
        raise InvalidPeriod(
            "This period holds too many events. Choose a shorter one.", constraints={"max_events": MAX_REPLAYED}
        )
    _make_due(wish, now=now)
    wish.save(force_insert=True)
    circuits.close(endpoint.public_id)
    return wish


def continue_replays(*, now: datetime) -> int:
    """Make the next slice due of every replay that is ready for it, settle what is over; return how many deliveries."""
    keys = Replay.objects.filter(delivered=None).order_by("created_at").values_list("pk", flat=True)
    return sum(_continue(key, now=now) for key in keys)


@transaction.atomic
def _continue(key: UUID, *, now: datetime) -> int:
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(replays=key)
    wish = Replay.objects.select_for_update(skip_locked=True).filter(pk=key, delivered=None).first()
    if wish is None:
        return 0
    wish.endpoint = endpoint
    made = 0
    if wish.finished_at is not None:
        _settle(wish)
    elif not endpoint.enabled:
        wish.finished_at, wish.is_stopped = now, True
    elif selectors.replayed(wish).filter(status=DeliveryStatus.PENDING)[:MOST_WAITING].count() < MOST_WAITING:
        made = _make_due(wish, now=now)
    wish.save()
    return made


def _settle(wish: Replay) -> None:
    """Count what came of a replay when it is over: it stays, whatever is sent again or pruned later."""
    if selectors.is_over(wish):
        progress = selectors.progress_of(wish)
        wish.delivered, wish.failed = progress.delivered, progress.failed


def _make_due(wish: Replay, *, now: datetime) -> int:
    """Make the next slice due; note how far it went, and whether it was the last."""
    events = list(_events_of(wish).filter(position__gt=wish.position)[:SLICE])
    known = Delivery.objects.filter(endpoint=wish.endpoint, event__in=events)
    owed = set(known.values_list("event_id", flat=True))
    again = known.exclude(status=DeliveryStatus.PENDING).renew(now=now)
    missing = [event for event in events if event.pk not in owed]
    Delivery.objects.bulk_create(
        new_delivery(event=event, receiver=wish.endpoint, body=render_body(event, wish.endpoint), now=now)
        for event in missing
    )
    if len(events) < SLICE:
        wish.position, wish.finished_at = wish.last_position, now
    else:
        wish.position = events[-1].position or wish.last_position
    return again + len(missing)


def _events_of(wish: Replay) -> QuerySet[Event]:
    endpoint = wish.endpoint
    log = list_events(merchant_id=endpoint.merchant_id, livemode=endpoint.livemode, types=wish.types)
    return log.filter(created_at__gte=wish.start, created_at__lt=wish.end, position__lte=wish.last_position)


def _types_of(endpoint: WebhookEndpoint, period: Period) -> list[str]:
    told = format_of(endpoint)
    types = {kind for kind in DELIVERABLE if endpoint.wants(kind) and told.tells(kind) and kind != WEBHOOK_TEST}
    if EVERYTHING not in period.events:
        types.intersection_update(period.events)
    return sorted(types)


def _check(period: Period) -> None:
    if period.start >= period.end:
        raise InvalidPeriod("The period ends before it starts.", field="to")
    for index, event_type in enumerate(period.events):
        if event_type not in DELIVERABLE and event_type != EVERYTHING:
            raise UnknownEventType(f"There is no event {event_type[:64]!r}.", field=f"events[{index}]")
