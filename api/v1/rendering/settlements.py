"""Settlements, as JSON and as a file, and balances."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from api.v1.rendering.amounts import moment, plain
from chains import registry
from core.ids import public_id
from core.spreadsheets import csv_lines
from invoices.models import Invoice
from payments.events import in_major_units
from payments.models import Settlement
from payments.selectors import Balance

_COLUMNS: Final = (
    "id",
    "invoice_id",
    "created_at",
    "network",
    "crypto_currency",
    "gross",
    "fee",
    "fee_percent",
    "net",
    "status",
    "reversed_at",
    "reversal_reason",
    "replaces",
)


def settlement_view(settlement: Settlement) -> dict[str, Any]:
    """Return a settlement on its own."""
    return {
        "id": settlement.public_id,
        "invoice_id": public_id(Invoice.PREFIX, settlement.invoice_id),
        "network": settlement.network,
        "crypto_currency": settlement.asset_code,
        "gross": in_major_units(settlement, settlement.gross_units),
        "fee": in_major_units(settlement, settlement.fee_units),
        "fee_percent": plain(settlement.fee_percent),
        "net": in_major_units(settlement, settlement.net_units),
        "status": str(settlement.status),
        "created_at": moment(settlement.created_at),
        "reversed_at": moment(settlement.reversed_at),
        "reversal_reason": settlement.reversal_reason or None,
        "replaces": public_id(Settlement.PREFIX, settlement.replaces_id) if settlement.replaces_id else None,
        "livemode": settlement.livemode,
    }


def settlement_lines(settlements: Iterable[Settlement]) -> Iterator[str]:
    """Yield settlements as lines of CSV, a header first."""
    shown = (settlement_view(settlement) for settlement in settlements)
    return csv_lines(_COLUMNS, ([view[name] for name in _COLUMNS] for view in shown))


def balance_view(balance: Balance) -> dict[str, Any]:
    """Return what an asset's accounts hold, in major units; as they are when it is no longer configured."""
    asset = registry.asset(balance.network, balance.asset_code)
    return {
        "network": balance.network,
        "crypto_currency": balance.asset_code,
        **{
            str(account): asset.to_amount(units) if asset else Decimal(units)
            for account, units in balance.units.items()
        },
    }
