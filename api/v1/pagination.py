"""
Lists in pages, newest first, by keyset: a page costs the same however far down it is.

    LIST_QUERY = list_query("ListKeys", {"status": Choice("active", "revoked", required=False)})
    return Response(page(keys, self.query(), name="api_keys", render=render_key))

A cursor holds the place of the last row, signed, and says for which list it was made.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.crypto import salted_hmac

from api.errors import InvalidCursor
from api.validation import Field, Flag, ListOf, Shape, Text, Whole
from core.errors import Invalid

M = TypeVar("M", bound=Model)

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
COUNTED: Final = 10_000
_MAX_CURSOR: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PLACE_BYTES: Final = 24  # 8 of microseconds, 16 of the id
_SIGNATURE_BYTES: Final = 16

PAGINATION: Final = Shape(
    "Pagination",
    {
        "total": Whole(min=0, max=COUNTED, doc=f"Counted up to {COUNTED}."),
        "limit": Whole(min=1, max=MAX_LIMIT),
        "has_more": Flag(),
        "next_cursor": Text(max=_MAX_CURSOR, nullable=True, doc="Give it as `cursor` to get the next page."),
        "total_is_lower_bound": Flag(required=False, doc="Present, and true, when there are more than `total`."),
    },
    is_open=True,
)


def list_query(name: str, filters: Mapping[str, Field]) -> Shape:
    """Return the query parameters of a list: its filters (mark them ``required=False``), ``limit`` and ``cursor``."""
    return Shape(
        name,
        {
            **filters,
            "limit": Whole(min=1, max=MAX_LIMIT, default=DEFAULT_LIMIT, doc="Results per page."),
            "cursor": Text(max=_MAX_CURSOR, required=False, failure=InvalidCursor, doc="`next_cursor` of a page."),
        },
    )


def list_answer(name: str, plural: str, item: Field) -> Shape:
    """Return the shape of one page: ``{plural: [item, …], "pagination": {…}}``."""
    return Shape(name, {plural: ListOf(item, max=MAX_LIMIT), "pagination": PAGINATION}, is_open=True)


def page(rows: QuerySet[M], query: Mapping[str, Any], *, name: str, render: Callable[[M], Any]) -> dict[str, Any]:
    """
    Return one page of ``rows`` under ``name``: at most two queries, whatever ``rows`` itself prefetches.

    ``query`` is what ``list_query`` has read; the model has ``created_at`` and ``id``.

    :raises InvalidCursor: when the cursor was not made by this list
    """
    limit = query.get("limit", DEFAULT_LIMIT)
    cursor = query.get("cursor")
    place = _place_of(cursor, name) if cursor else None
    found = list(_after(rows, place).order_by("-created_at", "-id")[: limit + 1])
    shown = found[:limit]
    has_more = len(found) > limit
    total = len(found) if place is None and not has_more else _count(rows)
    pagination: dict[str, Any] = {
        "total": min(total, COUNTED),
        "limit": limit,
        "has_more": has_more,
        "next_cursor": _cursor_at(shown[-1], name) if has_more else None,
    }
    if total > COUNTED:
        pagination["total_is_lower_bound"] = True
    return {name: [render(row) for row in shown], "pagination": pagination}


def _after(rows: QuerySet[M], place: tuple[datetime, UUID] | None) -> QuerySet[M]:
    if place is None:
        return rows
    moment, key = place
    # The first condition alone is a range of the index; the second only breaks ties within it.
    return rows.filter(Q(created_at__lte=moment) & (Q(created_at__lt=moment) | Q(id__lt=key)))


def _count(rows: QuerySet[M]) -> int:
    # In their order: without one the planner reads the table instead of the index that the order has.
    return rows[: COUNTED + 1].count()


def _cursor_at(row: Any, name: str) -> str:
    microseconds = (row.created_at - _EPOCH) // _MICROSECOND
    place = microseconds.to_bytes(8, "big", signed=True) + row.pk.bytes
    return base64.urlsafe_b64encode(place + _signature(place, name)).decode().rstrip("=")


def _place_of(cursor: str, name: str) -> tuple[datetime, UUID]:
    failure: Invalid = InvalidCursor(field="cursor")
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise failure from None
    place, signature = raw[:_PLACE_BYTES], raw[_PLACE_BYTES:]
    if not hmac.compare_digest(signature, _signature(place, name)):
        raise failure
    moment = _EPOCH + int.from_bytes(place[:8], "big", signed=True) * _MICROSECOND
    return moment, UUID(bytes=place[8:])


def _signature(place: bytes, name: str) -> bytes:
    digest = salted_hmac("api.v1.pagination", f"{name}:".encode() + place, algorithm="sha256").digest()
    return digest[:_SIGNATURE_BYTES]
