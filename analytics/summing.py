"""
The sums of a report: whole days and hours from the table that the trigger keeps, the rests at the edges from the facts.

A year has some thousand sums where it has millions of facts, and they say exactly the same.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

from analytics.calendars import Bucket, Stretch, stretches

# OFFSET 0 keeps each stretch a range of an index: as a join on ranges, the planner reads the whole table for it.
_ASKED: Final = """
    WITH asked AS (
        SELECT * FROM unnest(%(numbers)s::int[], %(hours)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
            AS asked (number, hours, first, last)
    ), found AS (
        SELECT asked.number, sums.asset_code, sums.network, sums.currency, sums.created, sums.paid,
            sums.amount_created, sums.amount_paid, sums.waited
        FROM asked CROSS JOIN LATERAL (
            SELECT * FROM analytics_sums WHERE merchant_id = %(merchant)s AND livemode = %(livemode)s
                AND hours = asked.hours AND start >= asked.first AND start < asked.last OFFSET 0
        ) AS sums WHERE asked.hours > 0
        UNION ALL
        SELECT asked.number, fact.asset_code, fact.network, fact.currency, 1, (fact.paid_at IS NOT NULL)::int,
            fact.total, CASE WHEN fact.paid_at IS NULL THEN 0 ELSE fact.total END,
            COALESCE(fact.paid_at - fact.created_at, interval '0')
        FROM asked CROSS JOIN LATERAL (
            SELECT * FROM analytics_invoicefact WHERE merchant_id = %(merchant)s AND livemode = %(livemode)s
                AND created_at >= asked.first AND created_at < asked.last OFFSET 0
        ) AS fact WHERE asked.hours = 0
    )
    SELECT number, asset_code, network,
        sum(created) AS created,
        sum(paid) AS paid,
        COALESCE(sum(amount_created) FILTER (WHERE currency = %(currency)s), 0) AS amount_created,
        COALESCE(sum(amount_paid) FILTER (WHERE currency = %(currency)s), 0) AS amount_paid,
        COALESCE(sum(created) FILTER (WHERE currency <> %(currency)s), 0) AS other_currency,
        sum(waited) AS waited
    FROM found GROUP BY number, asset_code, network HAVING sum(created) > 0 ORDER BY number, asset_code, network
"""


def summed(*, merchant_id: UUID, livemode: bool, buckets: Sequence[Bucket], currency: str) -> list[dict[str, Any]]:
    """Return the figures of each bucket (``number`` from 0), asset and network in which there is any invoice."""
    asked: list[Stretch] = list(stretches(buckets))
    with connection.cursor() as cursor:
        cursor.execute(
            _ASKED,
            {
                "numbers": [each.number for each in asked],
                "hours": [each.hours for each in asked],
                "starts": [each.start for each in asked],
                "ends": [each.end for each in asked],
                "merchant": merchant_id,
                "livemode": livemode,
                "currency": currency,
            },
        )
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
