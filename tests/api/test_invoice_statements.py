"""What the busiest requests may ask of the database, counted on real transactions."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from invoices import tasks
from merchants.services import add_wallet
from tests.api.conftest import Api
from tests.api.orders import ORDER
from tests.api.signed_up import signed_up
from tests.api.test_invoices import TRON_XPUB
from tests.core.protocol import counted_trips

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account():
    return signed_up(timezone.now())


def statements(captured):
    return [query["sql"] for query in captured if query["sql"] not in {"BEGIN", "COMMIT"}]


def test_creating_a_live_invoice_takes_at_most_12_statements(account, settings):
    settings.CHAINS = {"tron": {"rpc_urls": ["https://node.example"]}}
    settings.RATE_SOURCES = ["fixed", "coinbase"]  # so that rates come from the table
    settings.API_RATE_LIMITS = {}
    add_wallet(merchant=account.merchant, network="tron", xpub=TRON_XPUB, now=timezone.now())
    settings.RATE_SOURCES = ["fixed"]
    tasks.fetch_rates()
    settings.RATE_SOURCES = ["fixed", "coinbase"]
    api = Api(account.api_key)

    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = api.post("/invoices", ORDER, Idempotency_Key="order_789_attempt_1")

    assert answer.status == 201, answer.body
    asked = statements(captured)
    assert len(asked) <= 12, asked
    assert sum(sql.startswith('INSERT INTO "invoices_invoice"') for sql in asked) == 1
    assert sum(sql.startswith('INSERT INTO "events_event"') for sql in asked) == 1


def test_creating_an_invoice_waits_for_the_database_four_times(account, tmp_path):
    api = Api(account.test_api_key)
    for number in range(3):  # what is read or prepared once a process is not a request's
        assert api.post("/invoices", ORDER, Idempotency_Key=f"order_{number}").status == 201

    with counted_trips(tmp_path) as made:
        assert api.post("/invoices", ORDER, Idempotency_Key="order_789").status == 201

    # Whose the key is; the invoice; count and event; the kept answer with the commit.
    assert made == [4]


@pytest.mark.parametrize("query", ["", "?status=created,paid&search=vpn&amount_gte=1&limit=2"])
def test_listing_invoices_takes_at_most_5_statements(account, query):
    api = Api(account.test_api_key)
    for _ in range(3):
        assert api.post("/invoices", ORDER).status == 201

    with CaptureQueriesContext(connection) as captured:
        answer = api.get(f"/invoices{query}")

    assert answer.status == 200
    asked = statements(captured)
    assert len(asked) <= 5, asked
