"""
Bars for an SVG that the server draws: what was asked for behind what was paid, part by part of a period.

Sizes are in the drawing's own units, WIDTH by HEIGHT, written as text; the page scales them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

WIDTH: Final = 960
HEIGHT: Final = 240
LABELS: Final = 6  # along the bottom, at most
_STEPS: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_TICKS: Final = 4
_GAP: Final = Decimal("0.25")  # of a bar's place
_THINNEST: Final = Decimal(2)  # what is there can be seen


@dataclass(frozen=True, slots=True)
class Part:
    """One place of the chart; amounts are of one currency."""

    label: str
    title: str
    href: str
    asked: Decimal
    paid: Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """Two bars of one place, one before the other; ``x`` and ``width`` are theirs, ``place`` is what can be clicked."""

    title: str
    href: str
    place_x: str
    place_width: str
    x: str
    width: str
    asked_y: str
    asked_height: str
    paid_y: str
    paid_height: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws; ``ticks`` are heights with the amounts they mean, ``labels`` places with words."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[str, Decimal], ...]
    labels: tuple[tuple[str, str], ...]
    is_empty: bool


def chart_of(parts: Sequence[Part]) -> Chart:
    """Return the drawing of ``parts``, in order; of none of them an empty one."""
    highest = max((max(part.asked, part.paid) for part in parts), default=Decimal(0))
    top = _round_top(highest)
    place = Decimal(WIDTH) / max(len(parts), 1)
    every = -(-len(parts) // LABELS) or 1
    return Chart(
        bars=tuple(_bar(part, index, place, top) for index, part in enumerate(parts)),
        ticks=tuple((_text(_height(top * n / _TICKS, top, above=True)), top * n / _TICKS) for n in range(_TICKS + 1)),
        labels=tuple(
            (_text(place * (index + Decimal("0.5"))), part.label)
            for index, part in enumerate(parts)
            if index % every == 0
        ),
        is_empty=highest == 0,
    )


def _bar(part: Part, index: int, place: Decimal, top: Decimal) -> Bar:
    asked, paid = (_height(amount, top) for amount in (part.asked, part.paid))
    return Bar(
        title=part.title,
        href=part.href,
        place_x=_text(place * index),
        place_width=_text(place),
        x=_text(place * index + place * _GAP / 2),
        width=_text(place * (1 - _GAP)),
        asked_y=_text(HEIGHT - asked),
        asked_height=_text(asked),
        paid_y=_text(HEIGHT - paid),
        paid_height=_text(paid),
    )


def _height(amount: Decimal, top: Decimal, *, above: bool = False) -> Decimal:
    height = HEIGHT * amount / top
    if above:
        return HEIGHT - height
    return max(height, _THINNEST) if amount else Decimal(0)


def _round_top(highest: Decimal) -> Decimal:
    """Return the least round number that is not below ``highest`` and whose quarters are round as well."""
    if highest <= 0:
        return Decimal(_TICKS)
    step = highest / _TICKS
    power = Decimal(10) ** step.adjusted()
    return _TICKS * power * next(each for each in _STEPS if each * power >= step)


def _text(value: Decimal | int) -> str:
    """Return a size with at most two digits after the point."""
    return f"{Decimal(value).quantize(Decimal('0.01'), rounding=ROUND_CEILING).normalize():f}"
