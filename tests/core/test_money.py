"""Amounts keep every digit; rounding goes the way its name says."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    MAX_DIGITS,
    MINOR_DIGITS,
    WIDE,
    has_at_most,
    is_currency,
    minor_digits,
    parse_amount,
    round_down,
    round_to,
    round_up,
)

AMOUNTS = st.decimals(min_value=Decimal(-(10**40)), max_value=Decimal(10**40), places=18)
DIGITS = st.integers(min_value=0, max_value=18)


class TestParsing:
    @pytest.mark.parametrize(
        ("value", "amount"),
        [
            (5, "5"),
            (0, "0"),
            (-3, "-3"),
            ("16.49", "16.49"),
            ("0.000000000000000001", "0.000000000000000001"),
            (Decimal("16.490"), "16.490"),
            ("1e3", "1E+3"),
            ("9" * 60, "9" * 60),
        ],
    )
    def test_numbers_and_numeric_text_are_read_digit_by_digit(self, value, amount):
        parsed = parse_amount(value)

        assert parsed is not None
        assert parsed.as_tuple() == Decimal(amount).as_tuple()

    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            False,
            0.1,
            float("nan"),
            "",
            " ",
            " 1",
            "1 ",
            "1\n",
            "1_000",
            "1,50",
            "0x10",
            "abc",
            "NaN",
            "sNaN",
            "Infinity",
            "-inf",
            Decimal("NaN"),
            Decimal("-Infinity"),
            "1e61",
            "1e-61",
            "1e999999999",
            "1e99999999999999999999",
            "9" * 61,
            Decimal(1).scaleb(61),
            [],
            {},
            b"1",
        ],
    )
    def test_everything_else_is_refused(self, value):
        assert parse_amount(value) is None

    @given(st.text())
    def test_any_text_is_a_finite_number_or_refused(self, text):
        number = parse_amount(text)

        assert number is None or number.is_finite()

    @given(AMOUNTS)
    def test_what_is_written_is_read(self, amount):
        text = format(amount, "f")

        expected = amount if len(text) <= MAX_DIGITS else None
        assert parse_amount(text) == expected
        assert parse_amount(amount) == (amount if len(str(amount)) <= MAX_DIGITS else None)


class TestRounding:
    @pytest.mark.parametrize(
        ("amount", "digits", "down", "nearest", "up"),
        [
            ("1.005", 2, "1.00", "1.00", "1.01"),
            ("1.015", 2, "1.01", "1.02", "1.02"),
            ("1.001", 2, "1.00", "1.00", "1.01"),
            ("1.009", 2, "1.00", "1.01", "1.01"),
            ("1", 2, "1.00", "1.00", "1.00"),
            ("0.5", 0, "0", "0", "1"),
            ("1e-18", 8, "0.00000000", "0.00000000", "0.00000001"),
            ("-1.001", 2, "-1.00", "-1.00", "-1.00"),
        ],
    )
    def test_each_way(self, amount, digits, down, nearest, up):
        number = Decimal(amount)

        assert round_down(number, digits).as_tuple() == Decimal(down).as_tuple()
        assert round_to(number, digits).as_tuple() == Decimal(nearest).as_tuple()
        assert round_up(number, digits).as_tuple() == Decimal(up).as_tuple()

    @given(AMOUNTS, DIGITS)
    def test_it_never_moves_by_a_whole_step_and_never_the_wrong_way(self, amount, digits):
        step = Decimal(1).scaleb(-digits)
        up, down, nearest = round_up(amount, digits), round_down(amount, digits), round_to(amount, digits)

        with localcontext(WIDE):
            assert amount <= up < amount + step
            assert abs(down) <= abs(amount) < abs(down) + step
            assert abs(nearest - amount) * 2 <= step

    @given(AMOUNTS, DIGITS)
    def test_an_amount_that_fits_stays_and_only_that(self, amount, digits):
        assert has_at_most(round_up(amount, digits), digits)
        assert has_at_most(amount, digits) == (round_up(amount, digits) == amount == round_down(amount, digits))

    @given(st.integers(min_value=0, max_value=2**256 - 1))
    def test_all_78_digits_of_a_uint256_survive(self, units):
        with_eighteen = Decimal(units).scaleb(-18, context=WIDE)

        assert round_up(with_eighteen, 18) == with_eighteen
        assert round_down(with_eighteen, 18) == with_eighteen


class TestCurrencies:
    @pytest.mark.parametrize(
        ("code", "digits"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("TND", 3)]
    )
    def test_minor_digits_are_those_of_iso_4217(self, code, digits):
        assert minor_digits(code) == digits

    @pytest.mark.parametrize("code", ["usd", "XXX", "", "USDT", None, 840, ["USD"], "USD "])
    def test_other_codes_are_no_currency(self, code):
        assert is_currency(code) is False

    def test_every_code_is_three_capital_letters_and_is_accepted(self):
        assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in MINOR_DIGITS)
        assert all(is_currency(code) for code in MINOR_DIGITS)
