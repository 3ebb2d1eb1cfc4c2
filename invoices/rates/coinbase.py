"""Coinbase's public prices: one request gives what an asset is worth in every currency it knows.

Source: Coinbase API v2, "Exchange rates": ``GET /v2/exchange-rates?currency=BTC`` answers
``{"data": {"currency": "BTC", "rates": {"USD": "60000.12", …}}}`` without credentials; a currency it does not know is
status 400 with ``{"errors": [{"id": "invalid_request", …}]}``. 10,000 requests an hour are taken; we send one for each
asset a minute, 780 at most. Coinbase counts USDC as a dollar.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from invoices.errors import RateUnavailable
from invoices.rates.asking import Desk, Quoted, one_by_one, parsed, prices_from

NAME: Final = "coinbase"
ROOT = "https://api.coinbase.com"


def fetch(bases: Sequence[str], desk: Desk) -> Iterator[Quoted]:
    """
    Yield what each of ``bases`` is worth in the currencies of ours.

    :raises SourceDown: when the source stops answering
    """
    return one_by_one(bases, desk, _ask)


def read(body: str, base: str) -> Mapping[str, Decimal]:
    """
    Return the prices in the answer for ``base``.

    :raises RateUnavailable: when it is not an answer for ``base`` with at least one usable price
    """
    try:
        data = parsed(body, source=NAME)["data"]
        answered_for, quoted = data["currency"], data["rates"]
    except (KeyError, TypeError, IndexError) as problem:
        raise RateUnavailable("coinbase answered something else than prices") from problem
    if answered_for != base:
        raise RateUnavailable(f"coinbase answered for {str(answered_for)[:20]!r} instead of {base}")
    return prices_from(quoted, source=NAME, base=base)


def _ask(base: str, desk: Desk) -> Mapping[str, Decimal]:
    return read(desk.text(f"{ROOT}/v2/exchange-rates?currency={base}"), base)
