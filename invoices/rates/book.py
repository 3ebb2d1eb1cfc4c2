"""The book of rates: fetched by a periodic task, read when a price is needed."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import structlog
from django.conf import settings
from django.db import connection

from chains import registry
from invoices.errors import RateUnavailable
from invoices.models import RateSheet
from invoices.rates import binance, coinbase, coingecko, ecb, fixed, kraken
from invoices.rates.agreement import Agreed, Quotation, agree
from invoices.rates.asking import Desk, Quoted, complain

log = structlog.get_logger(__name__)

SOURCES: Final[Mapping[str, Callable[[Sequence[str], Desk], Iterator[Quoted]]]] = {
    coinbase.NAME: coinbase.fetch,
    kraken.NAME: kraken.fetch,
    binance.NAME: binance.fetch,
    coingecko.NAME: coingecko.fetch,
    ecb.NAME: ecb.fetch,
    fixed.NAME: fixed.fetch,
}
KEPT_FOR: Final = timedelta(days=7)
PRUNED_AT_ONCE: Final = 5_000
ANCHORS: Final = ("USD", "EUR")  # what a price is carried over from, the better one first

# The newest sheet of each source, and of the bank's rates: written out, because to build such a statement costs
# more than to run it, and every live invoice needs it.
_NEWEST: Final = """
    (SELECT DISTINCT ON (source) source, prices, observed_at FROM invoices_ratesheet
      WHERE base = %s AND source = ANY(%s) AND observed_at BETWEEN %s AND %s ORDER BY source, observed_at DESC)
    UNION ALL
    (SELECT source, prices, observed_at FROM invoices_ratesheet
      WHERE base = 'EUR' AND source = 'ecb' AND observed_at BETWEEN %s AND %s ORDER BY observed_at DESC LIMIT 1)
"""
# In the order of the index that finds the newest ones.
_PRUNE: Final = """
    DELETE FROM invoices_ratesheet WHERE id IN (
        SELECT id FROM invoices_ratesheet WHERE observed_at < %s ORDER BY base, observed_at DESC LIMIT %s)
"""


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of ``base`` is worth in some currencies, each with what that rests on."""

    base: str
    agreed: Mapping[str, Agreed]

    def on(self, currency: str) -> Agreed:
        """
        Return the price in ``currency`` with its sources.

        :raises RateUnavailable: when no source knows the pair, or the sources do not agree
        """
        agreed = self.agreed.get(currency)
        if agreed is None:
            raise RateUnavailable(f"There is no exchange rate for {self.base}/{currency}.")
        return agreed

    def rate(self, currency: str) -> Decimal:
        """
        Return how much of ``currency`` one unit of the asset is worth.

        :raises RateUnavailable: as ``on`` does
        """
        return self.on(currency).rate

    @property
    def in_currency(self) -> Mapping[str, Decimal]:
        """Every price."""
        return {currency: agreed.rate for currency, agreed in self.agreed.items()}

    @property
    def source(self) -> str:
        """Every source that counted in some currency."""
        return "+".join(sorted({used.source for agreed in self.agreed.values() for used in agreed.used}))

    @property
    def observed_at(self) -> datetime:
        """When the oldest price that counted was observed."""
        return min(agreed.observed_at for agreed in self.agreed.values())


@dataclass(frozen=True, slots=True)
class _Sheet:
    source: str
    prices: Mapping[str, str]
    observed_at: datetime


def price_of(base: str, *, currencies: Iterable[str], livemode: bool, now: datetime) -> Price:
    """
    Return the price of ``base`` in ``currencies`` from what is stored. One query, no network.

    Per currency: what the sources younger than the age limit agree on (see ``agreement``). Test mode
    uses fixed rates.

    :raises RateUnavailable: when there is no fresh price that the sources agree on
    """
    if not livemode or settings.RATE_SOURCES == [fixed.NAME]:
        agreed = {
            currency: Agreed(price, (Quotation(fixed.NAME, price, now),))
            for currency, price in fixed.prices(base, currencies).items()
        }
    else:
        agreed = _from_sheets(base, currencies, now)
    if not agreed:
        raise RateUnavailable(f"There is no fresh exchange rate for {base} at the moment.")
    return Price(base, agreed)


def fetch_all(*, now: datetime) -> int:
    """
    Ask every source at once for every asset that can be paid with here; return how many sheets were written.

    What a source says is stored as soon as it has said it: one that fails or hangs delays no other.
    """
    networks = registry.networks(livemode=True, enabled_only=True)
    bases = sorted({asset.code for network in networks for asset in network.assets})
    wanted = [source for source in settings.RATE_SOURCES if source != ecb.NAME or _bank_is_due(now)]
    if not bases or not wanted:
        return 0
    written = 0
    with ThreadPoolExecutor(max_workers=len(wanted), thread_name_prefix="rates") as threads:
        for answer in as_completed([threads.submit(_ask, source, bases, now) for source in wanted]):
            written += len(RateSheet.objects.bulk_create(answer.result()))
    return written


def prune(*, now: datetime) -> int:
    """Delete the sheets that are too old even for the charts, in batches of their own; return how many."""
    total = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_PRUNE, [now - KEPT_FOR, PRUNED_AT_ONCE])
            if not cursor.rowcount:
                return total
            total += cursor.rowcount


def _ask(source: str, bases: Sequence[str], now: datetime) -> list[RateSheet]:
    """Return what one source says, for the caller to write: this runs in a thread without a connection."""
    sheets = []
    try:
        for quoted in SOURCES[source](bases, Desk(source, now=now)):
            texts = {currency: format(price, "f") for currency, price in quoted.prices.items()}
            at = min(quoted.observed_at or now, now)
            sheets.append(RateSheet(base=quoted.base, source=source, prices=texts, observed_at=at))
    except RateUnavailable as problem:
        complain(source, "", problem)
    except Exception:  # whatever one source makes of us, the others go on
        log.exception("rate_source_failed", source=source, base="")
    return sheets


def _bank_is_due(now: datetime) -> bool:
    """Return whether to ask the bank, which speaks once a day, again."""
    recent = RateSheet.objects.filter(base=ecb.BASE, source=ecb.NAME, observed_at__gt=now - ecb.FETCHED_EVERY)
    return not recent.exists()


def _from_sheets(base: str, currencies: Iterable[str], now: datetime) -> dict[str, Agreed]:
    sheets, per_euro = _fresh_sheets(base, now)
    agreed = {
        currency: agree(
            [found for sheet in sheets if (found := _quotation(sheet, currency, per_euro))],
            minimum=settings.RATE_MIN_SOURCES,
        )
        for currency in currencies
    }
    return {currency: found for currency, found in agreed.items() if found is not None}


def _fresh_sheets(base: str, now: datetime) -> tuple[list[_Sheet], Mapping[str, Decimal]]:
    """Return the newest sheet of each source, and the bank's rates if they are wanted and there are some."""
    wanted = [source for source in settings.RATE_SOURCES if source != ecb.NAME]
    oldest = now - timedelta(seconds=settings.RATE_MAX_AGE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [base, wanted, oldest, now, now - ecb.GOOD_FOR, now])
        found = [_Sheet(source, _prices(prices), observed_at) for source, prices, observed_at in cursor]
    per_euro = {
        currency: Decimal(text)
        for sheet in found
        if sheet.source == ecb.NAME and ecb.NAME in settings.RATE_SOURCES
        for currency, text in sheet.prices.items()
    }
    return [sheet for sheet in found if sheet.source != ecb.NAME], per_euro


def _prices(column: str | Mapping[str, str]) -> Mapping[str, str]:
    """Return a JSON column, which comes as text where Django has not asked for anything else."""
    prices: Mapping[str, str] = json.loads(column) if isinstance(column, str) else column
    return prices


def _quotation(sheet: _Sheet, currency: str, per_euro: Mapping[str, Decimal]) -> Quotation | None:
    """Return what the source says, else what it says in dollars or euros at the bank's rate."""
    if currency in sheet.prices:
        return Quotation(sheet.source, Decimal(sheet.prices[currency]), sheet.observed_at)
    anchor = next((anchor for anchor in ANCHORS if anchor in sheet.prices), None)
    if anchor is None or not per_euro:
        return None
    price = ecb.carry(Decimal(sheet.prices[anchor]), source=anchor, target=currency, per_euro=per_euro)
    return None if not price else Quotation(sheet.source, price, sheet.observed_at, carried_from=anchor)
