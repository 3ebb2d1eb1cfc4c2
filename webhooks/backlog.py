"""What is owed to receivers, and for how long."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Min

from webhooks.models import Delivery
from webhooks.services.claiming import LANES
from webhooks.states import DeliveryStatus

COUNTED: Final = 100_000  # a figure beyond says enough, and is cheap to get
LATE_SECONDS: Final = 300

# What waits behind a request that is just being made, or while a receiver that fails is left alone, waits for that
# receiver: a merchant whose server is down must not look like workers that are.
_OVERDUE: Final = f"""
{LANES}
SELECT min(GREATEST(due.next_attempt_at, circuit.open_until))
FROM lanes LEFT JOIN webhooks_circuit AS circuit ON circuit.lane = lanes.lane CROSS JOIN LATERAL (
    SELECT next_attempt_at FROM webhooks_delivery
    WHERE status = 'pending' AND lane = lanes.lane ORDER BY next_attempt_at LIMIT 1
) AS due
WHERE NOT EXISTS (
    SELECT FROM webhooks_delivery AS busy
    WHERE busy.lane = lanes.lane AND busy.lease_token IS NOT NULL AND busy.leased_until > %s
)
"""  # noqa: S608 - our own words


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
    first = pending.aggregate(created=Min("created_at"))
    return Backlog(
        waiting=pending.order_by()[:COUNTED].count(),
        oldest_seconds=_age(first["created"], now),
        overdue_seconds=overdue_seconds(now=now),
    )


def overdue_seconds(*, now: datetime) -> float:
    """Return for how long somebody should have made an attempt that nobody has made."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, [now])
        return _age(cursor.fetchone()[0], now)


def problems(*, now: datetime) -> list[str]:
    """Return what somebody should look at: deliveries are due, and nobody makes them."""
    overdue = overdue_seconds(now=now)
    return [f"A webhook has been due for {overdue:.0f} s: no worker sends."] if overdue >= LATE_SECONDS else []


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0
