"""
The live end of the log, for event streams: one tail per process, however many connections hang on it.

A dispatcher announces new positions on Valkey; the tail reads each new event from the database
once and hands it to the connections that asked for its invoice or merchant. Announcements are only
a hurry: a poll of the log behind them finds whatever was lost, seconds later.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

import redis.asyncio
import structlog
from django.conf import settings
from django.db import close_old_connections
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core import valkey
from events import selectors
from events.models import Event
from events.types import DELIVERABLE

log = structlog.get_logger(__name__)
T = TypeVar("T")

CHANNEL: Final = "events"
BATCH: Final = 500
BACKLOG: Final = 200  # events one connection may lag behind before it is dropped
POLL_SECONDS: Final = 2.0
QUIET_SECONDS: Final = 15.0  # after so long without news a connection is woken to say that it is alive
_LOOKS: Final = 15  # at who is quiet, in that time
_RECONNECT_SECONDS: Final = 1.0
_DATABASE_THREADS: Final = 4
_BOTH_MODES: Final = (False, True)

_threads = ThreadPoolExecutor(max_workers=_DATABASE_THREADS, thread_name_prefix="stream-database")


@dataclass(frozen=True, slots=True)
class Topic:
    """What a connection listens to: one invoice, or all of a merchant in one mode."""

    invoice_id: UUID | None = None
    merchant_id: UUID | None = None
    livemode: bool = False


def announce(events: Iterable[Event]) -> None:
    """Tell all tails which positions are new, and whose they are. Never raises: the poll finds them as well."""
    message = [
        {
            "position": event.position,
            "merchant": event.merchant_id and str(event.merchant_id),
            "livemode": event.livemode,
            "invoice": event.invoice_id and str(event.invoice_id),
        }
        for event in events
    ]
    valkey.publish(CHANNEL, json.dumps(message, separators=(",", ":")))


async def in_database(read: Callable[..., T], **arguments: Any) -> T:
    """Run a blocking read in the small pool of database threads, for the same caller, beside the event loop."""
    caller = copy_context()
    return await asyncio.get_running_loop().run_in_executor(
        _threads, caller.run, _with_fresh_connection, read, arguments
    )


def _with_fresh_connection(read: Callable[..., T], arguments: dict[str, Any]) -> T:
    close_old_connections()  # also has a kept connection checked before its next use
    try:
        return read(**arguments)
    finally:
        close_old_connections()


class Overflowed(Exception):
    """The reader was too slow; what it missed is in the log, and it can resume from its last position."""


@dataclass(eq=False, slots=True)
class Subscription:
    """
    One connection's share of the tail. ``on_overflow`` frees a writer that is stuck in a full socket.

    There are thousands of these in a process: they have no timers of their own, and no queue while it is empty.
    """

    topic: Topic
    on_overflow: Callable[[], Any]
    overflowed: bool = False
    closed: bool = False
    _waiting: list[Event] | None = None
    _reader: "asyncio.Future[None] | None" = None
    _quiet_since: float = 0.0

    def offer(self, event: Event) -> None:
        """Queue an event; a reader whose queue is full is dropped, as nobody's memory is endless."""
        if self.overflowed:
            return
        if self._waiting is None:
            self._waiting = [event]
        elif len(self._waiting) < BACKLOG:
            self._waiting.append(event)
        else:
            self.overflowed = True
            self._waiting = None
            self.on_overflow()
            return
        self._wake()

    def close(self) -> None:
        """Wake the reader for good: there is nobody to write to any more."""
        self.closed = True
        self._wake()

    def remind(self, *, now: float) -> None:
        """Wake a reader that has had no news for long, with none."""
        if now - self._quiet_since >= QUIET_SECONDS:
            self._wake()

    async def next(self) -> list[Event]:
        """
        Wait for events and return them; empty when there was none for QUIET_SECONDS.

        :raises Overflowed: when the reader was too slow
        """
        if self._waiting is None and not self.closed and not self.overflowed:
            loop = asyncio.get_running_loop()
            self._quiet_since = loop.time()
            self._reader = loop.create_future()
            await self._reader
        if self.overflowed:
            raise Overflowed
        events, self._waiting = self._waiting or [], None
        return events

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Tail:
    """
    Follows the log while somebody listens. Belongs to one event loop.

    ``_cursor`` is the position up to which every event has been considered in this process.
    """

    def __init__(self) -> None:
        self._subscriptions: dict[Topic, set[Subscription]] = {}
        self._cursor = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._turn = asyncio.Lock()

    def listeners(self, topic: Topic) -> int:
        """Return how many connections of this process listen to ``topic``."""
        return len(self._subscriptions.get(topic, ()))

    async def subscribe(self, topic: Topic, *, on_overflow: Callable[[], Any]) -> Subscription:
        """
        Start handing events to a new subscription. Read the log after this call, not before: then nothing is missed.

        :raises django.db.Error: when the database is out of reach
        """
        subscription = Subscription(topic, on_overflow)
        self._subscriptions.setdefault(topic, set()).add(subscription)
        try:
            async with self._turn:
                if not self._tasks:
                    self._cursor = await in_database(selectors.last_position)
                    self._tasks = [
                        asyncio.create_task(self._for_ever(self._listen, _RECONNECT_SECONDS)),
                        asyncio.create_task(self._for_ever(self._catch_up, POLL_SECONDS)),
                        asyncio.create_task(self._remind()),
                    ]
        except BaseException:
            self.unsubscribe(subscription)
            raise
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a subscription; with the last one the tail stops, and an idle process costs nothing."""
        listeners = self._subscriptions.get(subscription.topic, set())
        listeners.discard(subscription)
        if not listeners:
            self._subscriptions.pop(subscription.topic, None)
        if not self._subscriptions:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    def close_all(self) -> None:
        """End every stream of this process: it shuts down."""
        for listeners in list(self._subscriptions.values()):
            for subscription in list(listeners):
                subscription.close()

    async def _for_ever(self, work: Callable[[], Awaitable[None]], pause: float) -> None:
        while True:
            _heed_cancellation()
            try:
                await work()
            except Exception as problem:  # noqa: BLE001 - database or Valkey away: the next round tries again
                log.warning("tail_interrupted", work=getattr(work, "__name__", ""), error=repr(problem))
            await asyncio.sleep(pause)

    async def _remind(self) -> None:
        while True:
            await asyncio.sleep(QUIET_SECONDS / _LOOKS)
            now = asyncio.get_running_loop().time()
            for listeners in self._subscriptions.values():
                for subscription in listeners:
                    subscription.remind(now=now)

    async def _listen(self) -> None:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=2,
            socket_keepalive=True,
            health_check_interval=15,
            retry=Retry(NoBackoff(), 0),  # reconnecting is the loop around this
        )
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as announcements:
                await announcements.subscribe(CHANNEL)
                await self._catch_up()  # whatever was announced while nobody heard it
                while True:
                    _heed_cancellation()
                    message = await announcements.get_message(timeout=5)
                    if message is not None:
                        await self._consider(json.loads(message["data"]))
        finally:
            await client.aclose()

    async def _consider(self, announced: list[dict[str, Any]]) -> None:
        """Move on without a read when the announcement joins up with what is known and nobody here asked for it."""
        if not announced:
            return
        async with self._turn:
            joins_up = announced[0]["position"] <= self._cursor + 1
            if joins_up and not any(self._is_wanted(entry) for entry in announced):
                self._cursor = max(self._cursor, announced[-1]["position"])
                return
        await self._catch_up()

    def _is_wanted(self, entry: dict[str, Any]) -> bool:
        invoice, merchant = (entry[key] and UUID(entry[key]) for key in ("invoice", "merchant"))
        modes = (entry["livemode"],) if invoice else _BOTH_MODES
        return any(topic in self._subscriptions for topic in _topics(invoice, merchant, modes))

    async def _catch_up(self) -> None:
        async with self._turn:
            while True:
                events = await in_database(selectors.read_log, after=self._cursor, limit=BATCH)
                for event in events:
                    self._hand_out(event)
                if events:
                    self._cursor = events[-1].position or self._cursor
                if len(events) < BATCH:
                    return

    def _hand_out(self, event: Event) -> None:
        # An account is the same in both modes: its suspension ends the streams of both.
        is_internal = event.invoice_id is None and event.type not in DELIVERABLE
        modes = _BOTH_MODES if is_internal else (event.livemode,)
        for topic in _topics(event.invoice_id, event.merchant_id, modes):
            for subscription in tuple(self._subscriptions.get(topic, ())):
                subscription.offer(event)


def _heed_cancellation() -> None:
    """End a task that was asked to: Python 3.11's ``asyncio.wait_for``, while a command is sent, may swallow that."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _topics(invoice_id: UUID | None, merchant_id: UUID | None, modes: Iterable[bool]) -> list[Topic]:
    return [Topic(invoice_id=invoice_id), *(Topic(merchant_id=merchant_id, livemode=mode) for mode in modes)]
