"""How an endpoint of a node is doing: whether to ask it now, and what the operator is told of it."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from core.retry_after import http_date, wished_pause

LONGEST_REST: Final = 60  # seconds, after many failures
LONGEST_WISH: Final = timedelta(minutes=10)  # a node may ask for with Retry-After
GROWS_AFTER: Final = 50  # good answers in a row
_SMOOTHING: Final = 0.2  # weight of the newest answer in the mean time


def endpoint_name(url: str) -> str:
    """Return what people may see of a node's URL: keys stand in its path, its query or before its host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """One endpoint as this process knows it; moments are Unix times, 0 where there was none."""

    name: str
    is_awake: bool
    failures: int  # in a row
    milliseconds: int  # until an answer, smoothed
    answered_at: float
    failed_at: float
    reason: str  # of the last failure


class Health:
    """What this process has seen of one endpoint."""

    def __init__(self, name: str, *, rest_seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0
        self._seconds = 0.0
        self._answered_at = 0.0
        self._failed_at = 0.0
        self._reason = ""

    @property
    def is_awake(self) -> bool:
        """Whether the endpoint may be asked now."""
        return self._clock() >= self._rests_until

    def answered(self, seconds: float) -> None:
        """Note an answer that took so long."""
        self._failures = 0
        self._seconds = seconds if not self._answered_at else self._seconds + _SMOOTHING * (seconds - self._seconds)
        self._answered_at = time.time()

    def failed(self, reason: str) -> None:
        """Note a failure."""
        self._failed_at = time.time()
        self._reason = reason

    def rest(self) -> None:
        """
        Let the endpoint be after it failed a whole question: not at all the first time, then longer each time.

        Half of the rest is left to chance, so that many processes do not come back together.
        """
        self._failures += 1
        if self._failures > 1 and self._rest_seconds:
            seconds = min(self._rest_seconds * 2 ** (self._failures - 2), LONGEST_REST)
            self._rest_for(seconds * random.uniform(0.5, 1))  # noqa: S311 - no secret

    def told_to_wait(self, wish: str, *, said_at: str = "") -> None:
        """
        Do as a busy node asks with its Retry-After, within bounds; without any it rests as after a failure.

        ``said_at`` is the Date of the answer: when the node asks to wait until a moment, its own clock is what counts.
        """
        pause = wished_pause(wish, now=http_date(said_at) or datetime.now(UTC))
        self._rest_for(min(pause, LONGEST_WISH) / timedelta(seconds=1))

    def why(self) -> str:
        """Return why the endpoint is not asked, for the text of an error."""
        left = max(round(self._rests_until - self._clock()), 1)
        return f"rests for {left} s, because it {self._reason.removeprefix(self._name).strip() or 'failed'}"

    def snapshot(self) -> EndpointHealth:
        """Return what the operator is shown."""
        return EndpointHealth(
            name=self._name,
            is_awake=self.is_awake,
            failures=self._failures,
            milliseconds=round(self._seconds * 1000),
            answered_at=self._answered_at,
            failed_at=self._failed_at,
            reason=self._reason,
        )

    def _rest_for(self, seconds: float) -> None:
        self._rests_until = max(self._rests_until, self._clock() + seconds)


class Bucket:
    """Lets ``per_second`` requests through, a second's worth at once; 0 lets all through."""

    def __init__(
        self,
        per_second: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._tokens = float(per_second)
        self._filled_at = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return as soon as one more request is within the rate."""
        if not self._per_second:
            return
        with self._lock:
            now = self._clock()
            self._tokens = min(self._tokens + (now - self._filled_at) * self._per_second, float(self._per_second))
            self._filled_at = now
            self._tokens -= 1
            wait = max(-self._tokens / self._per_second, 0)
        if wait:
            self._sleep(wait)


class Span:
    """
    How many blocks an endpoint gives logs of at once, as it was found out: nodes allow from 10 to 10,000.

    It is halved when the node says that it was too much, and grows by a quarter after many good answers.
    """

    def __init__(self) -> None:
        self._limit: int | None = None  # nothing was refused yet
        self._good = 0

    def within(self, wanted: int) -> int:
        """Return how many of ``wanted`` blocks to ask for at once."""
        return wanted if self._limit is None else min(wanted, self._limit)

    def refused(self, count: int) -> None:
        """Note that ``count`` blocks were too much."""
        self._limit = max((count + 1) // 2, 1)
        self._good = 0

    def answered(self, count: int) -> None:
        """Note an answer for ``count`` blocks."""
        if self._limit is None or count < self._limit:
            return
        self._good += 1
        if self._good >= GROWS_AFTER:
            self._limit += max(self._limit // 4, 1)
            self._good = 0
