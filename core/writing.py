"""
How amounts and times are written for people, in the words and digits of their language.

Digits are 0 to 9 in every language: what is read here is compared with a wallet, and wallets show these.
"""

import re
from copy import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

from core.money import WIDE, minor_digits, round_to

_DIGITS: Final = "latn"
_GROUP: Final = 3  # digits of the whole part that stand together
_LETTER_BEFORE_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=\d)")  # KWD 1.234, but $1.23
# In a line from right to left the dollar of "US$" would change sides.
_SIGN_AFTER_LETTER: Final = re.compile(r"(?<=[A-Z])\$")


def fiat_text(amount: Decimal, currency: str, language: str) -> str:
    """Return ``amount`` as people of ``language`` write it, with the currency's own digits: ``$16.49``."""
    digits = max(minor_digits(currency), _digits_of(amount))
    locale = locale_of(language)
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    written = pattern.apply(round_to(amount, digits), locale, currency=currency, currency_digits=False)
    written = _LETTER_BEFORE_DIGIT.sub("\N{NO-BREAK SPACE}", written)
    if locale.text_direction == "rtl":
        written = _SIGN_AFTER_LETTER.sub("\\g<0>\N{LEFT-TO-RIGHT MARK}", written)
    return written


def exact_text(amount: Decimal, language: str) -> str:
    """
    Return ``amount`` of an asset with every digit it has and people's own marks: ``1.234,50`` in German.

    Whole numbers are not grouped: "1.234" is more than a thousand to some, and little more than one to others.
    """
    whole, _, fraction = f"{amount.copy_abs():f}".partition(".")
    marks = locale_of(language).number_symbols[_DIGITS]
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    return f"{sign}{_grouped(whole, marks['group'])}{marks['decimal']}{fraction}" if fraction else f"{sign}{whole}"


def moment_text(at: datetime, language: str) -> str:
    """Return a day and a time, in UTC and without saying so."""
    locale, here = locale_of(language), at.astimezone(UTC)
    whole = locale.datetime_formats["medium"]
    return str(whole).format(clock_text(here, language), format_date(here, "medium", locale=locale))


def clock_text(at: datetime, language: str) -> str:
    """Return a time of day, in UTC and without saying so."""
    return format_time(at.astimezone(UTC), "short", locale=locale_of(language))


def _grouped(whole: str, mark: str) -> str:
    first = len(whole) % _GROUP
    parts = [whole[:first], *(whole[start : start + _GROUP] for start in range(first, len(whole), _GROUP))]
    return mark.join(part for part in parts if part)


def _digits_of(amount: Decimal) -> int:
    return max(0, -int(amount.normalize(WIDE).as_tuple().exponent))


def locale_of(language: str) -> Locale:
    """Return how a language writes, English where nobody knows it."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
