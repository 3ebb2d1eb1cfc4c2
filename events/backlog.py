"""How far the dispatcher is behind, and what it could not do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.models import Event, FailedDispatch, FailedTask

COUNTED: Final = 100_000  # a figure beyond says enough, and is cheap to get
LATE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Backlog:
    """
    What waits in the log.

    ``waiting`` events have no number yet (counted up to ``COUNTED``), the oldest for ``lag_seconds``.
    """

    waiting: int
    lag_seconds: float
    failed_dispatches: int
    failed_tasks: int


def backlog(*, now: datetime) -> Backlog:
    """Return what waits in the log."""
    waiting = Event.objects.filter(position=None)
    return Backlog(
        waiting=waiting.order_by()[:COUNTED].count(),
        lag_seconds=lag_seconds(now=now),
        failed_dispatches=FailedDispatch.objects.count(),
        failed_tasks=FailedTask.objects.count(),
    )


def lag_seconds(*, now: datetime) -> float:
    """Return for how long the oldest event that nobody was told of has waited; 0 when there is none."""
    oldest = Event.objects.filter(position=None).order_by("sequence").values_list("created_at", flat=True).first()
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0


def problems(*, now: datetime) -> list[str]:
    """Return what somebody should look at: the worker or the clock stands still."""
    lag = lag_seconds(now=now)
    return [f"An event has waited for {lag:.0f} s: no worker, or no clock."] if lag >= LATE_SECONDS else []
