"""Counting what a plan limits."""

from datetime import datetime
from typing import Any, Final

from core.statements import require
from merchants.errors import PlanLimitReached
from merchants.models import Merchant

# Far from the limit each connection has a row of its own, or the lock on one would let a merchant's new invoices
# through in single file. Near it all take turns at row 0, where concurrent invoices count each other: the limit is
# exact as long as fewer invoices are being made at one moment than are kept for that.
_COUNT: Final = """
    WITH counted AS (
        SELECT coalesce(sum(invoices), 0) AS number, coalesce(sum(invoices) FILTER (WHERE slot <> 0), 0) AS elsewhere
        FROM merchants_usagecount WHERE merchant_id = %(merchant)s AND livemode = %(livemode)s AND month = %(month)s
    )
    INSERT INTO merchants_usagecount AS count (merchant_id, livemode, month, slot, invoices)
    SELECT %(merchant)s, %(livemode)s, %(month)s,
        CASE WHEN number < %(limit)s - %(kept)s THEN pg_backend_pid() %% %(slots)s ELSE 0 END, 1
    FROM counted WHERE number < %(limit)s
    ON CONFLICT (merchant_id, livemode, month, slot) DO UPDATE SET invoices = count.invoices + 1
    WHERE count.slot <> 0 OR count.invoices < %(limit)s - (SELECT elsewhere FROM counted)
"""
_SLOTS: Final = 16
_KEPT: Final = 1_000
_UNLIMITED: Final = 2_147_483_646


def count_invoice(*, merchant: Merchant, livemode: bool, now: datetime) -> None:
    """
    Count one more invoice of this month (UTC). Test invoices have no limit.

    Belongs in the transaction that creates the invoice.

    :raises PlanLimitReached: when the plan's monthly invoices are used up
    """
    limit = merchant.plan.monthly_invoice_limit
    facts: dict[str, Any] = {
        "merchant": merchant.pk,
        "livemode": livemode,
        "month": now.date().replace(day=1),
        "limit": limit if livemode else _UNLIMITED,
        "kept": _KEPT,
        "slots": _SLOTS,
    }
    require(
        _COUNT,
        facts,
        lambda: PlanLimitReached(
            f"Your plan allows {limit} invoices a month.", constraints={"monthly_invoice_limit": limit}
        ),
    )
