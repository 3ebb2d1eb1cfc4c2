"""GET /api/v1/analytics, as seed documents describe it."""

import csv
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from analytics.models import InvoiceFact
from core import exact_json
from core.ids import uuid7
from events import outbox
from invoices.states import InvoiceStatus
from merchants.models import Merchant
from merchants.services import SignUp, sign_up
from merchants.services.keys import KeyOrder, issue_first_key
from tests.factories import make_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def merchant(today) -> Merchant:
    request = SignUp(business_name="Acme", contact_email="owner@example.com", plan_type="pro")
    return sign_up(request=request, now=today).merchant


def key_for(merchant: Merchant, *, livemode: bool = True, permissions: tuple[str, ...] = ("analytics:read",)) -> str:
    order = KeyOrder(name="Reports", livemode=livemode, permissions=permissions)
    return issue_first_key(merchant=merchant, order=order, now=datetime.now(UTC))[1]


@pytest.fixture
def ask(merchant, valkey):
    """Ask as the merchant and return the answer."""
    key = key_for(merchant)
    client = Client()

    def get(*, status: int = 200, **query: str) -> Any:
        answer = client.get("/api/v1/analytics", query, headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == status, answer.content
        return answer

    return get


def fact(merchant: Merchant, created_at: datetime, *, paid_after: int | None = None, **changes: Any) -> InvoiceFact:
    return InvoiceFact.objects.create(
        **{
            "invoice_id": uuid7(),
            "merchant_id": merchant.pk,
            "livemode": True,
            "created_at": created_at,
            "paid_at": None if paid_after is None else created_at + timedelta(seconds=paid_after),
            "currency": "USD",
            "total": Decimal("10.00"),
            "asset_code": "USDT",
            "network": "tron",
            "sequence": 1,
            **changes,
        }
    )


def body(answer) -> Any:
    return exact_json.loads(answer.content)


def test_seed1_and_seed2_get_analytics_dashboard(merchant, ask, today):
    for number in range(42):
        fact(merchant, today - timedelta(days=2), paid_after=425 if number < 38 else None, total=Decimal("36.54"))

    answer = body(ask(period="30d", group_by="day", timezone="UTC"))

    assert set(answer) >= {"period", "timezone", "metrics", "time_series", "payment_methods"}
    assert (answer["period"], answer["timezone"], answer["group_by"], answer["currency"]) == (
        "30d",
        "UTC",
        "day",
        "USD",
    )
    assert answer["metrics"] == {
        "total_invoices": 42,
        "total_amount": Decimal("1534.68"),
        "paid_invoices": 38,
        "paid_amount": Decimal("1388.52"),
        "conversion_rate": Decimal("90.5"),
        "average_amount": Decimal("36.54"),
        "average_payment_time": 425,
        "other_currency_invoices": 0,
    }
    assert len(answer["time_series"]) == 30
    assert answer["time_series"][-3] == {
        "date": (today - timedelta(days=2)).date().isoformat(),
        "invoices_created": 42,
        "invoices_paid": 38,
        "amount_created": Decimal("1534.68"),
        "amount_paid": Decimal("1388.52"),
        "conversion_rate": Decimal("90.5"),
    }
    assert answer["payment_methods"] == {"USDT": {"count": 38, "amount": Decimal("1388.52")}}


def test_amounts_are_written_with_the_minor_digits_and_rates_with_one(merchant, ask, today):
    fact(merchant, today, paid_after=0, total=Decimal("10.000"))

    text = ask().content.decode()

    assert '"total_amount":10.00,' in text
    assert '"conversion_rate":100.0' in text


def test_an_invoice_created_through_the_api_is_in_the_report(merchant, valkey, today):
    make_invoice(merchant, today)
    outbox.dispatch_all()
    key = key_for(merchant, livemode=False)

    answer = body(Client().get("/api/v1/analytics", headers={"authorization": f"Bearer {key}"}))

    assert answer["metrics"]["total_invoices"] == 1
    assert answer["metrics"]["total_amount"] == Decimal("16.49")
    assert answer["metrics"]["average_payment_time"] is None


def test_a_paid_invoice_follows_the_log(merchant, valkey, today):
    from django.db import transaction

    from events.outbox import emit
    from invoices.events import about

    invoice = make_invoice(merchant, today)
    invoice.move_to(InvoiceStatus.PAID, at=today + timedelta(minutes=5))
    with transaction.atomic():
        emit(about(invoice, "invoice.paid"))
    outbox.dispatch_all()
    key = key_for(merchant, livemode=False)

    answer = body(Client().get("/api/v1/analytics?period=24h", headers={"authorization": f"Bearer {key}"}))

    assert answer["metrics"]["paid_invoices"] == 1
    assert answer["metrics"]["average_payment_time"] == 300
    assert answer["group_by"] == "hour"
    assert len(answer["time_series"]) == 24


def test_a_last_day_is_included_and_named_in_the_zone(merchant, ask):
    fact(merchant, datetime(2025, 10, 26, 22, 30, tzinfo=UTC))  # 23:30 in Berlin, an hour after clocks went back

    answer = body(ask(**{"from": "2025-10-25", "to": "2025-10-26", "timezone": "Europe/Berlin"}))

    assert (answer["period"], answer["from"], answer["to"]) == (
        "custom", "2025-10-24T22:00:00Z", "2025-10-26T23:00:00Z"
    )  # fmt: skip
    assert [(bucket["date"], bucket["invoices_created"]) for bucket in answer["time_series"]] == [
        ("2025-10-25", 0),
        ("2025-10-26", 1),
    ]


def test_moments_have_an_offset(merchant, ask):
    fact(merchant, datetime(2025, 1, 1, 12, tzinfo=UTC))

    answer = body(ask(**{"from": "2025-01-01T13:00:00+01:00", "to": "2025-01-01T12:00:01Z", "group_by": "hour"}))

    assert [bucket["date"] for bucket in answer["time_series"]] == ["2025-01-01T12:00:00+00:00"]
    assert answer["metrics"]["total_invoices"] == 1


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"period": "1y"}, "INVALID_PERIOD", "period"),
        ({"timezone": "Mars/Phobos"}, "UNKNOWN_TIMEZONE", "timezone"),
        ({"timezone": "../../etc/passwd"}, "UNKNOWN_TIMEZONE", "timezone"),
        ({"timezone": ""}, "OUT_OF_RANGE", "timezone"),
        ({"group_by": "minute"}, "UNKNOWN_CHOICE", "group_by"),
        ({"format": "xlsx"}, "UNKNOWN_CHOICE", "format"),
        ({"from": "2025-02-30"}, "INVALID_TIME", "from"),
        ({"from": "yesterday"}, "INVALID_TIME", "from"),
        ({"from": "2025-01-01T00:00:00"}, "INVALID_TIME", "from"),
        ({"to": "2025-01-01"}, "INVALID_PERIOD", "from"),
        ({"period": "7d", "from": "2025-01-01"}, "INVALID_PERIOD", "period"),
        ({"from": "2025-01-02", "to": "2025-01-01"}, "INVALID_PERIOD", "to"),
        ({"from": "0001-01-01"}, "INVALID_PERIOD", "from"),
        ({"from": "9999-12-31"}, "INVALID_PERIOD", "from"),
        ({"from": "2024-01-01", "to": "2025-01-01", "group_by": "hour"}, "TOO_MANY_BUCKETS", "group_by"),
        ({"colour": "red"}, "UNKNOWN_FIELD", "colour"),
    ],
)
def test_a_question_without_sense_is_refused_with_its_field(ask, query, code, field):
    error = body(ask(status=422, **query))["error"]

    assert (error["type"], error["code"], error["field"]) == ("validation_error", code, field)


class TestCSV:
    def test_it_is_the_time_series_as_a_file(self, merchant, ask, today):
        fact(merchant, today - timedelta(days=1), paid_after=1, total=Decimal("5.50"))

        answer = ask(format="csv", period="7d")

        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"] == 'attachment; filename="analytics.csv"'
        rows = list(csv.DictReader(StringIO(answer.content.decode())))
        assert len(rows) == 7
        assert rows[-2] == {
            "date": (today - timedelta(days=1)).date().isoformat(),
            "invoices_created": "1",
            "invoices_paid": "1",
            "amount_created": "5.50",
            "amount_paid": "5.50",
            "conversion_rate": "100.0",
            "currency": "USD",
        }

    def test_no_cell_can_become_a_formula(self, merchant, ask, today):
        fact(merchant, today, asset_code="=1+1")

        lines = ask(format="csv", period="24h").content.decode().splitlines()

        assert len(lines) == 25
        assert all(re.fullmatch(r"[0-9][0-9T:+.-]*|[A-Z]{3}", cell) for line in lines[1:] for cell in line.split(","))


class TestAccess:
    def test_without_the_permission_it_is_refused(self, merchant, valkey):
        key = key_for(merchant, permissions=("invoices:read",))

        answer = Client().get("/api/v1/analytics", headers={"authorization": f"Bearer {key}"})

        assert answer.status_code == 403
        assert body(answer)["error"]["code"] == "INSUFFICIENT_SCOPE"

    def test_others_and_the_other_mode_are_not_seen(self, merchant, ask, today):
        other = sign_up(request=SignUp("Other", "other@example.com", plan_type="pro"), now=today).merchant
        fact(other, today)
        fact(merchant, today, livemode=False)

        assert body(ask())["metrics"]["total_invoices"] == 0

    def test_it_is_limited_to_500_an_hour(self, ask):
        answer = ask()

        assert answer["X-RateLimit-Limit"] == "500"
        assert answer["X-RateLimit-Window"] == "3600"
        assert answer["X-RateLimit-Policy"] == "sliding-window"

    def test_it_costs_few_statements_whatever_the_period(self, ask, django_assert_max_num_queries):
        ask()

        with django_assert_max_num_queries(3):
            ask(period="90d")
        with django_assert_max_num_queries(3):
            ask(period="24h")


def test_a_changed_default_currency_leaves_older_invoices_out_of_the_sums(merchant, ask, today):
    fact(merchant, today, paid_after=60, currency="EUR", total=Decimal("99.00"))
    fact(merchant, today, total=Decimal("3.00"))

    metrics = body(ask())["metrics"]

    assert (metrics["total_invoices"], metrics["paid_invoices"], metrics["other_currency_invoices"]) == (2, 1, 1)
    assert (metrics["total_amount"], metrics["paid_amount"]) == (Decimal("3.00"), Decimal("0.00"))
    assert metrics["average_amount"] == Decimal("3.00")
