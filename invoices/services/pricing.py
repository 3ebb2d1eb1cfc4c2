"""
Invoices priced in the asset itself: the merchant names an amount of a coin, and that is what is asked for.

It is never rounded, raised or quoted again; there is no other coin to choose. What it is worth in a currency, at the
rate of the moment it was made, is known for limits, tolerances and reports, and that rate stays with the invoice.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from chains.base import Asset
from core.money import has_at_most, minor_digits, round_down
from invoices.errors import InvalidAmount, PricedInAsset, UnknownAsset
from invoices.quotes import Quote, exactly

if TYPE_CHECKING:
    from invoices.services.create import InvoiceOrder

# Each payment's worth is rounded down, by less than a billionth: what was paid in parts is paid all the same.
LEAST_TOLERANCE: Final = Decimal("0.001")
_OF_CURRENCIES: Final = ("items", "tax", "payment_options", "price_lock_duration")


def check_priced_in_asset(order: "InvoiceOrder") -> None:
    """
    Make sure that an order with an amount of the asset says nothing that only a price in a currency has.

    :raises PricedInAsset: when it does, naming the field
    :raises UnknownAsset: when it does not say of which asset
    """
    for name in _OF_CURRENCIES:
        if getattr(order, name):
            raise PricedInAsset(field=name)
    if not order.crypto_currency:
        raise UnknownAsset("Say of which crypto currency this is an amount.", field="crypto_currency")


def quote_in_asset(amount: Decimal, *, rate: Decimal, asset: Asset) -> Quote:
    """
    Return a quote for just ``amount`` of ``asset``.

    :raises InvalidAmount: when it is nothing, or has more digits than the asset
    """
    if amount <= 0 or not has_at_most(amount, asset.decimals):
        raise InvalidAmount(
            f"An amount of {asset.code} is above 0 and has at most {asset.decimals} digits after the decimal point.",
            field="crypto_amount",
            constraints={"max_decimal_places": asset.decimals},
        )
    return exactly(amount, rate=rate, asset=asset)


def worth(asked: Quote, currency: str) -> Decimal:
    """Return what is asked for in ``currency``, rounded down: who sends all of it has never sent too little."""
    return round_down(asked.value, minor_digits(currency))
