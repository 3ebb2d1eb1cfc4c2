"""
Lists in pages that people read.

What merchants see goes by keyset (``ListPage``): a page begins behind the last row of the one before, so it costs the
same however far down it is, and nothing is counted. What staff sees goes by numbers, as Django's admin wants it, and
counts no further than ``COUNTED`` (``BoundedPaginator``).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)

COUNTED: Final = 10_000
_OLDER, _NEWER = "older", "newer"
_BETWEEN: Final = "~"


class ListPage(Generic[M]):
    """
    One page of ``rows``, which are in an order of columns without NULL, all of one direction.

    ``place`` comes from the URL: ``next_place`` or ``previous_place`` of another page. Whatever it is not is the
    first page. One statement; two where somebody comes back to the first page.
    """

    def __init__(self, rows: QuerySet[M], per_page: int, place: str | None) -> None:
        self._order = [str(name) for name in rows.query.order_by]
        self._per_page = per_page
        self.has_previous = False
        direction, values = self._read(rows, place or "")
        if direction == _NEWER:
            found = list(self._behind(rows.reverse(), values, backwards=True)[: per_page + 1])
            if len(found) > per_page:
                self.has_previous = self.has_next = True
                self.object_list: Sequence[M] = found[:per_page][::-1]
                return
            values = []  # the first page again, with whatever came on top meanwhile
        found = list((self._behind(rows, values) if values else rows)[: per_page + 1])
        self.object_list = found[:per_page]
        self.has_previous = bool(values)
        self.has_next = len(found) > per_page

    def __iter__(self) -> Iterator[M]:
        return iter(self.object_list)

    def __len__(self) -> int:
        return len(self.object_list)

    @property
    def has_other_pages(self) -> bool:
        """Whether there is anything to turn to."""
        return self.has_previous or self.has_next

    @property
    def next_place(self) -> str:
        """What leads to the page below this one."""
        return self._place(_OLDER, self.object_list[-1]) if self.object_list else ""

    @property
    def previous_place(self) -> str:
        """What leads to the page above this one."""
        return self._place(_NEWER, self.object_list[0]) if self.object_list else ""

    def _place(self, direction: str, row: M) -> str:
        values = (getattr(row, name.removeprefix("-")) for name in self._order)
        return _BETWEEN.join([direction, *map(str, values)])

    def _read(self, rows: QuerySet[M], place: str) -> tuple[str, list[Any]]:
        direction, *texts = place.split(_BETWEEN)
        if direction not in {_OLDER, _NEWER} or len(texts) != len(self._order):
            return "", []
        try:
            columns: list[Any] = [rows.model._meta.get_field(name.removeprefix("-")) for name in self._order]  # noqa: SLF001
            values = [column.to_python(text) for column, text in zip(columns, texts, strict=True)]
        except (ValidationError, ValueError, OverflowError):
            return "", []
        if any(value is None or (isinstance(value, datetime) and value.tzinfo is None) for value in values):
            return "", []
        return direction, values

    def _behind(self, rows: QuerySet[M], values: list[Any], *, backwards: bool = False) -> QuerySet[M]:
        """Return the rows behind ``values``: the first condition is a range of the index, the rest breaks ties."""
        is_descending = self._order[0].startswith("-") is not backwards
        sign = "lt" if is_descending else "gt"
        names = [name.removeprefix("-") for name in self._order]
        wanted = Q(**{f"{names[-1]}__{sign}": values[-1]})
        for name, value in zip(names[-2::-1], values[-2::-1], strict=True):
            wanted = Q(**{f"{name}__{sign}e": value}) & (Q(**{f"{name}__{sign}": value}) | wanted)
        return rows.filter(wanted)


class BoundedPaginator(Paginator):
    """Pages by number over the first ``COUNTED`` rows; what lies behind is found by filters and search."""

    @cached_property
    def count(self) -> int:
        """How many rows there are to page through, ``COUNTED`` at most."""
        rows = self.object_list
        return rows[:COUNTED].count() if isinstance(rows, QuerySet) else len(rows)
