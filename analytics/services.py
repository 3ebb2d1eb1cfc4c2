"""Keep the facts in line with the log. The only writer of this app; the sums follow by a trigger."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from django.db import connection, transaction
from django.db.models import Sum

from analytics.models import InvoiceFact, Sums
from events.models import Event

# Each of these carries the whole invoice, so that any of them can be the first to arrive.
FACTUAL: Final = frozenset({"invoice.created", "invoice.paid", "invoice.reversed", "invoice.refunded"})

# One statement: two events of one invoice never race, and an older one never overwrites a newer one.
_TAKE_IN: Final = f"""
    INSERT INTO {InvoiceFact._meta.db_table} AS fact
        (invoice_id, merchant_id, livemode, created_at, paid_at, currency, total, asset_code, network, sequence)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (invoice_id) DO UPDATE SET paid_at = EXCLUDED.paid_at, sequence = EXCLUDED.sequence,
        asset_code = EXCLUDED.asset_code, network = EXCLUDED.network
    WHERE fact.sequence < EXCLUDED.sequence
"""  # noqa: S608, SLF001 - the table's own name

_SUMMED: Final = f"""
    SELECT merchant_id, livemode, part.hours, date_trunc(part.unit, created_at, 'UTC') AS start, currency, asset_code,
        network, count(*) AS created, count(paid_at) AS paid, sum(total) AS amount_created,
        COALESCE(sum(total) FILTER (WHERE paid_at IS NOT NULL), 0) AS amount_paid,
        COALESCE(sum(paid_at - created_at), interval '0') AS waited
    FROM {InvoiceFact._meta.db_table}, (VALUES (1, 'hour'), (24, 'day')) AS part (hours, unit)
    WHERE created_at >= %(start)s::timestamptz AND created_at < %(end)s::timestamptz
    GROUP BY merchant_id, livemode, part.hours, start, currency, asset_code, network
"""  # noqa: S608, SLF001 - the table's own name
_COLUMNS: Final = """merchant_id, livemode, hours, start, currency, asset_code, network,
    created, paid, amount_created, amount_paid, waited"""
_KEPT: Final = f"""
    SELECT {_COLUMNS} FROM {Sums._meta.db_table}
    WHERE start >= %(start)s::timestamptz AND start < %(end)s::timestamptz AND created <> 0
"""  # noqa: S608, SLF001 - the table's own name
_EVER: Final = {"start": "-infinity", "end": "infinity"}
_COMPARED: Final = 200_000  # facts; as a rule less than a second


@transaction.atomic
def take_in(*, event: Event) -> None:
    """Note what ``event`` says about its invoice. Safe to call again, and in any order."""
    data, reporting = event.data, event.data["reporting"]
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_IN,
            [
                event.invoice_id,
                event.merchant_id,
                event.livemode,
                data["created_at"],
                data["paid_at"],
                reporting["currency"],
                reporting["total"],
                data["crypto_currency"],
                data["network"],
                event.sequence,
            ],
        )


def rebuild() -> int:
    """Take in the whole log again, as after a restore or a change of what a fact holds; return how many events."""
    count = 0
    for event in Event.objects.filter(type__in=FACTUAL, position__isnull=False).order_by("position").iterator():
        take_in(event=event)
        count += 1
    return count


@transaction.atomic
def sum_up() -> int:
    """Make all sums anew from the facts, as after facts were written past the trigger; return how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {InvoiceFact._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")  # noqa: SLF001
        cursor.execute(f"DELETE FROM {Sums._meta.db_table}")  # noqa: S608, SLF001
        cursor.execute(f"INSERT INTO {Sums._meta.db_table} ({_COLUMNS}) {_SUMMED}", _EVER)  # noqa: SLF001
        return int(cursor.rowcount)


def wrong_sums() -> int:
    """
    Return how many sums are not those of the facts: 0, as long as nobody wrote past the trigger.

    Some days at a time, each in one view of both tables, so that none is old enough to keep the database from
    clearing up.
    """
    days: list[datetime | str] = ["-infinity", *_days(), "infinity"]
    return sum(_wrong_between(start, end) for start, end in pairwise(days))


def _days() -> Iterator[datetime]:
    """Yield days, begun in UTC, between which there are about ``_COMPARED`` facts."""
    days = Sums.objects.filter(hours=24).values_list("start").annotate(made=Sum("created")).order_by("start")
    count = 0
    for start, made in days:
        count += made
        if count > _COMPARED:
            count = made
            yield start


def _wrong_between(start: datetime | str, end: datetime | str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH kept AS ({_KEPT}), summed AS ({_SUMMED}),"  # noqa: S608 - the statements above
            " wrong AS ((TABLE kept EXCEPT TABLE summed) UNION (TABLE summed EXCEPT TABLE kept))"
            " SELECT count(*) FROM (SELECT DISTINCT merchant_id, livemode, hours, start, currency, asset_code, network"
            " FROM wrong) AS each",
            {"start": start, "end": end},
        )
        return int(cursor.fetchone()[0])
