"""What of webhooks is kept for DELIVERY_DAYS: what was delivered or given up, with its attempts. What is owed stays."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from core.ids import first_id_of
from webhooks.models import Delivery, EndpointDay
from webhooks.selectors import RATED_PERIOD

BATCH: Final = 2_000

# Ids are in the order of time, so that old rows are one stretch of the index that there is anyway. One that was sent
# again by hand is as young as that.
_OLD: Final = """
    SELECT id FROM webhooks_delivery AS delivery
    WHERE id > %(after)s AND id < %(before)s AND status <> 'pending' AND lease_token IS NULL AND NOT EXISTS (
        SELECT 1 FROM webhooks_attempt WHERE delivery_id = delivery.id AND started_at >= %(since)s)
    ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
"""


def prune(*, now: datetime) -> int:
    """Delete deliveries older than DELIVERY_DAYS, in batches of their own; return how many. 0 days keep all."""
    if not settings.DELIVERY_DAYS:
        return 0
    since = now - timedelta(days=settings.DELIVERY_DAYS)
    total, after = 0, UUID(int=0)
    while gone := _prune_some(after, since):
        total, after = total + len(gone), gone[-1]
    rated = now - RATED_PERIOD  # a shorter DELIVERY_DAYS takes nothing from the figures
    EndpointDay.objects.filter(day__lt=min(since, rated).astimezone(UTC).date()).delete()
    return total


def needed_events(events: Collection[UUID], _invoices: Collection[UUID]) -> Collection[UUID]:
    """Return those of ``events`` of which there is a delivery, whatever became of it."""
    return set(Delivery.objects.filter(event__in=events).values_list("event_id", flat=True))


@transaction.atomic
def _prune_some(after: UUID, since: datetime) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_OLD, {"after": after, "before": first_id_of(since), "since": since, "batch": BATCH})
        keys = [row[0] for row in cursor.fetchall()]
        if keys:
            cursor.execute("DELETE FROM webhooks_attempt WHERE delivery_id = ANY(%s)", [keys])
            cursor.execute("DELETE FROM webhooks_delivery WHERE id = ANY(%s)", [keys])
    return keys
