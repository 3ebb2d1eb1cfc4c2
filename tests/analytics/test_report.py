"""Reports: what became of the invoices created in a period."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from analytics.calendars import Period, Unit, recent
from analytics.models import InvoiceFact
from analytics.selectors import Figures, report
from core.ids import uuid7
from tests.analytics.log import MERCHANT, STRANGER

NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def fact(created_at: datetime, *, paid_after: timedelta | None = None, total: str = "10.00", **changes) -> InvoiceFact:
    return InvoiceFact.objects.create(
        **{
            "invoice_id": uuid7(),
            "merchant_id": MERCHANT,
            "livemode": True,
            "created_at": created_at,
            "paid_at": None if paid_after is None else created_at + paid_after,
            "currency": "USD",
            "total": Decimal(total),
            "asset_code": "USDT",
            "network": "tron",
            "sequence": 1,
            **changes,
        }
    )


def ask(**changes):
    return report(
        **{
            "merchant_id": MERCHANT,
            "livemode": True,
            "period": recent("7d", zone=UTC_ZONE, now=NOW),
            "unit": Unit.DAY,
            "currency": "USD",
            **changes,
        }
    )


@pytest.mark.django_db
class TestReport:
    def test_every_figure_is_about_the_invoices_created_in_the_part(self):
        yesterday = NOW - timedelta(days=1)
        fact(yesterday, paid_after=timedelta(days=1), total="20.00")  # paid today
        fact(yesterday, total="5.50")
        fact(NOW - timedelta(hours=1), total="1.00")

        answer = ask()

        before, today = answer.parts[-2][1], answer.parts[-1][1]
        assert before == Figures(2, 1, Decimal("25.50"), Decimal("20.00"), 0, timedelta(days=1))
        assert today == Figures(1, 0, Decimal("1.00"), Decimal(0), 0, timedelta(0))
        assert answer.total == Figures(3, 1, Decimal("26.50"), Decimal("20.00"), 0, timedelta(days=1))
        assert before.conversion_rate == Decimal("50.0")
        assert answer.total.average_amount(2) == Decimal("8.83")

    def test_parts_without_invoices_are_there(self):
        fact(NOW - timedelta(days=3))

        answer = ask()

        assert [bucket.label for bucket, _ in answer.parts] == [f"2025-01-{day}" for day in range(25, 32)]
        assert [figures.created for _, figures in answer.parts] == [0, 0, 0, 1, 0, 0, 0]

    def test_without_any_invoice_it_is_all_zero_and_no_payment_time(self):
        answer = ask()

        assert answer.total == Figures()
        assert answer.total.conversion_rate == Decimal("0.0")
        assert answer.total.average_amount(2) == Decimal("0.00")
        assert answer.total.average_payment_seconds is None
        assert answer.by_asset == {}

    def test_the_first_moment_belongs_to_the_period_and_the_last_does_not(self):
        period = Period("custom", NOW, NOW + timedelta(hours=1), UTC_ZONE)
        fact(NOW)
        fact(NOW - timedelta(microseconds=1))
        fact(NOW + timedelta(hours=1))
        fact(NOW + timedelta(hours=1) - timedelta(microseconds=1))

        assert ask(period=period).total.created == 2

    def test_an_invoice_just_before_midnight_belongs_to_the_day_of_the_zone(self):
        berlin = ZoneInfo("Europe/Berlin")
        fact(datetime(2025, 1, 29, 23, 30, tzinfo=UTC))  # half past midnight of the 30th in Berlin

        in_berlin = ask(period=recent("7d", zone=berlin, now=NOW))
        in_utc = ask()

        assert [bucket.label for bucket, figures in in_berlin.parts if figures.created] == ["2025-01-30"]
        assert [bucket.label for bucket, figures in in_utc.parts if figures.created] == ["2025-01-29"]

    def test_the_two_hours_of_one_name_are_kept_apart(self):
        period = Period(
            "custom", *(datetime(2025, 11, 2, hour, tzinfo=UTC) for hour in (5, 7)), ZoneInfo("America/New_York")
        )
        fact(datetime(2025, 11, 2, 5, 30, tzinfo=UTC))
        fact(datetime(2025, 11, 2, 6, 30, tzinfo=UTC))

        answer = ask(period=period, unit=Unit.HOUR)

        assert [(bucket.label, figures.created) for bucket, figures in answer.parts] == [
            ("2025-11-02T01:00:00-04:00", 1),
            ("2025-11-02T01:00:00-05:00", 1),
        ]

    def test_invoices_recorded_in_another_currency_count_but_add_no_amount(self):
        fact(NOW - timedelta(hours=1), total="10.00", paid_after=timedelta(minutes=1))
        fact(NOW - timedelta(hours=1), total="99.00", currency="EUR", paid_after=timedelta(minutes=3))

        answer = ask()

        assert answer.total == Figures(2, 2, Decimal("10.00"), Decimal("10.00"), 1, timedelta(minutes=4))
        assert answer.total.average_amount(2) == Decimal("10.00")
        assert (answer.by_asset["USDT"].paid, answer.by_asset["USDT"].amount_paid) == (2, Decimal("10.00"))

    def test_payment_methods_are_the_paid_invoices_by_asset_the_most_used_first(self):
        fact(NOW - timedelta(hours=1), asset_code="ETH", total="7.00", paid_after=timedelta(0))
        for _ in range(2):
            fact(NOW - timedelta(days=1), asset_code="BTC", total="3.00", paid_after=timedelta(0))
        fact(NOW - timedelta(hours=1), asset_code="TRX")

        by_asset = ask().by_asset

        assert [(code, figures.paid, figures.amount_paid) for code, figures in by_asset.items()] == [
            ("BTC", 2, Decimal("6.00")),
            ("ETH", 1, Decimal("7.00")),
        ]

    def test_other_merchants_and_the_other_mode_are_not_seen(self):
        fact(NOW - timedelta(hours=1), merchant_id=STRANGER)
        fact(NOW - timedelta(hours=1), livemode=False)

        assert ask().total.created == 0
        assert ask(livemode=False).total.created == 1

    def test_it_costs_one_statement_however_long_and_however_divided(self, django_assert_num_queries):
        for days in range(80):
            fact(NOW - timedelta(days=days), asset_code="BTC" if days % 2 else "USDT")

        with django_assert_num_queries(1):
            ask(period=recent("90d", zone=UTC_ZONE, now=NOW))
        with django_assert_num_queries(1):
            ask(period=recent("24h", zone=UTC_ZONE, now=NOW), unit=Unit.HOUR)

    def test_the_rows_come_from_the_index_alone(self):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(
                "EXPLAIN SELECT asset_code, sum(total), count(paid_at), min(currency) FROM analytics_invoicefact"
                " WHERE merchant_id = %s AND livemode AND created_at >= %s GROUP BY 1",
                [MERCHANT, NOW],
            )
            plan = "\n".join(line for (line,) in cursor.fetchall())

        assert "Index Only Scan using invoicefact_report" in plan


class TestSums(TestCase):
    @given(
        zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
        unit=st.sampled_from([Unit.HOUR, Unit.DAY, Unit.WEEK, Unit.MONTH]),
        start=st.datetimes(datetime(2025, 1, 1), datetime(2025, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
        days=st.integers(1, 40),
        invoices=st.lists(
            st.tuples(
                st.floats(-0.1, 1.1),
                st.one_of(st.none(), st.integers(0, 86400)),
                st.decimals("0.50", "10000", places=2),
                st.sampled_from(["USD", "EUR"]),
                st.sampled_from(["USDT", "BTC", "ETH"]),
            ),
            max_size=12,
        ),
    )
    @settings(deadline=None, max_examples=60)
    def test_the_parts_add_up_to_the_whole_and_the_whole_to_the_invoices(self, zone, unit, start, days, invoices):
        period = Period("custom", start, start + timedelta(days=days), ZoneInfo(zone))
        within = []
        for share, waited, total, currency, asset in invoices:
            created_at = start + timedelta(days=days) * share
            paid_after = None if waited is None else timedelta(seconds=waited)
            fact(created_at, paid_after=paid_after, total=str(total), currency=currency, asset_code=asset)
            if period.start <= created_at < period.end:
                within.append((paid_after, total, currency, asset, created_at))

        answer = ask(period=period, unit=unit)

        added = Figures()
        for _, figures in answer.parts:
            added.add(figures)
        ours = [row for row in within if row[2] == "USD"]
        paid = [row for row in within if row[0] is not None]
        assert answer.total == added
        assert answer.total == Figures(
            created=len(within),
            paid=len(paid),
            amount_created=sum((row[1] for row in ours), Decimal(0)),
            amount_paid=sum((row[1] for row in ours if row[0] is not None), Decimal(0)),
            other_currency=len(within) - len(ours),
            waited=sum((row[0] for row in paid), timedelta(0)),
        )
        assert sum(figures.paid for figures in answer.by_asset.values()) == len(paid)
        assert sum((figures.amount_paid for figures in answer.by_asset.values()), Decimal(0)) == added.amount_paid
        for bucket, figures in answer.parts:
            assert figures.created == sum(bucket.start <= row[4] < bucket.end for row in within)
