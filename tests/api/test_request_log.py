"""What a merchant's programs asked can be looked up, and noting it costs the requests no statement."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from merchants import request_log, selectors
from merchants.models import LoggedRequest
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.REQUEST_LOG_DAYS = 30
    yield
    request_log.settle()


def logged():
    request_log.settle()
    return list(LoggedRequest.objects.order_by("created_at", "id"))


def test_every_request_of_a_known_key_is_listed_with_its_outcome(api, account):
    api.get("/invoices?status=paid")
    refused = api.post("/invoices", {"title": 7})

    first, second = logged()

    assert (first.method, first.path, first.status, first.error) == ("GET", "/api/v1/invoices?status=paid", 200, "")
    assert (second.method, second.status) == ("POST", refused.status)
    assert second.error == refused.body["error"]["code"]
    assert second.request_id == refused.body["request_id"] == refused.headers["X-Request-ID"]
    assert second.request_bytes == len(b'{"title":7}')
    assert second.response_bytes == int(refused.headers["Content-Length"])
    assert {(each.merchant_id, each.livemode) for each in (first, second)} == {(account.merchant.pk, True)}


def test_a_refusal_that_is_replayed_is_listed_with_its_code(api):
    for _ in range(2):
        api.post("/invoices", {"title": 7}, Idempotency_Key="order-1")

    first, second = logged()

    assert first.error == second.error != ""


def test_nobody_elses_requests_are_seen(api, test_api, account):
    api.get("/invoices")
    test_api.get("/merchants/me")
    logged()

    def paths(merchant, *, livemode):
        return [each.path for each in selectors.list_logged_requests(merchant=merchant, livemode=livemode)]

    assert paths(account.merchant, livemode=True) == ["/api/v1/invoices"]
    assert paths(account.merchant, livemode=False) == ["/api/v1/merchants/me"]
    assert paths(make_merchant(timezone.now()), livemode=True) == []


def test_who_is_not_known_is_not_listed(anybody, api):
    anybody.get("/invoices")
    type(api)("sk_live_" + "a" * 32).get("/invoices")

    assert logged() == []


def test_a_secret_in_the_address_is_not_kept(api):
    api.get("/invoices?search=whsec_abcdefghijklmnopqrstuvwxyz012345")

    (entry,) = logged()

    assert "abcdefghij" not in entry.path


def test_noting_costs_the_request_no_statement(api, django_assert_num_queries):
    api.get("/invoices")
    request_log.settle()

    with django_assert_num_queries(2):  # who calls; the page
        api.get("/invoices")

    assert len(logged()) == 2


def test_many_at_once_are_all_written(api, account):
    key = selectors.authenticate_key(account.api_key)
    now = timezone.now()
    exchange = request_log.Exchange("GET", "/x", 200, 1, 0, 2)

    for _ in range(2_500):
        request_log.note(key=key, exchange=exchange, now=now)

    assert len(logged()) == 2_500


def test_old_entries_go_and_young_ones_stay(api, account):
    key, now = selectors.authenticate_key(account.api_key), timezone.now()
    for days in (29, 31, 400):
        exchange = request_log.Exchange("GET", f"/{days}", 200, 1, 0, 2)
        request_log.note(key=key, exchange=exchange, now=now - timedelta(days=days))
    logged()

    assert request_log.prune(now=now) == 2
    assert [each.path for each in logged()] == ["/29"]


def test_nothing_is_kept_where_nothing_is_wanted(api, settings):
    settings.REQUEST_LOG_DAYS = 0

    api.get("/invoices")

    assert logged() == []


def test_without_its_table_the_api_still_answers(api):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE merchants_loggedrequest RENAME TO elsewhere")
    try:
        answer = api.get("/invoices")
        request_log.settle()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO merchants_loggedrequest")

    assert answer.status == 200
