"""Lists in pages."""

from datetime import UTC, datetime, timedelta

import pytest

from api.v1 import pagination
from api.v1.pagination import Newest, page
from invoices import selectors
from invoices.models import Invoice
from merchants.models import APIKey
from tests.factories import make_invoice, make_merchant

START = datetime(2025, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def keys(merchant):
    """Seven more keys; three of them were made in the same microsecond."""
    APIKey.objects.all().update(created_at=START - timedelta(days=1))
    moments = [START, START, START, *(START + timedelta(seconds=n) for n in range(1, 5))]
    return APIKey.objects.bulk_create(
        APIKey(
            merchant=merchant,
            livemode=True,
            name=f"key {n}",
            key_hash=f"{n}",
            key_prefix="sk_live_x",
            last4="abcd",
            permissions=["*"],
            created_at=moment,
        )
        for n, moment in enumerate(moments)
    )


def walk(api, limit):
    pages, cursor = [], ""
    while True:
        answer = api.get(f"/api-keys?limit={limit}{cursor}")
        assert answer.status == 200
        pages.append(answer.body)
        if not answer.body["pagination"]["has_more"]:
            return pages
        cursor = f"&cursor={answer.body['pagination']['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 8, 9, 100])
def test_every_row_comes_once_and_in_order_whatever_the_page_size(api, account, keys, limit):
    pages = walk(api, limit)

    seen = [key["id"] for page in pages for key in page["api_keys"]]
    newest_first = sorted(APIKey.objects.all(), key=lambda key: (key.created_at, key.pk), reverse=True)
    assert seen == [key.public_id for key in newest_first]
    assert {page["pagination"]["total"] for page in pages} == {9}
    assert {page["pagination"]["limit"] for page in pages} == {limit}
    assert pages[-1]["pagination"]["next_cursor"] is None


def test_a_row_that_comes_meanwhile_does_not_shift_the_pages(api, merchant, keys):
    first = api.get("/api-keys?limit=3").body

    APIKey.objects.create(
        merchant=merchant, livemode=True, name="new", key_hash="new", key_prefix="x", last4="x", permissions=["*"]
    )
    second = api.get(f"/api-keys?limit=3&cursor={first['pagination']['next_cursor']}").body

    assert [key["name"] for key in first["api_keys"]] == ["key 6", "key 5", "key 4"]
    assert second["api_keys"][0]["name"] == "key 3"
    assert second["pagination"]["total"] == 10


def test_a_cursor_cannot_be_changed_or_taken_to_another_list(api, keys):
    cursor = api.get("/api-keys?limit=1").body["pagination"]["next_cursor"]
    changed = cursor[:-6] + ("A" if cursor[-6] != "A" else "B") + cursor[-5:]
    moved = ("A" if cursor[12] != "A" else "B").join([cursor[:12], cursor[13:]])

    for path in (f"/api-keys?cursor={changed}", f"/api-keys?cursor={moved}", f"/wallets?cursor={cursor}"):
        answer = api.get(path)
        assert (answer.status, answer.body["error"]["code"]) == (422, "INVALID_CURSOR")


def test_counting_stops(api, keys, monkeypatch):
    monkeypatch.setattr(pagination, "COUNTED", 5)

    answer = api.get("/api-keys?limit=2")

    assert answer.body["pagination"] == {
        "total": 5,
        "limit": 2,
        "has_more": True,
        "next_cursor": answer.body["pagination"]["next_cursor"],
        "total_is_lower_bound": True,
    }


def test_a_page_costs_three_statements(api, keys, django_assert_num_queries):
    api.get("/api-keys")

    with django_assert_num_queries(3):  # who calls; the page; the count
        api.get("/api-keys?limit=2")


class TestAListThatIsCompiledOnce:
    """Invoices without a filter; what it says is what the same rows say as an ordinary query."""

    ALL = "&created_after=2000-01-01T00:00:00Z"  # a filter that leaves all in, and takes the ordinary way

    @pytest.fixture
    def invoices(self, account, merchant, now):
        """Five test invoices, three of them of the same microsecond; one of real money and one of somebody else."""
        make_invoice(make_merchant(now, email="other@example.com"), now)
        made = [make_invoice(merchant, now) for _ in range(5)]
        for number, moment in enumerate([START, START, START, START + timedelta(1), START + timedelta(2)]):
            Invoice.objects.filter(pk=made[number].pk).update(created_at=moment)
        return made

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
    def test_it_says_the_same(self, test_api, invoices, limit):
        cursor, seen = "", 0
        while cursor is not None:
            compiled, ordinary = (
                test_api.client.get(f"/api/v1/invoices?limit={limit}{cursor}{filtered}", headers=test_api.headers)
                for filtered in ("", self.ALL)
            )

            assert (compiled.status_code, compiled.content) == (200, ordinary.content)
            told = compiled.json()
            seen += len(told["invoices"])
            following = told["pagination"]["next_cursor"]
            cursor = following and f"&cursor={following}"
        assert seen == 5

    def test_modes_and_merchants_stay_apart(self, api, test_api, invoices):
        for _ in range(2):
            assert test_api.get("/invoices?limit=1").body["pagination"]["total"] == 5
            assert api.get("/invoices?limit=1").body["pagination"]["total"] == 0

    def test_counting_stops(self, merchant, invoices, monkeypatch):
        monkeypatch.setattr(pagination, "COUNTED", 3)
        newest = Newest(lambda owner, livemode: selectors.list_invoices(merchant=owner, livemode=livemode))

        told = page(newest.of(merchant, livemode=False), {"limit": 2}, name="invoices", render=str)["pagination"]

        assert (told["total"], told["has_more"], told["total_is_lower_bound"]) == (3, True, True)

    def test_a_page_behind_the_last_row_counts_as_well(self, test_api, invoices):
        last_but_one = test_api.get("/invoices?limit=4").body["pagination"]["next_cursor"]
        last = Invoice.objects.order_by("created_at", "id").first()
        Invoice.objects.filter(pk=last.pk).update(created_at=START + timedelta(3))

        told = test_api.get(f"/invoices?limit=4&cursor={last_but_one}").body

        assert (told["invoices"], told["pagination"]["total"]) == ([], 5)

    def test_a_page_costs_two_statements(self, test_api, invoices, django_assert_num_queries):
        test_api.get("/invoices?limit=2")

        with django_assert_num_queries(2):  # who calls; the page with the count
            test_api.get("/invoices?limit=2")
