"""What each source has said about one pair lately, as lines of a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models.fields.json import KeyTextTransform

from core.money import WIDE, round_to
from invoices.models import RateSheet

SPAN: Final = timedelta(days=1)
WIDTH: Final = 960  # of the drawing, in the SVG's own units
HEIGHT: Final = 220
STEPS: Final = 240  # a line has at most so many points, the newest of each six minutes
# Readable on white and on near-black; the dashes tell lines apart without colour.
LINES: Final = (
    ("#2563eb", "none"),
    ("#d97706", "8 3"),
    ("#059669", "2 3"),
    ("#db2777", "12 4 2 4"),
    ("#7c3aed", "5 5"),
)

# For each asset one step into the index, however many sheets there are.
_NEWEST: Final = """
    SELECT wanted.base, (
        SELECT observed_at FROM invoices_ratesheet AS sheet
        WHERE sheet.base = wanted.base ORDER BY observed_at DESC LIMIT 1
    ) FROM unnest(%s::text[]) AS wanted (base)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One source's prices: ``points`` as an SVG polyline wants them."""

    source: str
    colour: str
    dashes: str
    points: str
    last: Decimal


@dataclass(frozen=True, slots=True)
class Chart:
    """A pair's history over ``SPAN``; without lines when no source has said anything."""

    base: str
    currency: str
    since: datetime
    until: datetime
    lowest: Decimal
    highest: Decimal
    lines: tuple[Line, ...]

    @property
    def pair(self) -> str:
        """The pair as it is written: ``BTC/USD``."""
        return f"{self.base}/{self.currency}"


def chart_of(base: str, *, currency: str, now: datetime) -> Chart:
    """Return the history of a pair in the day before ``now``, in what the sources themselves quoted."""
    series = _series(base, currency, now)
    prices = [price for points in series.values() for price in points.values()]
    lowest, highest = (min(prices), max(prices)) if prices else (Decimal(0), Decimal(0))
    lines = tuple(
        Line(source, *LINES[index % len(LINES)], _drawn(points, lowest, highest), points[max(points)])
        for index, (source, points) in enumerate(sorted(series.items()))
    )
    return Chart(base, currency, now - SPAN, now, lowest, highest, lines)


def bases() -> list[str]:
    """Return the assets that have sheets."""
    return list(RateSheet.objects.exclude(source="ecb").order_by("base").values_list("base", flat=True).distinct())


def newest(bases: Sequence[str]) -> dict[str, datetime]:
    """Return when the newest price of each asset was observed; those without one are not there. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [list(bases)])
        return {base: at for base, at in cursor.fetchall() if at is not None}


def _series(base: str, currency: str, now: datetime) -> dict[str, dict[int, Decimal]]:
    """Return the newest price of each step, by source."""
    sheets = (
        RateSheet.objects.filter(base=base, observed_at__gt=now - SPAN, observed_at__lte=now, prices__has_key=currency)
        .order_by("observed_at")
        .values_list("source", "observed_at", KeyTextTransform(currency, "prices"))
    )
    series: dict[str, dict[int, Decimal]] = {}
    for source, observed_at, price in sheets.iterator():
        step = min((observed_at - now + SPAN) * STEPS // SPAN, STEPS - 1)
        series.setdefault(source, {})[step] = Decimal(price)
    return series


def _drawn(points: dict[int, Decimal], lowest: Decimal, highest: Decimal) -> str:
    """Return points for a polyline: time to the right, price upwards, a flat line in the middle."""
    spread = highest - lowest
    places = []
    for step, price in points.items():
        part = WIDE.divide(highest - price, spread) if spread else Decimal("0.5")
        places.append(f"{round_to(WIDE.divide(Decimal(step * WIDTH), STEPS - 1), 1)},{round_to(part * HEIGHT, 1)}")
    if len(places) == 1:  # a line of one point is not drawn
        places.append(places[0])
    return " ".join(places)
