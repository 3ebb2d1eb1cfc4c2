"""The sums are those of the facts: after any history, whoever wrote them, and at a price that facts do not raise."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from analytics import services
from analytics.calendars import Bucket, stretches
from analytics.models import InvoiceFact, Sums
from events import outbox
from tests.analytics.log import MERCHANT, STRANGER, LoggedInvoice

pytestmark = pytest.mark.django_db

START = datetime(2025, 3, 1, tzinfo=UTC)


def raw() -> dict[tuple, tuple]:
    """Sum up the facts by hour in Python."""
    sums: dict[tuple, tuple] = {}
    for fact in InvoiceFact.objects.all():
        hour = fact.created_at.replace(minute=0, second=0, microsecond=0)
        key = (fact.merchant_id, fact.livemode, hour, fact.currency, fact.asset_code, fact.network)
        before = sums.get(key, (0, 0, Decimal(0), Decimal(0), timedelta(0)))
        is_paid = fact.paid_at is not None
        added = (
            1,
            int(is_paid),
            fact.total,
            fact.total if is_paid else Decimal(0),
            fact.paid_at - fact.created_at if is_paid else timedelta(0),
        )
        sums[key] = tuple(a + b for a, b in zip(before, added, strict=True))
    return sums


def kept(hours: int) -> dict[tuple, tuple]:
    return {
        (row.merchant_id, row.livemode, row.start, row.currency, row.asset_code, row.network): (
            row.created,
            row.paid,
            row.amount_created,
            row.amount_paid,
            row.waited,
        )
        for row in Sums.objects.filter(hours=hours).exclude(created=0)
    }


@pytest.mark.parametrize("seed", range(5))
def test_after_any_history_they_are_those_of_the_facts(seed):
    chance = random.Random(seed)
    events = []
    for _ in range(25):
        at = START + timedelta(seconds=chance.randrange(4 * 86400))
        invoice = LoggedInvoice(
            at,
            total=Decimal(chance.randrange(50, 99999)) / 100,
            currency=chance.choice(["USD", "EUR"]),
            asset_code=chance.choice(["USDT", "BTC"]),
            merchant_id=chance.choice([MERCHANT, STRANGER]),
            livemode=chance.random() < 0.8,
        )
        events.append(invoice.emit("invoice.created"))
        while chance.random() < 0.7:  # paid, taken back by a reorg, paid in another asset …
            invoice.asset_code = chance.choice(["USDT", "BTC"])
            paid_at = at + timedelta(seconds=chance.randrange(3 * 86400)) if chance.random() < 0.7 else None
            events.append(invoice.emit("invoice.paid" if paid_at else "invoice.reversed", paid_at=paid_at))
    for event in events:
        event.refresh_from_db()
    chance.shuffle(events)

    for event in [*events, *events[:20]]:
        services.take_in(event=event)

    assert kept(1) == raw()
    assert sum(row[0] for row in kept(24).values()) == 25
    assert services.wrong_sums() == 0
    before = kept(1), kept(24)
    services.sum_up()
    assert (kept(1), kept(24)) == before


def test_facts_that_are_deleted_or_changed_by_hand_are_followed():
    for number in range(3):
        LoggedInvoice(START + timedelta(hours=number)).create().pay(START + timedelta(days=1))
    outbox.dispatch_all()

    first, second, _ = InvoiceFact.objects.order_by("created_at")
    first.delete()
    InvoiceFact.objects.filter(pk=second.pk).update(total=Decimal("99.00"), created_at=START - timedelta(days=9))

    assert kept(1) == raw()
    assert services.wrong_sums() == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("merchant_id", STRANGER),
        ("livemode", False),
        ("created_at", START - timedelta(hours=1)),
        ("paid_at", None),
        ("currency", "EUR"),
        ("total", Decimal("99.00")),
        ("asset_code", "BTC"),
        ("network", "ethereum"),
    ],
)
def test_each_column_that_is_summed_by_is_followed_when_it_alone_changes(column, value):
    LoggedInvoice(START).create().pay(START + timedelta(hours=1))
    outbox.dispatch_all()
    before = kept(1)

    InvoiceFact.objects.update(**{column: value})

    assert kept(1) == raw() != before


@pytest.mark.parametrize("compared", [1, 3, 200_000])
def test_what_was_written_past_the_trigger_is_found_and_put_right(compared, monkeypatch):
    monkeypatch.setattr(services, "_COMPARED", compared)  # facts in one view
    for day in range(-2, 4):
        LoggedInvoice(START + timedelta(days=day, hours=23)).create()
    outbox.dispatch_all()
    Sums.objects.filter(start__gte=START).update(created=2)
    Sums.objects.filter(start__lt=START, hours=24).delete()

    with pytest.raises(CommandError, match="10 sums are not those of the facts"):
        call_command("rebuild_analytics", "--check")
    call_command("rebuild_analytics", "--sums")
    call_command("rebuild_analytics", "--check")

    assert {row.created for row in Sums.objects.all()} == {1}


def test_an_event_that_changes_no_figure_writes_no_sum():
    invoice = LoggedInvoice(START).create().pay(START)
    outbox.dispatch_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text FROM analytics_sums ORDER BY id")
        before = cursor.fetchall()

    invoice.emit("invoice.refunded", paid_at=START)
    outbox.dispatch_all()

    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text FROM analytics_sums ORDER BY id")
        assert cursor.fetchall() == before


@pytest.mark.parametrize(
    ("_case", "start", "end", "expected"),
    [
        ("a whole day", (1, 0, 0), (2, 0, 0), [(24, (1, 0, 0), (2, 0, 0))]),
        ("an hour", (1, 5, 0), (1, 6, 0), [(1, (1, 5, 0), (1, 6, 0))]),
        ("less than an hour", (1, 5, 10), (1, 6, 10), [(0, (1, 5, 10), (1, 6, 10))]),
        (
            "a day of a zone of half hours",
            (1, 18, 30),
            (2, 18, 30),
            [
                (0, (1, 18, 30), (1, 19, 0)),
                (1, (1, 19, 0), (2, 18, 0)),
                (0, (2, 18, 0), (2, 18, 30)),
            ],
        ),
        (
            "days with edges",
            (1, 22, 30),
            (4, 1, 15),
            [
                (0, (1, 22, 30), (1, 23, 0)),
                (1, (1, 23, 0), (2, 0, 0)),
                (24, (2, 0, 0), (4, 0, 0)),
                (1, (4, 0, 0), (4, 1, 0)),
                (0, (4, 1, 0), (4, 1, 15)),
            ],
        ),
    ],
)
def test_a_part_is_taken_together_from_as_few_stretches_as_can_be(_case, start, end, expected):
    def moment(day, hour, minute):
        return datetime(2025, 3, day, hour, minute, tzinfo=UTC)

    found = list(stretches([Bucket("x", moment(*start), moment(*end))]))

    assert [(each.hours, each.start, each.end) for each in found] == [
        (hours, moment(*first), moment(*last)) for hours, first, last in expected
    ]
