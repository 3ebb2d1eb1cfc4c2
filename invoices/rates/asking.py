"""
How a price source is asked, and what is taken for a price: the same for all of them.

A source is a module with ``NAME`` and ``fetch(bases, desk)``, which yields a ``Quoted`` for each
asset it knows. Everything it says is doubted here: one that answers nonsense fails alone.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import structlog

from core import exact_json, http
from core.money import is_currency, parse_amount
from invoices.errors import RateUnavailable

log = structlog.get_logger(__name__)

REQUEST_SECONDS: Final = 8
SOURCE_SECONDS: Final = 20  # for all requests to one source in one round
LOWEST: Final = Decimal("1e-12")
HIGHEST: Final = Decimal("1e12")  # no coin costs more in any currency; whatever says so is broken

_OK: Final = 200
_BAD_REQUEST: Final = 400
_ASKED_TOO_OFTEN: Final = frozenset({418, 429})  # 418 is Binance's word for who went on after a 429
_SERVER_ERROR: Final = 500


class SourceDown(RateUnavailable):
    """The source gives no answers at present: there is no point in asking it for the next asset."""


class UnknownPair(RateUnavailable):
    """The source does not know one of the pairs it was asked for, and says nothing about the others for that."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What one source says one ``base`` is worth; ``observed_at`` only where the source tells."""

    base: str
    prices: Mapping[str, Decimal]
    observed_at: datetime | None = None


class Desk:
    """Asks one source, for no longer than its share of a round."""

    def __init__(self, source: str, *, now: datetime, seconds: int = SOURCE_SECONDS) -> None:
        self.source = source
        self.now = now
        self._ends = time.monotonic() + seconds

    def text(self, url: str, *, accept: str = "application/json") -> str:
        """
        Return the body of the answer.

        :raises SourceDown: when there is none in time, or it says "too many requests" or "broken"
        :raises UnknownPair: when it says that the question is wrong
        :raises RateUnavailable: when it is another refusal
        """
        left = int(self._seconds_left())
        if left < 1:
            raise SourceDown(f"{self.source} took too long")
        try:
            reply = http.get(url, headers={"Accept": accept}, timeout=min(REQUEST_SECONDS, left))
        except http.RequestFailed as problem:
            raise SourceDown(f"{self.source} did not answer: {problem}") from problem
        if reply.status in _ASKED_TOO_OFTEN or reply.status >= _SERVER_ERROR:
            raise SourceDown(f"{self.source} answered {reply.status}")
        if reply.status == _BAD_REQUEST:
            raise UnknownPair(f"{self.source} answered {reply.status}")
        if reply.status != _OK:
            raise RateUnavailable(f"{self.source} answered {reply.status}")
        return reply.body

    def pause(self, seconds: float) -> None:
        """Wait before the next question to a source that counts them; no longer than there is time."""
        time.sleep(min(seconds, max(self._seconds_left(), 0)))

    def _seconds_left(self) -> float:
        return self._ends - time.monotonic()

    def json(self, url: str) -> Any:
        """
        Return what the answer says, numbers exact.

        :raises SourceDown: as ``text`` does
        :raises RateUnavailable: when it is no JSON
        """
        return parsed(self.text(url), source=self.source)


def parsed(body: str, *, source: str) -> Any:
    """
    Return what a JSON text says, numbers exact.

    :raises RateUnavailable: when it is no JSON
    """
    try:
        return exact_json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise RateUnavailable(f"{source} answered something else than prices") from problem


def one_by_one(bases: Sequence[str], desk: Desk, ask: Callable[[str, Desk], Mapping[str, Decimal]]) -> Iterator[Quoted]:
    """
    Yield what the source says about each asset, where it takes one request each.

    :raises SourceDown: when the source stops answering; what was said before stays said
    """
    for base in bases:
        try:
            prices = ask(base, desk)
        except SourceDown:
            raise
        except RateUnavailable as problem:
            complain(desk.source, base, problem)
        else:
            yield Quoted(base, prices)


def complain(source: str, base: str, problem: RateUnavailable) -> None:
    """Note that a source failed, for one asset or (``base`` empty) altogether."""
    log.warning("rate_source_failed", source=source, base=base, reason=str(problem))


def price_from(value: object) -> Decimal | None:
    """Return the price that ``value`` states, None when it cannot be one."""
    price = parse_amount(value)
    return price if price is not None and LOWEST <= price <= HIGHEST else None


def prices_from(quoted: object, *, source: str, base: str) -> Mapping[str, Decimal]:
    """
    Return the usable prices among ``quoted``, by currency.

    :raises RateUnavailable: when there is none
    """
    pairs = quoted.items() if isinstance(quoted, Mapping) else ()
    found = {currency: price_from(value) for currency, value in pairs if is_currency(currency)}
    prices = {currency: price for currency, price in found.items() if price is not None}
    if not prices:
        raise RateUnavailable(f"{source} gave no price of {base}")
    return prices
