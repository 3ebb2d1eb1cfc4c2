"""How amounts are written, down to the last digit."""

from decimal import Decimal

import pytest

from api.v1.rendering.amounts import fiat, plain, threshold
from api.v1.rendering.payments import payment_of_invoice
from core.exact_json import dumps
from payments.models import Payment


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [("16.49", "USD", "16.49"), ("16.499999", "USD", "16.49"), ("7", "JPY", "7"), ("1.2", "KWD", "1.200")],
)
def test_fiat_is_written_with_minor_digits_and_never_more_than_arrived(value, currency, text):
    assert dumps(fiat(Decimal(value), currency)) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [("0.01", "USD", "0.01"), ("1.000", "USD", "1.00"), ("0.010", "JPY", "0.01"), ("0.005", "USD", "0.005")],
)
def test_a_tolerance_keeps_its_digits(value, currency, text):
    assert dumps(threshold(Decimal(value), currency)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.000100000000000000", "1.0001"),
        ("60000.000", "60000"),
        ("1E+2", "100"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("1234567890123456789012.123456789012345678", "1234567890123456789012.123456789012345678"),
    ],
)
def test_a_rate_is_written_without_trailing_zeros(value, text):
    assert dumps(plain(Decimal(value))) == text


@pytest.mark.parametrize(
    ("network", "fee_units", "text"),
    [
        ("tron", 120_000, "0.12"),
        ("ethereum", 21_000_000_000_000, "0.000021"),
        ("tron", 0, "0"),
        ("tron", None, "null"),
        ("sandbox", None, "null"),
        ("gone", 5, "null"),
    ],
)
def test_the_fee_is_in_the_networks_own_coin(settings, network, fee_units, text):
    payment = Payment(network=network, asset_code="USDT", units=1, fee_units=fee_units, required_confirmations=1)

    assert dumps(payment_of_invoice(payment)["network_fee"]) == text


def test_an_amount_of_an_asset_that_is_gone_is_told_in_base_units():
    payment = Payment(network="gone", asset_code="USDT", units=10**30, required_confirmations=1)

    assert payment_of_invoice(payment)["amount"] == 10**30
