"""
Feed the log to Kafka, where an operator set EVENT_SINK_URL: every event that programs are told of, at least once.

Messages of one invoice have its id for a key, so they lie in one partition in the order of their positions. A message
is what a webhook for the event says; headers say whose it is and its position, by which a reader leaves out what it
has read before. How far the feed has come stands in a row. Whoever feeds holds it for a while and talks to Kafka
outside of any transaction; the position moves on only behind what the brokers have acknowledged.
"""

import os
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db.models import Q

from core import exact_json
from core.ids import public_id
from events.models import Event, Feed
from events.payload import payload
from events.types import DELIVERABLE

BATCH: Final = 500
LEASE: Final = timedelta(seconds=90)
_ACKNOWLEDGED_WITHIN_MS: Final = 30_000
_TURN_SECONDS: Final = 30.0  # then another worker may go on; well before the lease ends
_NAME: Final = "kafka"

log = structlog.get_logger(__name__)


class SinkUnavailable(Exception):
    """The brokers did not take an event. It is sent again later; nothing is lost."""


@dataclass(slots=True)
class _Turn:
    """What the brokers said of one batch: the positions they took, and the first thing that went wrong."""

    taken: set[int] = field(default_factory=set)
    problem: str = ""

    def heard(self, problem: Any, position: int) -> None:
        """Note what became of one message."""
        if problem is None:
            self.taken.add(position)
        else:
            self.problem = self.problem or str(problem)


_producers: dict[tuple[int, str], Any] = {}


def feed(*, now: datetime) -> int:
    """
    Send what the brokers have not had yet; return how many events they took.

    One works at a time; another call returns 0 at once, and so does one without EVENT_SINK_URL.

    :raises SinkUnavailable: when the brokers do not take it
    """
    if not settings.EVENT_SINK:
        return 0
    token = _claim(now)
    if token is None:
        return 0
    total, begun = 0, time.monotonic()
    try:
        while time.monotonic() - begun < _TURN_SECONDS:
            sent, has_more = _feed_some(token)
            total += sent
            if not has_more:
                break
    finally:
        Feed.objects.filter(name=_NAME, lease_token=token).update(lease_token=None, leased_until=None)
    return total


def lag() -> int:
    """Return how many events of the log lie before the feed, 0 without one."""
    if not settings.EVENT_SINK:
        return 0
    at = Feed.objects.filter(name=_NAME).values_list("position", flat=True).first() or 0
    newest = Event.objects.filter(position__gt=at).order_by("-position").values_list("position", flat=True).first()
    return (newest or at) - at


def lag_seconds(*, now: datetime) -> float:
    """Return for how long the oldest event that the brokers have not had has waited; 0 when there is none."""
    if not settings.EVENT_SINK:
        return 0.0
    at = Feed.objects.filter(name=_NAME).values_list("position", flat=True).first() or 0
    oldest = Event.objects.filter(position__gt=at).order_by("position").values_list("created_at", flat=True).first()
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0


def _claim(now: datetime) -> UUID | None:
    Feed.objects.get_or_create(name=_NAME)
    token = uuid4()
    is_free = Q(lease_token=None) | Q(leased_until__lt=now)
    claimed = Feed.objects.filter(is_free, name=_NAME).update(lease_token=token, leased_until=now + LEASE)
    return token if claimed else None


def _feed_some(token: UUID) -> tuple[int, bool]:
    """Send one batch; return how many events it held, and whether more wait."""
    at = Feed.objects.values_list("position", flat=True).get(name=_NAME)
    events = list(Event.objects.filter(position__gt=at).order_by("position")[:BATCH])
    told = [event for event in events if event.type in DELIVERABLE]
    turn = _send(told)
    reached = at
    for event in events:
        if event.type in DELIVERABLE and event.position not in turn.taken:
            break
        reached = event.position or reached
    Feed.objects.filter(name=_NAME, lease_token=token).update(position=reached)
    if events and reached != events[-1].position:
        _producers.clear()  # one that gave messages up starts anew, without what it may still hold
        raise SinkUnavailable(turn.problem or "The brokers did not answer in time.")
    return len(told), len(events) == BATCH


def _send(events: list[Event]) -> _Turn:
    turn = _Turn()
    if not events:
        return turn
    producer = _producer()
    for event in events:
        position = event.position or 0
        producer.produce(
            settings.EVENT_SINK["topic"],
            key=_key(event),
            value=exact_json.dumps(payload(event)).encode(),
            headers=_headers(event),
            on_delivery=lambda problem, _message, position=position: turn.heard(problem, position),
        )
        producer.poll(0)
    producer.flush(_ACKNOWLEDGED_WITHIN_MS / 1000 + 5)
    return turn


def _key(event: Event) -> bytes:
    """Return the invoice's id, or that of whatever else it is about, or the merchant's."""
    if event.invoice_id:
        return public_id("inv", event.invoice_id).encode()
    return (event.object_id or str(event.merchant_id or "")).encode()


def _headers(event: Event) -> list[tuple[str, bytes]]:
    merchant = public_id("mer", event.merchant_id) if event.merchant_id else ""
    told = {"position": event.position, "event_id": event.public_id, "event": event.type, "merchant_id": merchant}
    return [(name, str(value).encode()) for name, value in told.items()]


def _producer() -> Any:
    """Return this process's producer. Made when first used: its threads do not outlive a fork."""
    known = (os.getpid(), settings.EVENT_SINK["bootstrap.servers"])
    if known not in _producers:
        from confluent_kafka import Producer

        config = {name: value for name, value in settings.EVENT_SINK.items() if name != "topic"}
        _producers[known] = Producer(
            {
                **config,
                "client.id": "crypto-checkout",
                "acks": "all",
                "enable.idempotence": True,  # a retry neither doubles a message nor overtakes another
                "message.timeout.ms": _ACKNOWLEDGED_WITHIN_MS,
                "linger.ms": 5,
            }
        )
    return _producers[known]
