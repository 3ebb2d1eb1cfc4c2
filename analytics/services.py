"""Keep the facts in line with the log. The only writer of this app."""

from typing import Final

from django.db import connection, transaction

from analytics.models import InvoiceFact
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
