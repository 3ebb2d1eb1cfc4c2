"""Kraken's public ticker: the last trade of each pair of an asset with dollar and euro.

Source: Kraken REST API, "Get Ticker Information": ``GET /0/public/Ticker?pair=XBTUSD,XBTEUR`` answers
``{"error": [], "result": {"XXBTZUSD": {"c": ["60000.1", "0.02"], …}}}``; ``c`` is price and volume of
the last trade. One unknown pair makes an error of the whole answer, so each asset is asked for alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from invoices.errors import RateUnavailable
from invoices.rates.asking import Desk, Quoted, SourceDown, one_by_one, parsed, prices_from

NAME: Final = "kraken"
ROOT = "https://api.kraken.com"

# Kraken's own names: two coins have their older ones.
NAMES: Final[Mapping[str, str]] = {
    **{base: base for base in "ETH LTC BCH SOL XRP ADA TRX BNB POL USDT USDC".split()},
    "BTC": "XBT",
    "DOGE": "XDG",
}
CURRENCIES: Final = ("USD", "EUR")


def fetch(bases: Sequence[str], desk: Desk) -> Iterator[Quoted]:
    """
    Yield what each of ``bases`` is worth in dollars and euros.

    :raises SourceDown: when the source stops answering
    """
    return one_by_one([base for base in bases if base in NAMES], desk, _ask)


def read(body: str, base: str) -> Mapping[str, Decimal]:
    """
    Return the prices in the answer for ``base``.

    :raises SourceDown: when it says that we ask too often
    :raises RateUnavailable: when it is not an answer with at least one usable price
    """
    answer = parsed(body, source=NAME)
    try:
        errors, pairs = answer["error"], answer.get("result") or {}
        quoted = {currency: _last_trade(pairs, NAMES[base], currency) for currency in CURRENCIES}
    except (KeyError, TypeError, IndexError, AttributeError) as problem:
        raise RateUnavailable("kraken answered something else than prices") from problem
    if errors:
        text = str(errors)[:200]
        raise SourceDown(f"kraken says {text}") if "limit" in text.lower() else RateUnavailable(f"kraken says {text}")
    return prices_from(quoted, source=NAME, base=base)


def _last_trade(pairs: Mapping[str, Mapping[str, Sequence[object]]], name: str, currency: str) -> object:
    """Return the last price of a pair, which older assets have under an X and older quotes under a Z."""
    for key in (f"{name}{currency}", f"X{name}Z{currency}", f"{name}Z{currency}"):
        if key in pairs:
            return pairs[key]["c"][0]
    return None


def _ask(base: str, desk: Desk) -> Mapping[str, Decimal]:
    pairs = ",".join(f"{NAMES[base]}{currency}" for currency in CURRENCIES)
    return read(desk.text(f"{ROOT}/0/public/Ticker?pair={pairs}"), base)
