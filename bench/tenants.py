"""Merchants to measure with, and invoices in numbers. Needs Django to be set up."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from core.ids import uuid7
from invoices.models import Invoice
from invoices.services import InvoiceOrder, Item, create_invoice
from merchants.models import Merchant
from merchants.services.keys import KeyOrder, issue_first_key
from merchants.services.signing_up import SignUp, sign_up


def new_merchant(name: str) -> Merchant:
    """Open an account."""
    email = f"{uuid7().hex}@example.com"
    return sign_up(request=SignUp(name, email, is_invited=True), now=datetime.now(UTC)).merchant


@transaction.atomic
def new_keys(merchant: Merchant, count: int, *, livemode: bool = False) -> list[str]:
    """Give a merchant more keys than any plan would, so that no rate limit is measured."""
    order = KeyOrder(name="bench", livemode=livemode, permissions=("*",))
    return [issue_first_key(merchant=merchant, order=order, now=datetime.now(UTC))[1] for _ in range(count)]


def add_invoices(merchant: Merchant, count: int) -> None:
    """Give a merchant ``count`` invoices: copies of one that was really created, each with its own id and address."""
    order = InvoiceOrder(title="Copied order", items=(Item("Thing", Decimal(1), Decimal("16.49")),))
    first = create_invoice(merchant=merchant, livemode=False, order=order, now=datetime.now(UTC))
    _copy(first.pk, count - 1)


def _copy(key: UUID, count: int) -> None:
    changed: dict[str, str] = {
        "id": "uuidv7((-n * interval '1 second'))",
        "created_at": "created_at - n * interval '1 second'",
        "address": "'sandbox1' || md5(id::text || n::text)",
        "title": "'Copied order ' || n",
    }
    columns: list[str] = [field.column for field in Invoice._meta.concrete_fields]  # noqa: SLF001 - bench copies rows
    values = ", ".join(changed.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS invoice_search")  # filling it row by row would take most of the time
        # Its look at every other destination is planned once, for the empty table that this statement begins with.
        cursor.execute(f"ALTER TABLE {Invoice._meta.db_table} DISABLE TRIGGER invoice_destination_once")  # noqa: SLF001
        cursor.execute(
            f"INSERT INTO {Invoice._meta.db_table} ({', '.join(columns)}) SELECT {values}"  # noqa: SLF001
            f" FROM {Invoice._meta.db_table}, generate_series(1, %s) AS n WHERE id = %s",  # noqa: SLF001
            [count, key],
        )
        cursor.execute(f"ALTER TABLE {Invoice._meta.db_table} ENABLE TRIGGER invoice_destination_once")  # noqa: SLF001
        cursor.execute(f"VACUUM ANALYZE {Invoice._meta.db_table}")  # noqa: SLF001


def count_statements(call: Any) -> tuple[int, list[str]]:
    """Return how many SQL statements ``call`` runs besides BEGIN and COMMIT, and which."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        call()
    statements = [query["sql"] for query in captured.captured_queries if query["sql"] not in {"BEGIN", "COMMIT"}]
    return len(statements), statements
