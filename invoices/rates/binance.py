"""Binance's public ticker, for prices in euros.

Binance trades against USDT, which is not a dollar, and sells USDT for euros: dividing one price by
the other gives a price in real money. Dollars and the rest follow by the crosses of ``ecb``.

Source: Binance Spot API, "Symbol price ticker": ``GET /api/v3/ticker/price?symbols=["BTCUSDT","EURUSDT"]``
answers ``[{"symbol": "BTCUSDT", "price": "60000.01000000"}, …]``.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from core.money import WIDE, round_to
from invoices.errors import RateUnavailable
from invoices.rates.asking import Desk, Quoted, complain, parsed, price_from, prices_from

NAME: Final = "binance"
ROOT = "https://data-api.binance.vision"  # Binance's host for public market data

KNOWN: Final = frozenset("BTC ETH LTC DOGE BCH SOL XRP ADA TRX BNB POL USDT USDC".split())
EURO: Final = "EURUSDT"
DIGITS: Final = 12


def fetch(bases: Sequence[str], desk: Desk) -> Iterator[Quoted]:
    """
    Yield what each of ``bases`` is worth in euros; one request for all.

    :raises RateUnavailable: when the source does not answer with prices
    """
    known = [base for base in bases if base in KNOWN]
    symbols = ",".join(f'"{symbol}"' for symbol in [EURO, *(f"{base}USDT" for base in known if base != "USDT")])
    found = read(desk.text(f"{ROOT}/api/v3/ticker/price?symbols={quote(f'[{symbols}]')}"))
    for base in known:
        try:
            yield Quoted(base, prices_from({"EUR": _in_euros(base, found)}, source=NAME, base=base))
        except RateUnavailable as problem:
            complain(NAME, base, problem)


def read(body: str) -> Mapping[str, Decimal]:
    """
    Return the usable prices in the answer by symbol.

    :raises RateUnavailable: when it is no list of prices with that of the euro
    """
    try:
        found = {row["symbol"]: price_from(row["price"]) for row in parsed(body, source=NAME)}
    except (KeyError, TypeError) as problem:
        raise RateUnavailable("binance answered something else than prices") from problem
    prices = {symbol: price for symbol, price in found.items() if price is not None}
    if EURO not in prices:
        raise RateUnavailable("binance gave no price of the euro")
    return prices


def _in_euros(base: str, found: Mapping[str, Decimal]) -> Decimal | None:
    in_usdt = Decimal(1) if base == "USDT" else found.get(f"{base}USDT")
    return None if in_usdt is None else round_to(WIDE.divide(in_usdt, found[EURO]), DIGITS)
