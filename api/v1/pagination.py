"""
Lists in pages, newest first, by keyset: a page costs the same however far down it is.

    LIST_QUERY = list_query("ListKeys", {"status": Choice("active", "revoked", required=False)})
    return Response(page(keys, self.query(), name="api_keys", render=render_key))

A cursor holds the place of the last row, signed, and says for which list it was made. A list that is asked
for all the time is given as ``Newest``: its statements are compiled once, and it takes one instead of two.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db.models import IntegerField, Model, Q, QuerySet, Subquery
from django.utils.crypto import salted_hmac

from api.errors import InvalidCursor
from api.validation import Field, Flag, ListOf, Shape, Text, Whole
from core.errors import Invalid
from core.statements import Prepared
from merchants.models import Merchant

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


class _Counted(Subquery):
    """How many rows a query finds; within another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


class Newest(Generic[M]):
    """
    Pages of what belongs to one merchant in one mode, without a filter.

        NEWEST = Newest(lambda merchant, livemode: list_invoices(merchant=merchant, livemode=livemode))
        page(NEWEST.of(merchant, livemode=True), query, …)
    """

    def __init__(self, rows_of: Callable[[Merchant, bool], QuerySet[M]]) -> None:
        self._rows_of = rows_of
        self._pages = Prepared(self._page, UUID(int=0), _EPOCH, UUID(int=1))

    def of(self, merchant: Merchant, *, livemode: bool) -> "OwnRows[M]":
        """Return the rows to give to ``page``."""
        return OwnRows(self, merchant, livemode)

    def read(self, owner: "OwnRows[M]", place: tuple[datetime, UUID] | None, most: int) -> tuple[list[M], int]:
        """Return at most so many rows behind ``place``, and how many there are in all, up to one more than COUNTED."""
        shape = (owner.livemode, most, place is None, COUNTED)
        found = self._pages.rows(owner.merchant.pk, *(place or (None, None)), shape=(shape,))
        if found:
            return found, found[0].total_counted  # type: ignore[attr-defined]  # the annotation of _page
        return found, 0 if place is None else _count(self._rows_of(owner.merchant, owner.livemode))

    def _page(self, merchant_id: UUID, moment: datetime, key: UUID, shape: tuple[bool, int, bool, int]) -> QuerySet[M]:
        livemode, most, is_first, counted_to = shape
        rows = self._rows_of(Merchant(pk=merchant_id), livemode).order_by("-created_at", "-id")
        counted = _Counted(rows.values("pk")[: counted_to + 1])
        found: Any = _after(rows, None if is_first else (moment, key)).annotate(total_counted=counted)
        pages: QuerySet[M] = found[:most]
        return pages


@dataclass(frozen=True, slots=True)
class OwnRows(Generic[M]):
    """What one merchant has in one mode."""

    list: Newest[M]
    merchant: Merchant
    livemode: bool


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


def page(
    rows: QuerySet[M] | OwnRows[M], query: Mapping[str, Any], *, name: str, render: Callable[[M], Any]
) -> dict[str, Any]:
    """
    Return one page of ``rows`` under ``name``: at most two queries, whatever ``rows`` itself prefetches.

    ``query`` is what ``list_query`` has read; the model has ``created_at`` and ``id``.

    :raises InvalidCursor: when the cursor was not made by this list
    """
    limit = query.get("limit", DEFAULT_LIMIT)
    cursor = query.get("cursor")
    place = _place_of(cursor, name) if cursor else None
    found, total = (
        rows.list.read(rows, place, limit + 1) if isinstance(rows, OwnRows) else _read(rows, place, limit + 1)
    )
    shown = found[:limit]
    has_more = len(found) > limit
    pagination: dict[str, Any] = {
        "total": min(total, COUNTED),
        "limit": limit,
        "has_more": has_more,
        "next_cursor": _cursor_at(shown[-1], name) if has_more else None,
    }
    if total > COUNTED:
        pagination["total_is_lower_bound"] = True
    return {name: [render(row) for row in shown], "pagination": pagination}


def _read(rows: QuerySet[M], place: tuple[datetime, UUID] | None, most: int) -> tuple[list[M], int]:
    found = list(_after(rows, place).order_by("-created_at", "-id")[:most])
    return found, len(found) if place is None and len(found) < most else _count(rows)


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
