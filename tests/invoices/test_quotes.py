"""Rounding: the payer is asked for enough, and credited with no more than arrived."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.base import Asset
from invoices.quotes import quote, value_of

USDT = Asset("USDT", "tron", 6, 2)
BTC = Asset("BTC", "bitcoin", 8, 8)
ETH = Asset("ETH", "ethereum", 18, 8)


@pytest.mark.parametrize(
    ("owed", "rate", "asset", "units"),
    [
        ("16.49", "1.0001", USDT, 16_490_000),  # the example of the API document: 16.4883… rounded up to the cent
        ("16.49", "1", USDT, 16_490_000),
        ("10.00", "60000", BTC, 16_667),  # 0.000166666… BTC
        ("10.00", "3000", ETH, 3_333_340_000_000_000),  # 0.00333334 ETH, 18 decimals
        ("0.50", "0.9999", USDT, 510_000),
    ],
)
def test_amounts_are_rounded_up_to_what_people_send(owed, rate, asset, units):
    assert quote(Decimal(owed), rate=Decimal(rate), asset=asset).units == units


def test_a_quote_is_worth_what_its_units_are_worth():
    quoted = quote(Decimal("16.49"), rate=Decimal("1.0001"), asset=USDT)

    assert quoted.value == Decimal("16.491649000000")


positive = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10000), places=2)
rates = st.decimals(min_value=Decimal("0.00000001"), max_value=Decimal(1000000), places=8)


@given(owed=positive, rate=rates, asset=st.sampled_from([USDT, BTC, ETH]))
def test_paying_a_quote_always_pays_what_is_owed(owed, rate, asset):
    quoted = quote(owed, rate=rate, asset=asset)

    assert quoted.value >= owed
    one_step = Decimal(1).scaleb(-asset.display_digits)
    assert quoted.value - owed <= one_step * rate + Decimal("1e-12")


@given(units=st.integers(min_value=0, max_value=10**24), rate=rates, asset=st.sampled_from([USDT, BTC, ETH]))
def test_value_is_never_more_than_the_exact_product(units, rate, asset):
    exact = Decimal(units).scaleb(-asset.decimals) * rate if units < 10**20 else None

    value = value_of(units, rate=rate, asset=asset)

    assert value >= 0
    if exact is not None:
        assert value <= exact + Decimal("1e-20")
