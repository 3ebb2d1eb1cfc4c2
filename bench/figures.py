"""What a benchmark says: tables for people, on the screen and for ``bench/RESULTS.md``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing, the bound it is held to (empty: shown for information) and whether it is within."""

    name: str
    value: str
    bound: str = ""
    is_within: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """What belongs together."""

    title: str
    figures: tuple[Figure, ...]


SHOWN: Final[list[Table]] = []  # by this process, for whoever keeps the results


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print the figures of one benchmark."""
    SHOWN.append(Table(title, tuple(figures)))
    print(f"\n{title}")
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        verdict = f"   {'ok' if figure.is_within else 'MISSED'} (bound: {figure.bound})" if figure.bound else ""
        print(f"  {figure.name:<{width}}  {figure.value}{verdict}", flush=True)


def spread(values: Sequence[float], unit: str, digits: int = 0) -> str:
    """Return lowest, median and highest."""
    ordered = sorted(values)
    low, middle, high = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    return f"{low:.{digits}f} / {middle:.{digits}f} / {high:.{digits}f} {unit} (lowest / median / highest)"
