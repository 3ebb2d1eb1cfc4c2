"""How amounts of money are written for people, in the words and digits of their language."""

import re
from copy import copy
from decimal import Decimal
from typing import Final

from babel import Locale, UnknownLocaleError

from core.money import WIDE, minor_digits, round_to

_LETTER_BEFORE_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=\d)")  # KWD 1.234, but $1.23


def fiat_text(amount: Decimal, currency: str, language: str) -> str:
    """Return ``amount`` as people of ``language`` write it, with the currency's own digits: ``$16.49``."""
    digits = max(minor_digits(currency), _digits_of(amount))
    locale = _locale(language)
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    written = pattern.apply(round_to(amount, digits), locale, currency=currency, currency_digits=False)
    return _LETTER_BEFORE_DIGIT.sub("\N{NO-BREAK SPACE}", written)


def _digits_of(amount: Decimal) -> int:
    return max(0, -int(amount.normalize(WIDE).as_tuple().exponent))


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
