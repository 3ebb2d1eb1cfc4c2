"""
After a new key was put in front: what is stored under older keys is written again under the first one.

Each app names where it keeps secrets. Rows are looked at in batches, each in a transaction of its own that holds their
locks: it can run beside everything else, be stopped, and be run again. When nothing is left, the old keys can go.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Model, QuerySet

from core import secrets
from core.models import IdempotencyKey

BATCH: Final = 500

Renew = Callable[[Any], Any]  # a row → what is to stand in its column; raises SecretUnreadable


@dataclass(slots=True)
class Tally:
    """What was found at one place; ``renewed`` counts what is, or would be, written again."""

    place: str
    current: int = 0
    renewed: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Columns of a table that hold secrets, and how each is written again; ``rows`` are those that may hold some."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    columns: Mapping[str, Renew]


def columns(*names: str, renew: Callable[[Any], Any]) -> dict[str, Renew]:
    """Return how columns are written again of which each value is one secret."""
    return {name: lambda row, name=name: renew(getattr(row, name)) for name in names}  # type: ignore[misc]


def _answers() -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(is_encrypted=True, body__isnull=False)


PLACES: Final[dict[str, Place]] = {}


def also_rekey(place: Place) -> None:
    """Have ``place`` looked after with the rest; for the packages above, which this one does not know."""
    PLACES[place.name] = place


also_rekey(Place("answers kept for idempotency", _answers, columns("body", renew=secrets.renewed)))


def rekey(*, applies: bool) -> Iterator[Tally]:
    """Write every secret again that an older key wrote, place by place; without ``applies`` only count them."""
    for place in PLACES.values():
        tally = Tally(place.name)
        last: Any = None
        while (last := _some(place, last, tally, applies)) is not None:
            pass
        yield tally


@transaction.atomic
def _some(place: Place, after: Any, tally: Tally, applies: bool) -> Any:
    """Look at the next rows; return the key of the last of them, None when there were none."""
    rows = place.rows().order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    if applies:
        rows = rows.select_for_update(of=("self",))
    found = list(rows[:BATCH])
    for row in found:
        changed = _renew(row, place.columns, tally)
        if changed and applies:
            type(row)._default_manager.filter(pk=row.pk).update(**changed)  # noqa: SLF001
    return found[-1].pk if found else None


def _renew(row: Model, columns: Mapping[str, Renew], tally: Tally) -> dict[str, Any]:
    changed = {}
    for column, renew in columns.items():
        stored = getattr(row, column)
        if not stored:
            continue
        try:
            fresh = renew(row)
        except secrets.SecretUnreadable:
            tally.unreadable += 1
            continue
        if fresh == stored:
            tally.current += 1
        else:
            tally.renewed += 1
            changed[column] = fresh
    return changed
