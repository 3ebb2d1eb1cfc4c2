"""Numbers and times as people of each language write them, with every digit and the digits of wallets."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from core.writing import clock_text, exact_text, fiat_text, moment_text

LANGUAGES = [code for code, _ in settings.LANGUAGES]
AT = datetime(2026, 1, 5, 13, 7, 59, tzinfo=UTC)
# language: an amount of an asset, the same in euros, a day and time, a time
WRITTEN = {
    "en": ("1,234,567.50", "€1,234.50", "Jan 5, 2026, 1:07\u202fPM", "1:07\u202fPM"),
    "de": ("1.234.567,50", "1.234,50\xa0€", "05.01.2026, 13:07", "13:07"),
    "es": ("1.234.567,50", "1.234,50\xa0€", "5 ene 2026, 13:07", "13:07"),
    "fr": ("1\u202f234\u202f567,50", "1\u202f234,50\xa0€", "5 janv. 2026, 13:07", "13:07"),
    "pt": ("1.234.567,50", "€\xa01.234,50", "5 de jan. de 2026 13:07", "13:07"),
    "tr": ("1.234.567,50", "€1.234,50", "5 Oca 2026 13:07", "13:07"),
    "ru": ("1\xa0234\xa0567,50", "1\xa0234,50\xa0€", "5 янв. 2026\u202fг., 13:07", "13:07"),
    "ar": ("1,234,567.50", "\u200f1,234.50\xa0€", "05\u200f/01\u200f/2026، 1:07 م", "1:07 م"),
    "zh-hans": ("1,234,567.50", "€1,234.50", "2026年1月5日 13:07", "13:07"),
    "ja": ("1,234,567.50", "€1,234.50", "2026/01/05 13:07", "13:07"),
}


def test_every_language_is_here():
    assert list(WRITTEN) == LANGUAGES


@pytest.mark.parametrize("language", WRITTEN)
def test_numbers_and_times_are_written_as_the_language_does(language):
    written = (
        exact_text(Decimal("1234567.50"), language),
        fiat_text(Decimal("1234.5"), "EUR", language),
        moment_text(AT, language),
        clock_text(AT, language),
    )

    assert written == WRITTEN[language]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.000000000000000001", "0.000000000000000001"),
        ("16.490", "16.490"),
        ("1234", "1234"),
        ("1000000", "1000000"),
        ("999.5", "999.5"),
        ("-1234.5", "−1,234.5"),
        ("1E+3", "1000"),
        ("1" * 60 + ".5", ",".join(["111"] * 20) + ".5"),
    ],
)
def test_an_amount_keeps_its_digits_and_a_whole_one_has_no_marks(amount, text):
    assert exact_text(Decimal(amount), "en") == text


@given(st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=18), st.sampled_from(LANGUAGES))
def test_no_language_loses_a_digit(amount, language):
    digits = "".join(character for character in exact_text(amount, language) if character.isdigit())

    assert digits == f"{amount:f}".replace(".", "")
    assert digits.isascii()


def test_a_time_is_told_in_utc():
    assert clock_text(AT.astimezone(timezone(timedelta(hours=9))), "de") == "13:07"


def test_a_language_nobody_knows_is_english():
    assert exact_text(Decimal("1234.5"), "xx-nowhere") == "1,234.5"
