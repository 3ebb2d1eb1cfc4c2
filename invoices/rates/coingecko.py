"""CoinGecko's public prices: all assets in the usual currencies with one request.

Source: CoinGecko API v3, "Simple price": ``GET /api/v3/simple/price?ids=bitcoin&vs_currencies=usd,eur&
include_last_updated_at=true&precision=full`` answers ``{"bitcoin": {"usd": 60000.1, "last_updated_at": 1711356300}}``.
Without a key CoinGecko takes some ten requests a minute from one address; we send one. It renews prices once a minute.
An id that it does not know is left out of the answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from invoices.errors import RateUnavailable
from invoices.rates.asking import Desk, Quoted, complain, parsed, prices_from

NAME: Final = "coingecko"
ROOT = "https://api.coingecko.com"

IDS: Final[Mapping[str, str]] = {
    "BTC": "bitcoin",
    "ETH": "ethereum",
    "LTC": "litecoin",
    "DOGE": "dogecoin",
    "BCH": "bitcoin-cash",
    "SOL": "solana",
    "XRP": "ripple",
    "ADA": "cardano",
    "TRX": "tron",
    "BNB": "binancecoin",
    "POL": "polygon-ecosystem-token",
    "USDT": "tether",
    "USDC": "usd-coin",
}
CURRENCIES: Final = "usd,eur,gbp,chf,cad,aud,jpy,sek,nok,dkk,pln,czk,try,brl,mxn,inr,sgd,hkd,zar"


def fetch(bases: Sequence[str], desk: Desk) -> Iterator[Quoted]:
    """
    Yield what each of ``bases`` is worth.

    :raises RateUnavailable: when the source does not answer with prices
    """
    known = [base for base in bases if base in IDS]
    if not known:
        return
    ids = ",".join(IDS[base] for base in known)
    body = desk.text(
        f"{ROOT}/api/v3/simple/price?ids={ids}&vs_currencies={CURRENCIES}&include_last_updated_at=true&precision=full"
    )
    answer = parsed(body, source=NAME)
    if not isinstance(answer, Mapping):
        raise RateUnavailable("coingecko answered something else than prices")
    for base in known:
        try:
            yield read(answer.get(IDS[base]), base)
        except RateUnavailable as problem:
            complain(NAME, base, problem)


def read(coin: Any, base: str) -> Quoted:
    """
    Return the prices of one coin and when they were observed.

    :raises RateUnavailable: when there is no usable price, or no time of it
    """
    if not isinstance(coin, Mapping):
        raise RateUnavailable(f"coingecko gave no price of {base}")
    prices = prices_from({key.upper(): value for key, value in coin.items()}, source=NAME, base=base)
    try:
        observed_at = datetime.fromtimestamp(int(coin["last_updated_at"]), tz=UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as problem:
        raise RateUnavailable(f"coingecko does not say how old its price of {base} is") from problem
    return Quoted(base, prices, observed_at)
