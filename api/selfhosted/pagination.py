"""
Pages of lists: ``{"data", "hasMore", "nextCursor"}``, newest first.

The cursor is the id of the last object of a page: one page of the format's documentation calls it opaque, the others
say that it is that id, and so both are right.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from api.errors import InvalidCursor
from api.validation import Field, Flag, ListOf, Shape, Text, Whole

M = TypeVar("M", bound=Model)

DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 100
LIMIT: Final = Whole(min=1, max=MAX_LIMIT, default=DEFAULT_LIMIT, doc="Objects per page.")
STARTING_AFTER: Final = "starting_after"


def cursor_query(name: str, filters: Mapping[str, Field] | None = None) -> Shape:
    """Return the query parameters of a list."""
    cursor = Text(max=64, required=False, failure=InvalidCursor, doc="`nextCursor` of the page before.")
    return Shape(name, {**(filters or {}), "limit": LIMIT, STARTING_AFTER: cursor})


def cursor_answer(name: str, item: Field) -> Shape:
    """Return the shape of one page."""
    return Shape(
        name,
        {
            "data": ListOf(item, max=MAX_LIMIT),
            "hasMore": Flag(doc="Whether there are more."),
            "nextCursor": Text(max=64, nullable=True, doc="Give it as `starting_after`; null on the last page."),
        },
        is_open=True,
    )


def page(
    rows: QuerySet[M],
    query: Mapping[str, Any],
    *,
    key_of: Callable[[str], UUID | None],
    render: Callable[[Sequence[M]], list[dict[str, Any]]],
) -> dict[str, Any]:
    """
    Return one page of ``rows``, whose model has ``created_at`` and ``id``.

    :raises InvalidCursor: when the cursor names none of them
    """
    found = list(_behind(rows, query.get(STARTING_AFTER), key_of).order_by("-created_at", "-pk")[: query["limit"] + 1])
    return page_of(found, query["limit"], render)


def page_of(found: Sequence[M], limit: int, render: Callable[[Sequence[M]], list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the page of the first ``limit`` of ``found``, which holds one more where there are more."""
    shown, has_more = render(found[:limit]), len(found) > limit
    return {"data": shown, "hasMore": has_more, "nextCursor": shown[-1]["id"] if has_more else None}


def _behind(rows: QuerySet[M], cursor: str | None, key_of: Callable[[str], UUID | None]) -> QuerySet[M]:
    if cursor is None:
        return rows
    key = key_of(cursor)
    moment = rows.filter(pk=key).values_list("created_at", flat=True).first() if key else None
    if moment is None:
        raise InvalidCursor(field=STARTING_AFTER)
    # The first condition alone is a range of the index; the second only breaks ties within it.
    return rows.filter(Q(created_at__lte=moment) & (Q(created_at__lt=moment) | Q(pk__lt=key)))
