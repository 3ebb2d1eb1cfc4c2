"""
Millions of rows in minutes: copies of one that was really made, written past triggers, indexes built afterwards.

Needs Django to be set up. ``python -m bench.filling COUNT`` fills an installation.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import django
from django.db import connection
from django.db.models import Model

# Among them is the one for searching in words, which would take longer to build than all others together.
_LEFT_OUT = frozenset({"invoice_search"})


def copy_row(model: type[Model], key: Any, count: int, changed: Mapping[str, str]) -> None:
    """Write ``count`` copies of a row; ``changed`` gives SQL for columns, in which ``n`` counts from 1."""
    columns = [field.column for field in model._meta.concrete_fields]  # noqa: SLF001 - bench copies rows
    values = ", ".join(changed.get(column, f"source.{column}") for column in columns).replace("%", "%%")
    table, pk = model._meta.db_table, model._meta.pk.column  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
            f" FROM (SELECT * FROM {table} WHERE {pk} = %s) AS source, generate_series(1, %s) AS n",
            [key, count],
        )


@contextmanager
def quick_writing(*models: type[Model]) -> Iterator[None]:
    """Leave out triggers and foreign keys of these tables inside the block; build their indexes after it."""
    tables = [model._meta.db_table for model in models]  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        again = [statement for table in tables for statement in _undress(cursor, table)]
        yield
        for statement in again:
            cursor.execute(statement)
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")


def _undress(cursor: Any, table: str) -> Iterator[str]:
    """Take off what makes writing slow; yield what puts it on again."""
    cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s", [table])
    indexes = dict(cursor.fetchall())
    cursor.execute(
        "SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass", [table]
    )
    for name, kind, definition in cursor.fetchall():
        indexes.pop(name, None)
        if kind == "f":
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            yield f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
    for name, definition in indexes.items():
        cursor.execute(f'DROP INDEX "{name}"')
        if name not in _LEFT_OUT:
            yield definition
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield f"ALTER TABLE {table} ENABLE TRIGGER USER"


def fill(count: int) -> dict[str, str]:
    """Give a new merchant ``count`` invoices over a year with facts and sums; return ids and a key."""
    from datetime import UTC, datetime
    from decimal import Decimal

    from analytics.models import InvoiceFact, Sums
    from analytics.services import sum_up
    from bench.tenants import new_keys, new_merchant
    from events.outbox import dispatch_all
    from invoices.models import Invoice
    from invoices.services import InvoiceOrder, Item, create_invoice

    now = datetime.now(UTC)
    merchant = new_merchant(f"{count} invoices")
    order = InvoiceOrder(title="Copied order", items=(Item("Thing", Decimal(1), Decimal("16.49")),))
    first = create_invoice(merchant=merchant, livemode=False, order=order, now=now)
    dispatch_all()
    step = f"(n * interval '{365 * 86400 / count:.6f} seconds')"
    created = f"source.created_at - {step}"
    is_paid = "(n % 10 < 7 AND n > 2000)"
    paid_at = f"CASE WHEN {is_paid} THEN {created} + interval '3 minutes' END"
    with quick_writing(Invoice, InvoiceFact):
        copy_row(Invoice, first.pk, count, {
            "id": f"uuidv7(-{step})", "created_at": created, "paid_at": paid_at,
            "address": "'sandbox1' || md5(n::text)",
            "status": f"CASE WHEN {is_paid} THEN 'paid' WHEN n <= 2000 THEN 'created' ELSE 'expired' END",
        })  # fmt: skip
        copy_row(InvoiceFact, first.pk, count, {
            "invoice_id": f"uuidv7(-{step})", "created_at": created, "paid_at": paid_at, "sequence": "n",
            "asset_code": "(ARRAY['USDT', 'USDC', 'BTC', 'ETH'])[1 + n % 4]",
            "network": "(ARRAY['tron', 'ethereum', 'bitcoin'])[1 + (n / 7) % 3]",
        })  # fmt: skip
    sum_up()
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {Sums._meta.db_table}")  # noqa: SLF001
    return {"merchant": str(merchant.pk), "invoice": first.public_id, "key": new_keys(merchant, 1)[0]}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(fill(int(sys.argv[1]))))
