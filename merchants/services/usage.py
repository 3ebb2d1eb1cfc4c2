"""Counting what a plan limits."""

from datetime import datetime
from typing import Any

from django.db import connection

from merchants.errors import PlanLimitReached
from merchants.models import Merchant

# One statement: the row lock that the update takes makes concurrent invoices count each other.
_COUNT = """
    INSERT INTO merchants_usage AS usage (merchant_id, livemode, month, invoices)
    VALUES (%(merchant)s, %(livemode)s, %(month)s, 1)
    ON CONFLICT (merchant_id, livemode, month) DO UPDATE SET invoices = usage.invoices + 1
    WHERE usage.invoices < %(limit)s RETURNING usage.invoices
"""
_UNLIMITED = 2_147_483_646


def count_invoice(*, merchant: Merchant, livemode: bool, now: datetime) -> int:
    """
    Count one more invoice of this month (UTC) and return how many there are. Test invoices have no limit.

    Belongs in the transaction that creates the invoice.

    :raises PlanLimitReached: when the plan's monthly invoices are used up
    """
    limit = merchant.plan.monthly_invoice_limit
    facts: dict[str, Any] = {
        "merchant": merchant.pk,
        "livemode": livemode,
        "month": now.date().replace(day=1),
        "limit": limit if livemode else _UNLIMITED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, facts)
        row = cursor.fetchone()
    if row is None:
        raise PlanLimitReached(
            f"Your plan allows {limit} invoices a month.", constraints={"monthly_invoice_limit": limit}
        )
    return int(row[0])
