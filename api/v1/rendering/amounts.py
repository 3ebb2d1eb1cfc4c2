"""How amounts, rates and times are written."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from core.exact_json import timestamp
from core.money import WIDE, minor_digits, round_down, round_to
from invoices.models import Invoice
from payments.models import Payment, Refund


def fiat(value: Decimal, currency: str) -> Decimal:
    """Return ``value`` with the currency's minor digits, rounded down."""
    return round_down(value, minor_digits(currency))


def threshold(value: Decimal, currency: str) -> Decimal:
    """Return a tolerance with at least the currency's minor digits: 0.01 stays 0.01 also in yen."""
    return round_to(value, max(minor_digits(currency), _needed_digits(value)))


def plain(value: Decimal) -> Decimal:
    """Return ``value`` without trailing zeros after the point: 1.000100 becomes 1.0001, 100 stays 100."""
    trimmed = value.normalize(context=WIDE)
    return trimmed if int(trimmed.as_tuple().exponent) <= 0 else round_to(value, 0)


def asset_amount(record: Payment | Refund) -> Decimal:
    """Return the amount in major units of its asset; in base units when the asset is no longer configured."""
    return record.asset.to_amount(record.units) if record.asset else Decimal(record.units)


def crypto_amount(invoice: Invoice) -> dict[str, Any]:
    """Return all the customer has to send, under its general name and the one of the documented examples."""
    amount = invoice.asset.to_amount(invoice.amount_units)
    return (
        {"usdt_amount": amount, "crypto_amount": amount} if invoice.asset_code == "USDT" else {"crypto_amount": amount}
    )


def moment(value: datetime | None) -> str | None:
    """Return an RFC 3339 time in UTC, or None."""
    return timestamp(value) if value else None


def _needed_digits(value: Decimal) -> int:
    return max(-int(value.normalize(context=WIDE).as_tuple().exponent), 0)
