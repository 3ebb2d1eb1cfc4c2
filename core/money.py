"""Exact money: parsing, rounding and the minor digits of currencies. A float never passes here."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

WIDE: Final = Context(prec=120)  # Python's default keeps 28 digits; a uint256 alone has up to 78
_STEPS: Final = tuple(Decimal(1).scaleb(-digits) for digits in range(19))  # as many as most coins have
MAX_DIGITS: Final = 60  # a number written longer than this is noise, not money

# ISO 4217 currencies an invoice can be priced in, with their minor digits.
MINOR_DIGITS: Final[dict[str, int]] = {
    **dict.fromkeys(
        "USD EUR GBP CHF CAD AUD NZD SEK NOK DKK PLN CZK RON BGN TRY UAH ILS AED SAR QAR ZAR NGN KES GHS EGP MAD "
        "INR PKR BDT LKR THB MYR SGD HKD TWD CNY PHP IDR BRL MXN ARS COP PEN UYU GEL AMD AZN KZT UZS RUB HUF".split(),
        2,
    ),
    **dict.fromkeys("JPY KRW VND CLP ISK PYG XOF XAF".split(), 0),
    **dict.fromkeys("KWD BHD OMR JOD TND".split(), 3),
}


def minor_digits(currency: str) -> int:
    """Return how many digits follow the decimal point in ``currency`` (ISO 4217)."""
    return MINOR_DIGITS[currency]


def is_currency(code: object) -> bool:
    """Return whether invoices can be priced in ``code``."""
    return isinstance(code, str) and code in MINOR_DIGITS


def parse_amount(value: object) -> Decimal | None:
    """
    Return a finite ``Decimal`` from a JSON number or a numeric string, or None.

    Floats and booleans are refused: a float here would mean that digits were already lost.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    text = str(value)
    if len(text) > MAX_DIGITS or "_" in text or text != text.strip():
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        return None
    return number


def has_at_most(number: Decimal, digits: int) -> bool:
    """Return whether ``number`` needs at most ``digits`` digits after the decimal point."""
    return round_to(number, digits) == number


def round_to(number: Decimal, digits: int, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return ``number`` with exactly ``digits`` digits after the decimal point."""
    return number.quantize(step(digits), rounding=rounding, context=WIDE)


def step(digits: int) -> Decimal:
    """Return the smallest positive number with ``digits`` digits after the decimal point, such as 0.01."""
    return _STEPS[digits] if 0 <= digits < len(_STEPS) else Decimal(1).scaleb(-digits)


def round_up(number: Decimal, digits: int) -> Decimal:
    """Round away from the payer's favour: nobody is asked for less than is owed."""
    return round_to(number, digits, ROUND_CEILING)


def round_down(number: Decimal, digits: int) -> Decimal:
    """Round so that nobody is credited with more than arrived."""
    return round_to(number, digits, ROUND_DOWN)
