"""One price from several: the median of those near it, or none. Pure functions.

Nobody is quoted a price that only half of the sources would sign: with an even number of them the two
in the middle must agree, and whatever is left out, more than half must remain (ADR 22).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any, Final

from core.exact_json import timestamp
from core.money import WIDE

OUTLIER: Final = Decimal("0.02")  # a source further than this from the median is left out


@dataclass(frozen=True, slots=True)
class Quotation:
    """
    What one source says one unit is worth.

    ``carried_from`` is the currency it said it in, where the bank's rate carried it over into another.
    """

    source: str
    price: Decimal
    observed_at: datetime
    carried_from: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The price that the ``used`` quotations support; the ``dropped`` ones were too far away."""

    rate: Decimal
    used: tuple[Quotation, ...]
    dropped: tuple[Quotation, ...] = ()

    @property
    def source(self) -> str:
        """Every source that counted."""
        return "+".join(sorted(quotation.source for quotation in self.used))

    @property
    def observed_at(self) -> datetime:
        """When the oldest price that counted was observed."""
        return min(quotation.observed_at for quotation in self.used)

    def evidence(self) -> list[dict[str, Any]]:
        """Return what the price rests on, to be stored: each source, its price, when, and whether it counted."""
        return [
            {
                "source": quotation.source,
                "price": quotation.price,
                "observed_at": timestamp(quotation.observed_at),
                "used": quotation in self.used,
                **({"carried_from": quotation.carried_from} if quotation.carried_from else {}),
            }
            for quotation in sorted((*self.used, *self.dropped), key=lambda quotation: quotation.source)
        ]


def agree(quotations: Sequence[Quotation], *, minimum: int = 1) -> Agreed | None:
    """Return the price that the quotations agree on; None when they do not, or fewer than ``minimum`` do."""
    if not quotations:
        return None
    prices = sorted(quotation.price for quotation in quotations)
    low, high = prices[(len(prices) - 1) // 2], prices[len(prices) // 2]
    if not _near(high, low):
        return None
    middle = median(prices)
    used = tuple(quotation for quotation in quotations if _near(quotation.price, middle))
    if len(used) < minimum or 2 * len(used) <= len(quotations):
        return None
    dropped = tuple(quotation for quotation in quotations if quotation not in used)
    return Agreed(median([quotation.price for quotation in used]), used, dropped)


def _near(price: Decimal, middle: Decimal) -> bool:
    return abs(price - middle) <= WIDE.multiply(middle, OUTLIER)
