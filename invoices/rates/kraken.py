"""Kraken's public ticker: the last trade of each pair of an asset with dollar and euro.

Source: Kraken REST API, "Get Ticker Information": ``GET /0/public/Ticker?pair=XBTUSD,XBTEUR`` answers
``{"error": [], "result": {"XXBTZUSD": {"a": ["60000.2", …], "b": ["60000.1", …], "c": ["60000.1", "0.02"], …}}}``;
``a`` and ``b`` are the best offers to sell and to buy, ``c`` is price and volume of the last trade. Errors come with
status 200. One unknown pair makes an error of the whole answer: then each asset is asked for alone, no faster
than Kraken's "one request a second" for public data.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from invoices.errors import RateUnavailable
from invoices.rates.asking import (
    Desk,
    Quoted,
    SourceDown,
    UnknownPair,
    complain,
    one_by_one,
    parsed,
    price_from,
    prices_from,
)

NAME: Final = "kraken"
ROOT = "https://api.kraken.com"
PAUSE_SECONDS = 1.0

# Kraken's own names: two coins have their older ones.
NAMES: Final[Mapping[str, str]] = {
    **{base: base for base in "ETH LTC BCH SOL XRP ADA TRX BNB POL USDT USDC".split()},
    "BTC": "XBT",
    "DOGE": "XDG",
}
CURRENCIES: Final = ("USD", "EUR")

# "EGeneral:Too many requests", "EAPI:Rate limit exceeded", "EGeneral:Temporary lockout", "EService:Unavailable" …
_DOWN: Final = ("too many requests", "limit exceeded", "lockout", "eservice:", "internal error")
_UNKNOWN: Final = "unknown asset"


def fetch(bases: Sequence[str], desk: Desk) -> Iterator[Quoted]:
    """
    Yield what each of ``bases`` is worth in dollars and euros; one request for all.

    :raises SourceDown: when the source stops answering
    :raises RateUnavailable: when it answers with something else than prices
    """
    known = [base for base in bases if base in NAMES]
    if not known:
        return
    try:
        pairs = read_pairs(_ask(known, desk))
    except UnknownPair as problem:
        complain(NAME, "", problem)
        yield from one_by_one(known, desk, _alone)
        return
    for base in known:
        try:
            yield Quoted(base, _prices(pairs, base))
        except RateUnavailable as problem:
            complain(NAME, base, problem)


def read(body: str, base: str) -> Mapping[str, Decimal]:
    """
    Return the prices in the answer for ``base``.

    :raises SourceDown: when it says that we ask too often, or that it is out of order
    :raises RateUnavailable: when it is not an answer with at least one usable price
    """
    return _prices(read_pairs(body), base)


def read_pairs(body: str) -> Mapping[str, Any]:
    """
    Return the tickers in the answer by Kraken's names of the pairs.

    :raises SourceDown: when it says that we ask too often, or that it is out of order
    :raises UnknownPair: when it does not know one of the pairs
    :raises RateUnavailable: when it is another error, or no answer of Kraken's
    """
    answer = parsed(body, source=NAME)
    try:
        errors, pairs = answer["error"], answer.get("result") or {}
    except (KeyError, TypeError, IndexError, AttributeError) as problem:
        raise RateUnavailable("kraken answered something else than prices") from problem
    if errors:
        text = str(errors)[:200]
        raise _kind_of(text.lower())(f"kraken says {text}")
    if not isinstance(pairs, Mapping):
        raise RateUnavailable("kraken answered something else than prices")
    return pairs


def _kind_of(text: str) -> type[RateUnavailable]:
    if any(word in text for word in _DOWN):
        return SourceDown
    return UnknownPair if _UNKNOWN in text else RateUnavailable


def _prices(pairs: Mapping[str, Any], base: str) -> Mapping[str, Decimal]:
    try:
        quoted = {currency: _price(pairs, NAMES[base], currency) for currency in CURRENCIES}
    except (KeyError, TypeError, IndexError) as problem:
        raise RateUnavailable("kraken answered something else than prices") from problem
    return prices_from(quoted, source=NAME, base=base)


def _price(pairs: Mapping[str, Any], name: str, currency: str) -> Decimal | None:
    """Return the price of a pair, which older assets have under an X and older quotes under a Z."""
    for key in (f"{name}{currency}", f"X{name}Z{currency}", f"{name}Z{currency}"):
        if key in pairs:
            ticker = pairs[key]
            return _within_offers(*(price_from(ticker[field][0]) for field in "bca"))
    return None


def _within_offers(bid: Decimal | None, last: Decimal | None, ask: Decimal | None) -> Decimal | None:
    """
    Return the last price, or the offer it has been overtaken by.

    Kraken does not tell when the last trade was: with a pair that is seldom traded, hours ago.
    """
    if bid is None or last is None or ask is None or bid > ask:
        return None
    return min(max(last, bid), ask)


def _alone(base: str, desk: Desk) -> Mapping[str, Decimal]:
    desk.pause(PAUSE_SECONDS)
    return read(_ask([base], desk), base)


def _ask(bases: Sequence[str], desk: Desk) -> str:
    pairs = ",".join(f"{NAMES[base]}{currency}" for base in bases for currency in CURRENCIES)
    return desk.text(f"{ROOT}/0/public/Ticker?pair={pairs}")
