"""Reports: one statement, whatever the period and however it is divided."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from analytics.calendars import Bucket, Period, Unit, divide
from analytics.summing import summed
from core.money import WIDE, minor_digits, round_to

_GROUPS: Final = frozenset({"number", "asset_code", "network"})


@dataclass(slots=True)
class Figures:
    """
    What became of the invoices created in one stretch of time.

    Amounts are in the report's currency and leave out ``other_currency`` invoices, which were
    recorded in another one; the counts hold all of them.
    """

    created: int = 0
    paid: int = 0
    amount_created: Decimal = Decimal(0)
    amount_paid: Decimal = Decimal(0)
    other_currency: int = 0
    waited: timedelta = timedelta(0)  # from creation to payment, of all paid ones together

    def add(self, other: "Figures") -> None:
        """Add what became of the invoices of another stretch."""
        self.created += other.created
        self.paid += other.paid
        self.amount_created += other.amount_created
        self.amount_paid += other.amount_paid
        self.other_currency += other.other_currency
        self.waited += other.waited

    @property
    def conversion_rate(self) -> Decimal:
        """How many of the invoices have been paid, in percent with one digit; 0.0 of none."""
        if not self.created:
            return Decimal("0.0")
        return round_to(Decimal(100 * self.paid) / self.created, 1, "ROUND_HALF_UP")

    @property
    def average_payment_seconds(self) -> int | None:
        """Whole seconds from creation to payment; None when none was paid."""
        return round(self.waited / self.paid / timedelta(seconds=1)) if self.paid else None

    def average_amount(self, digits: int) -> Decimal:
        """Return the average total of an invoice in the report's currency; 0 of none."""
        counted = self.created - self.other_currency
        average = WIDE.divide(self.amount_created, Decimal(counted)) if counted else Decimal(0)
        return round_to(average, digits, "ROUND_HALF_UP")


@dataclass(frozen=True, slots=True)
class Report:
    """A period, its parts in order with their figures, their sum, and the paid invoices by asset and by network."""

    period: Period
    unit: Unit
    currency: str
    digits: int
    total: Figures
    parts: Sequence[tuple[Bucket, Figures]]
    by_asset: dict[str, Figures] = field(default_factory=dict)
    by_network: dict[str, Figures] = field(default_factory=dict)


def report(*, merchant_id: UUID, livemode: bool, period: Period, unit: Unit, currency: str) -> Report:
    """
    Sum up what became of the invoices created in ``period``, with amounts in ``currency``.

    :raises TooManyBuckets: when ``unit`` divides the period into too many parts
    """
    buckets = divide(period, unit)
    total = Figures()
    parts = [Figures() for _ in buckets]
    by_asset: dict[str, Figures] = {}
    by_network: dict[str, Figures] = {}
    for row in summed(merchant_id=merchant_id, livemode=livemode, buckets=buckets, currency=currency):
        figures = _figures(row)
        parts[row["number"]].add(figures)
        total.add(figures)
        if figures.paid:
            by_asset.setdefault(row["asset_code"], Figures()).add(figures)
            by_network.setdefault(row["network"], Figures()).add(figures)
    return Report(
        period=period,
        unit=unit,
        currency=currency,
        digits=minor_digits(currency),
        total=total,
        parts=list(zip(buckets, parts, strict=True)),
        by_asset=_most_paid_first(by_asset),
        by_network=_most_paid_first(by_network),
    )


def _figures(row: dict[str, Any]) -> Figures:
    return Figures(**{name: value for name, value in row.items() if name not in _GROUPS})


def _most_paid_first(parts: dict[str, Figures]) -> dict[str, Figures]:
    return dict(sorted(parts.items(), key=lambda item: (-item[1].paid, item[0])))
