"""Pages by keyset: every row once, both ways, at the same price, whatever comes in meanwhile or stands in the URL."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import IdempotencyKey
from core.pages import COUNTED, BoundedPaginator, ListPage

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def add(count: int, *, at: datetime = NOON, name: str = "row") -> None:
    later = at + timedelta(days=1)
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(
            scope="s",
            key=f"{name} {number}",
            fingerprint="f",
            token="00000000-0000-0000-0000-000000000000",
            locked_until=later,
            # Three rows share each moment, so that only the second column tells them apart.
            created_at=at + timedelta(seconds=number // 3),
            expires_at=later,
        )
        for number in range(count)
    )


def newest():
    return IdempotencyKey.objects.order_by("-created_at", "-id")


def keys(page):
    return [row.key for row in page]


class TestListPage:
    def test_every_row_is_on_one_page_whichever_way_one_turns(self):
        add(10)
        everything = [row.key for row in newest()]

        down, page = [], ListPage(newest(), 4, None)
        pages = [page]
        while page.has_next:
            page = ListPage(newest(), 4, page.next_place)
            pages.append(page)
        for each in pages:
            down += keys(each)
        middle = ListPage(newest(), 4, pages[2].previous_place)
        first = ListPage(newest(), 4, middle.previous_place)

        assert down == everything
        assert [len(each) for each in pages] == [4, 4, 2]
        assert keys(middle) == everything[4:8]
        assert keys(first) == everything[:4]
        assert [(each.has_previous, each.has_next) for each in (first, middle, pages[2])] == [
            (False, True),
            (True, True),
            (True, False),
        ]

    def test_a_list_of_oldest_first_turns_as_well(self):
        add(10)
        oldest = IdempotencyKey.objects.order_by("created_at", "id")

        second = ListPage(oldest, 4, ListPage(oldest, 4, None).next_place)

        assert keys(second) == [f"row {number}" for number in (4, 5, 6, 7)]
        assert keys(ListPage(oldest, 4, second.previous_place)) == [f"row {number}" for number in (0, 1, 2, 3)]

    def test_what_comes_on_top_meanwhile_moves_nothing(self):
        add(10)
        page = ListPage(newest(), 4, None)
        add(3, at=NOON + timedelta(hours=1), name="newer")

        below = ListPage(newest(), 4, page.next_place)

        assert keys(below) == ["row 5", "row 4", "row 3", "row 2"]
        assert keys(ListPage(newest(), 4, page.previous_place)) == ["newer 2", "newer 1", "newer 0", "row 9"]

    @pytest.mark.parametrize(
        "place",
        [
            "x",
            "2",
            "older",
            "older~2026-11-01~1",
            "older~2026-11-01T12:00:00~1",
            "older~2026-11-01T12:00:00+00:00~x",
            "older~2026-99-01T12:00:00+00:00~1",
            "sideways~2026-11-01T12:00:00+00:00~1",
            "older~2026-11-01T12:00:00+00:00~1~1",
            "older~\0~1",
        ],
    )
    def test_a_place_that_is_none_is_the_first_page(self, place):
        add(5)

        assert keys(ListPage(newest(), 4, place)) == ["row 4", "row 3", "row 2", "row 1"]

    def test_a_number_that_no_column_could_hold_is_an_empty_page(self):
        add(5)

        page = ListPage(IdempotencyKey.objects.order_by("-id"), 4, f"newer~{10**30}")

        assert len(page) == 4

    def test_a_page_costs_one_statement_that_counts_nothing(self):
        add(10)
        place = ListPage(newest(), 4, None).next_place

        with CaptureQueriesContext(connection) as captured:
            ListPage(newest(), 4, place)

        assert len(captured) == 1
        assert "COUNT" not in captured[0]["sql"]
        assert "OFFSET" not in captured[0]["sql"]


class TestBoundedPaginator:
    def test_it_counts_no_further_than_it_pages(self):
        add(3)

        with CaptureQueriesContext(connection) as captured:
            count = BoundedPaginator(newest(), 2).count

        assert count == 3
        assert f"LIMIT {COUNTED}" in captured[0]["sql"]
