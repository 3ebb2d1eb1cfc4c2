"""What is owed to receivers, and for how long."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Min

from webhooks.models import Delivery
from webhooks.states import DeliveryStatus

COUNTED: Final = 100_000  # a figure beyond says enough, and is cheap to get
LATE_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Backlog:
    """
    What waits to be delivered, ``waiting`` counted up to ``COUNTED``.

    ``oldest_seconds`` is the age of the oldest delivery that has not arrived: its receiver may be to blame.
    ``overdue_seconds`` is how long one has been due without an attempt: that is ours.
    """

    waiting: int
    oldest_seconds: float
    overdue_seconds: float


def backlog(*, now: datetime) -> Backlog:
    """Return what waits to be delivered."""
    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING)
    first = pending.aggregate(created=Min("created_at"), due=Min("next_attempt_at"))
    return Backlog(
        waiting=pending.order_by()[:COUNTED].count(),
        oldest_seconds=_age(first["created"], now),
        overdue_seconds=_age(first["due"], now),
    )


def problems(*, now: datetime) -> list[str]:
    """Return what somebody should look at: deliveries are due, and nobody makes them."""
    due = Delivery.objects.filter(status=DeliveryStatus.PENDING).aggregate(due=Min("next_attempt_at"))["due"]
    overdue = _age(due, now)
    return [f"A webhook has been due for {overdue:.0f} s: no worker sends."] if overdue >= LATE_SECONDS else []


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0
