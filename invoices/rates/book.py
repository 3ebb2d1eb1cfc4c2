"""The book of rates: fetched by a periodic task, read when a price is needed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Final

import structlog
from django.conf import settings
from django.db.models import F

from chains import registry
from core.money import WIDE
from invoices.errors import RateUnavailable
from invoices.models import RateSheet
from invoices.rates import coinbase, fixed

log = structlog.get_logger(__name__)

SOURCES: Final[Mapping[str, Callable[[str], Mapping[str, Decimal]]]] = {
    coinbase.NAME: coinbase.fetch,
    fixed.NAME: fixed.fetch,
}
OUTLIER: Final = Decimal("0.02")  # a source further than this from the median is left out
KEPT_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of ``base`` is worth in some currencies; ``source`` names every source that counted."""

    base: str
    source: str
    observed_at: datetime
    in_currency: Mapping[str, Decimal]

    def rate(self, currency: str) -> Decimal:
        """
        Return how much of ``currency`` one unit of the asset is worth.

        :raises RateUnavailable: when no source knows the pair
        """
        rate = self.in_currency.get(currency)
        if rate is None:
            raise RateUnavailable(f"There is no exchange rate for {self.base}/{currency}.")
        return rate


def price_of(base: str, *, currencies: Iterable[str], livemode: bool, now: datetime) -> Price:
    """
    Return the price of ``base`` in ``currencies`` from what is stored. One query, no network.

    Per currency: the median of the sources younger than the age limit, without those that are
    more than 2 % away from the median of all. Test mode uses fixed rates.

    :raises RateUnavailable: when no source has given a fresh price
    """
    if not livemode or settings.RATE_SOURCES == [fixed.NAME]:
        prices = fixed.prices(base, currencies)
        if not prices:
            raise RateUnavailable(f"There is no exchange rate for {base}.")
        return Price(base, fixed.NAME, now, prices)
    sheets = _fresh_sheets(base, now)
    if not sheets:
        raise RateUnavailable(f"There is no fresh exchange rate for {base} at the moment.")
    agreed = {currency: _agree(sheets, currency) for currency in currencies}
    return Price(
        base,
        "+".join(sorted(sheet.source for sheet in sheets)),
        min(sheet.observed_at for sheet in sheets),
        {currency: rate for currency, rate in agreed.items() if rate is not None},
    )


def fetch_all(*, now: datetime) -> int:
    """Ask every source for every asset that can be paid with here; return how many answered. One failing harms none."""
    answered = 0
    networks = registry.networks(livemode=True, enabled_only=True)
    for base in sorted({asset.code for network in networks for asset in network.assets}):
        for source in settings.RATE_SOURCES:
            try:
                prices = SOURCES[source](base)
            except RateUnavailable as problem:
                log.warning("rate_source_failed", source=source, base=base, reason=str(problem))
                continue
            if prices:
                texts = {currency: format(price, "f") for currency, price in prices.items()}
                RateSheet.objects.create(base=base, source=source, prices=texts, observed_at=now)
                answered += 1
    RateSheet.objects.filter(observed_at__lt=now - KEPT_FOR).delete()
    return answered


def _fresh_sheets(base: str, now: datetime) -> list[RateSheet]:
    oldest = now - timedelta(seconds=settings.RATE_MAX_AGE_SECONDS)
    return list(
        RateSheet.objects.filter(base=base, source__in=settings.RATE_SOURCES, observed_at__gte=oldest)
        .order_by("source", F("observed_at").desc())
        .distinct("source")
    )


def _agree(sheets: list[RateSheet], currency: str) -> Decimal | None:
    quoted = [Decimal(sheet.prices[currency]) for sheet in sheets if currency in sheet.prices]
    if not quoted:
        return None
    middle = median(quoted)
    near = [price for price in quoted if abs(price - middle) <= WIDE.multiply(middle, OUTLIER)]
    return median(near) if near else None
