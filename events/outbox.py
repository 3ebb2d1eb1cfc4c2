"""Tell others what happened, exactly once each, without talking to anyone inside the transaction.

``emit`` writes the event with its cause. After the commit it nudges the dispatcher, which numbers
new events and hands each to the subscribers in the same transaction; a subscriber therefore
writes rows (a delivery, a statistic) and never talks to the network.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from core import context, tracing
from core.statements import insert
from events.errors import StillFails
from events.models import Event, FailedDispatch
from events.traces import dispatch_span

log = structlog.get_logger(__name__)

BATCH: Final = 500
_ERROR_LENGTH: Final = 2000
_PATIENCE: Final = 20  # looks at a busy dispatcher before leaving the rest to it and to beat
_BUSY_SECONDS: Final = 0.05
_ADVISORY_LOCK: Final = 0x6F7574626F78  # "outbox"


@dataclass(frozen=True, slots=True)
class Happening:
    """
    What an app tells the log. ``data`` holds plain JSON values and Decimals.

    ``object_id`` is the public id of what it is about when that is not an invoice.
    """

    type: str
    merchant_id: UUID | None
    livemode: bool
    data: Mapping[str, Any]
    invoice_id: UUID | None = None
    object_id: str = ""
    key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One reader of the log: its stable name, what it does with an event, and which types it wants (None: all)."""

    name: str
    handle: Callable[[Event], None]
    types: frozenset[str] | None


_subscribers: dict[str, Subscriber] = {}
_after_dispatch: list[Callable[[list[Event]], None]] = []


def subscribe(name: str, handle: Callable[[Event], None], *, types: frozenset[str] | None = None) -> None:
    """Have ``handle`` called once for each new event, inside the dispatching transaction."""
    _subscribers[name] = Subscriber(name, handle, types)


def after_dispatch(callback: Callable[[list[Event]], None]) -> None:
    """Have ``callback`` called with the numbered events once they are committed. A nudge only: it may be lost."""
    if callback not in _after_dispatch:
        _after_dispatch.append(callback)


def emit(happening: Happening) -> Event:
    """
    Write an event in the transaction of its cause.

    :raises RuntimeError: outside a transaction, where a crash would part the two
    """
    if not connection.in_atomic_block:
        raise RuntimeError("emit() belongs in the transaction of its cause")
    caller = context.current()
    event = Event(
        type=happening.type,
        merchant_id=happening.merchant_id,
        livemode=happening.livemode,
        invoice_id=happening.invoice_id,
        object_id=happening.object_id,
        data=happening.data,
        actor=caller.actor[:120],
        ip_address=caller.ip_address,
        user_agent=caller.user_agent[:200],
        request_id=caller.request_id,
        trace_id=caller.trace_id,
    )
    if happening.key is not None:
        event.pk = happening.key
    insert(event)
    # One nudge for all events of a transaction. One that a savepoint took back is no longer in the list.
    if not any(callback is _nudge for _, callback, *_ in connection.run_on_commit):
        transaction.on_commit(_nudge, robust=True)
    return event


def dispatch() -> int:
    """
    Number the events that have committed and hand them to the subscribers; return how many.

    One dispatcher works at a time (an advisory lock); another call returns 0 at once. Safe to
    repeat: number, subscribers' rows and the end of the work commit together.
    """
    return len(_dispatch_batch() or ())


def dispatch_all() -> int:
    """
    Dispatch until nothing waits; return how many events.

    While another dispatcher works it is given a moment: it may have looked just before the event
    of this nudge was committed.
    """
    total = busy = 0
    while busy < _PATIENCE:
        done = _dispatch_batch()
        if done is None:
            busy += 1
            time.sleep(_BUSY_SECONDS)
        elif done:
            total += len(done)
        else:
            break
    return total


def retry_failed() -> int:
    """Hand events again to the subscribers that failed on them; return how many succeeded."""
    # Those tried least come first: a hopeless one does not keep the others waiting.
    keys = FailedDispatch.objects.order_by("retries", "created_at").values_list("pk", flat=True)[:BATCH]
    return sum(_retry(key) for key in list(keys))


@transaction.atomic
def retry_dispatch(*, failure_id: UUID) -> None:
    """
    Hand one event again to the subscriber that failed on it. Nothing to do when that has happened meanwhile.

    :raises StillFails: when it fails again
    """
    if not _retry(failure_id):
        failure = FailedDispatch.objects.filter(pk=failure_id).first()
        if failure is not None:
            raise StillFails(f"{failure.subscriber} fails again: {failure.error}")


@transaction.atomic
def _retry(key: UUID) -> bool:
    waiting = FailedDispatch.objects.select_for_update(skip_locked=True, of=("self",)).select_related("event")
    failure = waiting.filter(pk=key).first()
    if failure is None or failure.subscriber not in _subscribers:
        return False
    try:
        with transaction.atomic():
            _subscribers[failure.subscriber].handle(failure.event)
    except Exception as problem:  # noqa: BLE001 - a subscriber's fault must not stop the others
        failure.retries += 1
        failure.error = repr(problem)[:_ERROR_LENGTH]
        failure.save(update_fields=["retries", "error"])
        return False
    failure.delete()
    return True


def _dispatch_batch() -> list[Event] | None:
    """Return the events of one batch, or None when another dispatcher is at work."""
    with transaction.atomic():
        if not _claim_turn():
            return None
        events = list(Event.objects.filter(position=None).order_by("sequence").select_for_update()[:BATCH])
        if not events:
            return []
        for number, event in enumerate(events, start=_last_position() + 1):
            event.position = number
            with tracing.recorded(dispatch_span(event)):
                _hand_out(event)
        _store_positions(events)
    for callback in _after_dispatch:
        try:
            callback(events)
        except Exception:  # the log is written; whoever was not nudged polls
            log.exception("after_dispatch_failed", callback=getattr(callback, "__qualname__", repr(callback)))
    return events


def _store_positions(events: list[Event]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_event SET position = numbered.position"
            " FROM unnest(%s::uuid[], %s::bigint[]) AS numbered (id, position) WHERE events_event.id = numbered.id",
            [[event.pk for event in events], [event.position for event in events]],
        )


def _hand_out(event: Event) -> None:
    for subscriber in _subscribers.values():
        if subscriber.types is not None and event.type not in subscriber.types:
            continue
        try:
            with transaction.atomic():
                subscriber.handle(event)
        except Exception as problem:
            log.exception("subscriber_failed", subscriber=subscriber.name, event_id=event.public_id)
            FailedDispatch.objects.create(event=event, subscriber=subscriber.name, error=repr(problem)[:_ERROR_LENGTH])


def _claim_turn() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])


def _last_position() -> int:
    return (
        Event.objects.filter(position__isnull=False).order_by("-position").values_list("position", flat=True).first()
        or 0
    )


def _nudge() -> None:
    from events.tasks import nudge_dispatcher  # the task imports this module

    nudge_dispatcher()
