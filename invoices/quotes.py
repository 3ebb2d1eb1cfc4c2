"""From a fiat price to an amount of an asset, and back: pure functions, every rounding in one place."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from chains.base import Asset
from core.fields import ValueField
from core.money import WIDE, round_down, round_up

QUOTE_GRACE: Final = timedelta(minutes=15)  # a replaced quote stays payable that long


@dataclass(frozen=True, slots=True)
class Quote:
    """What to send: ``units`` base units, worth ``value`` in fiat at ``rate`` (fiat per unit of the asset)."""

    units: int
    value: Decimal
    rate: Decimal


def quote(owed: Decimal, *, rate: Decimal, asset: Asset) -> Quote:
    """
    Return how much of ``asset`` to ask for ``owed`` in fiat.

    Rounded up to the asset's customary precision, so that the payer is never asked for less than
    is owed: ``quote(x).value >= x`` always.
    """
    amount = round_up(WIDE.divide(owed, rate), min(asset.display_digits, asset.decimals))
    units = asset.to_units(amount)
    return Quote(units, value_of(units, rate=rate, asset=asset), rate)


def exactly(amount: Decimal, *, rate: Decimal, asset: Asset) -> Quote:
    """Return a quote for just ``amount`` of ``asset``, which has no more digits than the asset: nothing is rounded."""
    units = asset.to_units(amount)
    return Quote(units, value_of(units, rate=rate, asset=asset), rate)


def value_of(units: int, *, rate: Decimal, asset: Asset) -> Decimal:
    """Return what ``units`` are worth in fiat, rounded down to the digits that are stored."""
    return round_down(WIDE.multiply(asset.to_amount(units), rate), ValueField.DIGITS)
