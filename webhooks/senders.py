"""
The one loop of a worker that sends, beside whatever else the worker does.

A receiver may take half a minute to answer. Waiting for it costs a place in an event loop here, and
nothing else: a thread runs the loop and never touches the database, another one records what comes
back, many outcomes at a time, and claims what is due for the places that became free. Only as much is
claimed as there are free places, so the rest stays in the table, where any worker may take it. One
merchant never holds more of the places than it leaves free: others find some, whatever hangs.
"""

import asyncio
import atexit
import threading
import time
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from core import http
from webhooks import services
from webhooks.services import Claim, Result
from webhooks.states import Outcome

log = structlog.get_logger(__name__)

_GATHERING_SECONDS: Final = 0.005  # what ends within is recorded together: one transaction instead of many
_LAST_SECONDS: Final = 70.0  # for what was begun when the process ends: the longest request and its record


class Senders:
    """A fixed number of places for requests under way; its two threads start when they are first needed."""

    def __init__(self, places: int) -> None:
        self._places = self._free = places
        self._held: Counter[UUID] = Counter()  # of the places, by each merchant
        self._changed = threading.Condition()
        self._claiming = threading.Lock()
        self._ended: SimpleQueue[Result | Claim | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: list[threading.Thread] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_ending = False

    def hand_out(self) -> int:
        """Claim what is due for the free places and start sending; return how many deliveries."""
        with self._claiming:
            if self._is_ending or not self._free:
                return 0
            with self._changed:
                free, held = self._free, dict(self._held)
            claims = services.claim_due(now=timezone.now(), free=free, held=held)
            if claims:
                self._take(claims)
                loop = self._loop or self._start()
                loop.call_soon_threadsafe(self._begin, claims)
        return len(claims)

    def wait(self, seconds: float = _LAST_SECONDS) -> None:
        """Claim nothing more, and return when everything that was begun is recorded."""
        self._is_ending = True
        with self._changed:
            self._changed.wait_for(lambda: self._free == self._places, timeout=seconds)
        with self._claiming:
            if self._loop is not None:
                self._ended.put(None)
                self._loop.call_soon_threadsafe(self._loop.stop)
                for thread in self._threads:
                    thread.join(timeout=1)
                self._loop = None
                atexit.unregister(self.wait)

    def _start(self) -> asyncio.AbstractEventLoop:
        self._loop = loop = asyncio.new_event_loop()
        self._threads = [
            threading.Thread(target=self._run, args=[loop], daemon=True, name="webhook-sender"),
            threading.Thread(target=self._keep_records, daemon=True, name="webhook-recorder"),
        ]
        for thread in self._threads:
            thread.start()
        atexit.register(self.wait)
        return loop

    def _take(self, claims: Sequence[Claim]) -> None:
        with self._changed:
            self._free -= len(claims)
            self._held.update(each.merchant_id for each in claims)

    def _give_back(self, claims: Sequence[Claim]) -> None:
        with self._changed:
            self._free += len(claims)
            self._held -= Counter(each.merchant_id for each in claims)  # keeps nobody who holds none
            self._changed.notify_all()

    # In the thread of the loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        self._client = http.Client()
        try:
            loop.run_forever()
        finally:
            self._client.close()
            loop.close()

    def _begin(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            task = asyncio.ensure_future(self._send(claim))
            self._under_way.add(task)  # the loop itself would let go of it
            task.add_done_callback(self._under_way.discard)

    async def _send(self, claim: Claim) -> None:
        try:
            outcome: Outcome = await services.send(claim, self._client)
        except Exception:  # the lease lapses, and another attempt is made
            log.exception("webhook_attempt_crashed", delivery=str(claim.delivery_id))
            self._ended.put(claim)
        else:
            self._ended.put(Result(claim, outcome))

    # In the thread of the records

    def _keep_records(self) -> None:
        while (batch := self._ended_meanwhile()) is not None:
            close_old_connections()
            try:
                self._record([each for each in batch if isinstance(each, Result)])
            finally:
                self._give_back([each.claim if isinstance(each, Result) else each for each in batch])
            try:
                self.hand_out()
            except Exception:  # whatever is due now is found by the clock
                log.exception("webhook_hand_out_failed")
            close_old_connections()

    def _ended_meanwhile(self) -> list[Result | Claim] | None:
        """Wait for something to end; return it with all that has ended by then, or None to stop."""
        batch: list[Result | Claim] = []
        ended = self._ended.get()
        time.sleep(_GATHERING_SECONDS)
        while ended is not None:
            batch.append(ended)
            try:
                ended = self._ended.get_nowait()
            except Empty:
                return batch
        return batch or None

    def _record(self, results: Sequence[Result]) -> None:
        try:
            services.record(results)
        except Exception:
            log.exception("webhook_batch_not_recorded", size=len(results))
            for result in results:
                self._record_alone(result)

    def _record_alone(self, result: Result) -> None:
        try:
            services.record([result])
        except Exception:  # the lease lapses, and another attempt is made
            log.exception("webhook_attempt_crashed", delivery=str(result.claim.delivery_id))


def hand_out() -> int:
    """Send what is due, from this process; return how many deliveries were started."""
    return _senders(settings.WEBHOOK_SENDERS).hand_out()


@lru_cache(maxsize=1)
def _senders(places: int) -> Senders:
    return Senders(places)
