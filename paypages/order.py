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
    if invoice.priced_in_asset:
        return _order_in_asset(invoice, language)
    return Order(
        lines=tuple(_line(item, currency, language) for item in invoice.items),
        subtotal=fiat_text(fiat(invoice.subtotal, currency), currency, language),
        tax=fiat_text(fiat(invoice.tax, currency), currency, language) if invoice.tax else "",
        total=fiat_text(fiat(invoice.total, currency), currency, language),
    )


def price_in_asset(invoice: Invoice, language: str) -> str:
    """Return the amount of the asset that is the price, and what it was worth: ``125 USDT (≈ $125.01)``."""
    amount = exact_text(invoice.asset.to_amount(invoice.amount_units), language)
    worth = fiat_text(fiat(invoice.total, invoice.currency), invoice.currency, language)
    return f"{amount} {invoice.asset_code} (≈\u00a0{worth})"


def _order_in_asset(invoice: Invoice, language: str) -> Order:
    """Return the order of an invoice that has no items: what it is for, at the amount that was named."""
    price = price_in_asset(invoice, language)
    amount = price.partition(" (")[0]
    line = Line(invoice.title, "", quantity="1", unit_price=amount, total=amount)
    return Order(lines=(line,), subtotal=price, tax="", total=price)


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
