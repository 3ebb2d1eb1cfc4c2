"""Coinbase's public prices: one request gives what an asset is worth in every currency it knows.

Source: Coinbase API v2, "Exchange rates": ``GET /v2/exchange-rates?currency=BTC`` answers
``{"data": {"currency": "BTC", "rates": {"USD": "60000.12", …}}}`` without credentials.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from core import exact_json, http
from core.money import is_currency, parse_amount
from invoices.errors import RateUnavailable

NAME: Final = "coinbase"
URL: Final = "https://api.coinbase.com/v2/exchange-rates?currency={base}"


def fetch(base: str) -> Mapping[str, Decimal]:
    """
    Return what one ``base`` is worth in each currency of ours.

    :raises RateUnavailable: when the source does not answer, or not with prices
    """
    try:
        reply = http.get(URL.format(base=base), headers={"Accept": "application/json"}, timeout=10)
    except http.RequestFailed as problem:
        raise RateUnavailable(f"coinbase did not answer: {problem}") from problem
    if reply.status != 200:
        raise RateUnavailable(f"coinbase answered {reply.status}")
    return read(reply.body, base)


def read(body: str, base: str) -> Mapping[str, Decimal]:
    """
    Return the prices in the answer for ``base``.

    :raises RateUnavailable: when it is not an answer for ``base`` with at least one usable price
    """
    try:
        data = exact_json.loads(body)["data"]
        answered_for, quoted = data["currency"], data["rates"].items()
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise RateUnavailable("coinbase answered something else than prices") from problem
    if answered_for != base:
        raise RateUnavailable(f"coinbase answered for {str(answered_for)[:20]!r} instead of {base}")
    prices = {}
    for currency, text in quoted:
        price = parse_amount(text)
        if is_currency(currency) and price is not None and price > 0:
            prices[currency] = price
    if not prices:
        raise RateUnavailable(f"coinbase gave no price of {base}")
    return prices
