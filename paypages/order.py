"""What is bought, line by line, as people read it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.money import WIDE, minor_digits, round_to
from core.writing import exact_text, fiat_text
from invoices.events import fiat
from invoices.models import Invoice


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the order; prices in the invoice's currency."""

    name: str
    description: str
    quantity: str
    unit_price: str
    total: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is bought."""

    lines: tuple[Line, ...]
    subtotal: str
    tax: str  # empty when there is none
    total: str


def order_of(invoice: Invoice, language: str) -> Order:
    """Return the lines and sums of ``invoice``, written for people of ``language``."""
    currency = invoice.currency
    return Order(
        lines=tuple(_line(item, currency, language) for item in invoice.items),
        subtotal=fiat_text(fiat(invoice.subtotal, currency), currency, language),
        tax=fiat_text(fiat(invoice.tax, currency), currency, language) if invoice.tax else "",
        total=fiat_text(fiat(invoice.total, currency), currency, language),
    )


def _line(item: dict[str, Any], currency: str, language: str) -> Line:
    quantity, unit_price = Decimal(item["quantity"]), Decimal(item["unit_price"])
    total = round_to(WIDE.multiply(quantity, unit_price), minor_digits(currency), "ROUND_HALF_UP")
    return Line(
        name=item["name"],
        description=item.get("description", ""),
        quantity=exact_text(quantity.normalize(WIDE), language),
        unit_price=fiat_text(unit_price, currency, language),
        total=fiat_text(total, currency, language),
    )
