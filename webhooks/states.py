"""What an attempt means and when the next one is due: pure functions, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import TextChoices

from core.retry_after import wished_pause


class DeliveryStatus(TextChoices):
    """``pending`` waits for an attempt or is being attempted; the other two are final until sent again by hand."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Backoff(TextChoices):
    """How the pauses between attempts grow."""

    EXPONENTIAL = "exponential"
    LINEAR = "linear"


class DisabledReason(TextChoices):
    """Why an endpoint gets nothing; empty while it does."""

    BY_MERCHANT = "by_merchant"
    GONE = "gone"  # it answered 410
    FAILING = "failing"  # nothing but failures for too long


MAX_RETRIES: Final = 10
LINEAR_PAUSE: Final = timedelta(minutes=5)
EXPONENTIAL_PAUSES: Final[Sequence[timedelta]] = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER_PERCENT: Final = 10  # a pause is up to this much longer, so that a herd of failures spreads out
LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
# So many attempts in a row without an answer, at whatever deliveries, and a receiver is left alone for a while.
FAILURES_TO_OPEN: Final = 5
OPEN_PAUSES: Final[Sequence[timedelta]] = (
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=4),
    timedelta(minutes=8),
    timedelta(minutes=10),
)
LONGEST_WISH: Final = timedelta(hours=1)  # of a receiver that asks to be left alone, for all that waits for it
TROUBLE: Final = timedelta(hours=1)  # of nothing but failures, until members are told
PATIENCE: Final = timedelta(days=5)  # with an endpoint that only fails

MAX_TROUBLE: Final = 200  # characters of what went wrong
IS_DISABLED: Final = "The endpoint is disabled."

_GONE: Final = 410
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How one attempt ended. ``status_code`` is None when no answer came, and ``error`` says why.

    ``elapsed_ms`` is in milliseconds; ``retry_after`` is the receiver's header, as it came.
    """

    status_code: int | None
    response: str
    elapsed_ms: int
    error: str = ""
    retry_after: str = ""

    @property
    def succeeded(self) -> bool:
        """Only 2xx is success; a redirect is not followed and is none."""
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def trouble(self) -> str:
        """What went wrong, in a sentence; of an attempt that did not succeed."""
        return trouble_of(error=self.error, status_code=self.status_code)

    @property
    def is_outage(self) -> bool:
        """Nobody is there, or whoever is cannot cope: the next delivery would fare no better."""
        return self.status_code is None or self.status_code == _TOO_MANY or self.status_code >= _SERVER_ERROR

    @property
    def is_gone(self) -> bool:
        """The receiver says that it will never be there again."""
        return self.status_code == _GONE


def trouble_of(*, error: str, status_code: int | None) -> str:
    """Return why an attempt did not succeed, in a sentence."""
    return error[:MAX_TROUBLE] or f"The receiver answered {status_code}."


def pause_before_retry(*, backoff: str, failures: int, jitter: int) -> timedelta:
    """
    Return how long to wait after the n-th failure in a row (``failures`` ≥ 1).

    ``jitter`` is a random number of 0…JITTER_PERCENT, drawn by the caller.
    """
    if backoff == Backoff.LINEAR:
        pause = LINEAR_PAUSE
    else:
        pause = EXPONENTIAL_PAUSES[min(failures, len(EXPONENTIAL_PAUSES)) - 1]
    return pause + pause * jitter / 100


def pause_of_circuit(*, openings: int, jitter: int) -> timedelta:
    """Return how long a receiver is left alone the n-th time in a row; ``jitter`` as above."""
    pause = OPEN_PAUSES[min(openings, len(OPEN_PAUSES)) - 1]
    return pause + pause * jitter / 100


def parse_retry_after(header: str, *, now: datetime) -> timedelta:
    """Return the wait a receiver asks for (RFC 9110, section 10.2.3), bounded by a day; zero when there is none."""
    return min(wished_pause(header, now=now), LONGEST_RETRY_AFTER)
