"""Binance's public ticker, for prices in euros.

Binance trades against USDT, which is not a dollar, and sells USDT for euros: dividing one price by
the other gives a price in real money. Dollars and the rest follow by the crosses of ``ecb``.

Source: Binance Spot API, "24hr ticker price change statistics":
``GET /api/v3/ticker/24hr?type=MINI&symbols=["BTCUSDT","EURUSDT"]`` answers
``[{"symbol": "BTCUSDT", "lastPrice": "60000.01000000", "closeTime": 1768471170123, …}, …]``. Unlike the plain price
ticker it tells how old a price is: a pair whose trading is halted keeps its last price for ever. Up to twenty symbols
weigh 2 of the 6,000 a minute.
One unknown symbol makes an error of the whole answer (status 400, code -1121): then each is asked for alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from core.money import WIDE, round_to
from invoices.errors import RateUnavailable
from invoices.rates.asking import Desk, Quoted, SourceDown, UnknownPair, complain, parsed, price_from, prices_from

NAME: Final = "binance"
ROOT = "https://data-api.binance.vision"  # Binance's host for public market data

KNOWN: Final = frozenset("BTC ETH LTC DOGE BCH SOL XRP ADA TRX BNB POL USDT USDC".split())
EURO: Final = "EURUSDT"
DIGITS: Final = 12
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Last:
    """The last price of a symbol, in USDT, and when it was."""

    price: Decimal
    at: datetime


def fetch(bases: Sequence[str], desk: Desk) -> Iterator[Quoted]:
    """
    Yield what each of ``bases`` is worth in euros; one request for all.

    :raises RateUnavailable: when the source does not answer with prices
    """
    known = [base for base in bases if base in KNOWN]
    if not known:
        return
    try:
        found = _ask(known, desk)
    except UnknownPair as problem:
        complain(NAME, "", problem)
        found = {}
        for base in known:
            found |= _alone(base, desk)
    for base in known:
        try:
            yield quoted(base, found)
        except RateUnavailable as problem:
            complain(NAME, base, problem)


def read(body: str) -> Mapping[str, Last]:
    """
    Return the usable prices in the answer by symbol.

    :raises RateUnavailable: when it is no list of prices with that of the euro
    """
    try:
        found = {row["symbol"]: _last(row) for row in parsed(body, source=NAME)}
    except (KeyError, TypeError, OverflowError) as problem:
        raise RateUnavailable("binance answered something else than prices") from problem
    prices = {symbol: last for symbol, last in found.items() if last is not None}
    if EURO not in prices:
        raise RateUnavailable("binance gave no price of the euro")
    return prices


def quoted(base: str, found: Mapping[str, Last]) -> Quoted:
    """
    Return what ``base`` is worth in euros; as old as the older one of the two prices it is made from.

    :raises RateUnavailable: when there is no price of it
    """
    euro = found.get(EURO)
    last = Last(Decimal(1), euro.at) if euro and base == "USDT" else found.get(f"{base}USDT")
    if euro is None or last is None:
        raise RateUnavailable(f"binance gave no price of {base}")
    price = round_to(WIDE.divide(last.price, euro.price), DIGITS)
    return Quoted(base, prices_from({"EUR": price}, source=NAME, base=base), min(last.at, euro.at))


def _last(row: Mapping[str, Any]) -> Last | None:
    price, milliseconds = price_from(row["lastPrice"]), row["closeTime"]
    if price is None or type(milliseconds) is not int:
        return None
    return Last(price, _EPOCH + timedelta(milliseconds=milliseconds))


def _alone(base: str, desk: Desk) -> Mapping[str, Last]:
    try:
        return _ask([base], desk)
    except SourceDown:
        raise
    except RateUnavailable as problem:
        complain(NAME, base, problem)
        return {}


def _ask(bases: Sequence[str], desk: Desk) -> Mapping[str, Last]:
    symbols = ",".join(f'"{symbol}"' for symbol in [EURO, *(f"{base}USDT" for base in bases if base != "USDT")])
    return read(desk.text(f"{ROOT}/api/v3/ticker/24hr?type=MINI&symbols={quote(f'[{symbols}]')}"))
