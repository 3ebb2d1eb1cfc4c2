"""The European Central Bank's reference rates: what a euro is worth in other currencies.

No prices of coins: they carry a price over into a currency in which a source gives none. Published
on working days at about 16:00 CET; XML, ``<Cube time='2026-01-15'><Cube currency='USD' rate='1.0735'/>…``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from xml.etree.ElementTree import ParseError, fromstring

from core.money import WIDE, is_currency, round_to
from invoices.errors import RateUnavailable
from invoices.rates.asking import Desk, Quoted, price_from

NAME: Final = "ecb"
BASE: Final = "EUR"
ROOT = "https://www.ecb.europa.eu"

FETCHED_EVERY: Final = timedelta(hours=1)
GOOD_FOR: Final = timedelta(days=1)  # after the last answer: a day without the bank harms nobody
OLDEST_FIX: Final = timedelta(days=7)  # Easter and Christmas leave up to five days without one
DIGITS: Final = 12

_CUBE: Final = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"


def fetch(_bases: Sequence[str], desk: Desk) -> Iterator[Quoted]:
    """
    Yield what one euro is worth in other currencies.

    :raises RateUnavailable: when the source does not answer with recent rates
    """
    body = desk.text(f"{ROOT}/stats/eurofxref/eurofxref-daily.xml", accept="application/xml")
    yield Quoted(BASE, read(body, today=desk.now.date()))


def read(body: str, *, today: date) -> Mapping[str, Decimal]:
    """
    Return the rates in the bank's document.

    :raises RateUnavailable: when it is none, has no usable rate of the dollar, or is too old
    """
    if "<!DOCTYPE" in body or "<!ENTITY" in body:  # the bank has none; entities are for attacks only
        raise RateUnavailable("ecb answered with a document type")
    try:
        day = next(cube for cube in fromstring(body).iter(_CUBE) if "time" in cube.attrib)  # noqa: S314 - no entities
        fixed_on = date.fromisoformat(day.attrib["time"])
    except (ParseError, StopIteration, ValueError) as problem:
        raise RateUnavailable("ecb answered something else than its rates") from problem
    if not -timedelta(days=1) <= today - fixed_on <= OLDEST_FIX:
        raise RateUnavailable(f"ecb gave the rates of {fixed_on}")
    found = {cube.get("currency"): price_from(cube.get("rate")) for cube in day.iter(_CUBE)}
    rates = {currency: rate for currency, rate in found.items() if currency and is_currency(currency) and rate}
    if "USD" not in rates:
        raise RateUnavailable("ecb gave no rate of the dollar")
    return rates


def carry(price: Decimal, *, source: str, target: str, per_euro: Mapping[str, Decimal]) -> Decimal | None:
    """Return a price in ``source`` as one in ``target``; None where the bank knows one of them not."""
    known = {BASE: Decimal(1), **per_euro}
    if source not in known or target not in known:
        return None
    return round_to(WIDE.divide(WIDE.multiply(price, known[target]), known[source]), DIGITS)
