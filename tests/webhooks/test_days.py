"""What became of deliveries, day by day: as the rows say after any history, and at a price that rows do not raise."""

import random
from collections import Counter
from datetime import UTC, timedelta
from importlib import import_module

import pytest
from django.db import connection

from core.ids import uuid7
from events.models import Event
from tests.webhooks.conftest import NOW
from webhooks import retention, selectors, services
from webhooks.models import Attempt, Delivery, EndpointDay
from webhooks.services.attempts import Result
from webhooks.services.owing import new_delivery
from webhooks.states import Outcome

pytestmark = pytest.mark.django_db

_REFUSED = Outcome(None, "", 5, "The connection failed.")
ANSWERS = [Outcome(200, "", 5), Outcome(204, "", 5), Outcome(400, "", 5), _REFUSED]


def counted() -> Counter:
    """Count the rows there are, by endpoint, day and status."""
    over = Delivery.objects.exclude(status="pending").exclude(endpoint=None)
    return Counter((each.endpoint_id, each.created_at.astimezone(UTC).date(), each.status) for each in over)


def kept() -> Counter:
    return Counter(
        {
            (day.endpoint_id, day.day, status): count
            for day in EndpointDay.objects.all()
            for status, count in (("delivered", day.delivered), ("failed", day.failed))
            if count
        }
    )


@pytest.fixture
def owe(make_endpoint, merchant):
    """Owe one delivery of a random age to one of three endpoints."""
    endpoints = [make_endpoint(max_retries=1) for _ in range(3)]

    def owe(chance: random.Random) -> Delivery:
        event = Event(type="invoice.paid", merchant_id=merchant.pk, livemode=False, data={}, invoice_id=uuid7())
        event.save(force_insert=True)
        delivery = new_delivery(event=event, receiver=chance.choice(endpoints), body="{}", now=NOW)
        delivery.created_at = NOW - timedelta(minutes=chance.randrange(5 * 1440))
        if chance.random() < 0.2:  # as a restore writes it
            delivery.status, delivery.next_attempt_at = "failed", None
        delivery.save(force_insert=True)
        return delivery

    return owe


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_the_sums_are_those_of_the_rows(seed, owe):
    chance = random.Random(seed)
    gone: Counter = Counter()
    at = NOW
    for _ in range(30):
        at += timedelta(hours=1)
        known = list(Delivery.objects.order_by("id").values_list("pk", flat=True))
        some = Delivery.objects.filter(pk__in=chance.sample(known, min(3, len(known))))
        match chance.randrange(6):
            case 0 | 1:
                for _ in range(3):
                    owe(chance)
            case 2 | 3:
                claims = services.claim_due(now=at, free=5)
                services.record([Result(claim, chance.choice(ANSWERS)) for claim in claims])
            case 4:
                some.renew(now=at)
            case 5:
                before = counted()
                Attempt.objects.filter(delivery__in=some).delete()
                some.delete()
                gone += before - counted()
        assert kept() == counted() + gone

    assert sum(kept().values()) > 5


def test_a_day_is_one_of_utc_wherever_whoever_writes_is(owe):
    chance = random.Random(5)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Pacific/Kiritimati'")  # 14 hours ahead
        for _ in range(20):
            owe(chance)
        inserted = Delivery.objects.filter(status="failed").count()
        moved = Delivery.objects.filter(status="pending").update(status="failed", next_attempt_at=None)
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")

    assert min(inserted, moved) > 1
    assert kept() == counted()


def test_what_is_pruned_stays_in_the_figures_and_days_go_when_nobody_asks_for_them(owe, settings, merchant):
    settings.DELIVERY_DAYS = 7
    owe(random.Random(1))
    Delivery.objects.update(status="delivered", next_attempt_at=None, delivered_at=NOW)
    endpoints = selectors.list_endpoints(merchant=merchant, livemode=False)

    for later, is_rated in [(10, True), (24, True), (40, False)]:  # the delivery is at most five days older
        now = NOW + timedelta(days=later)
        retention.prune(now=now)
        rates = selectors.with_figures(endpoints, now=now).values_list("success_rate", flat=True)
        assert [f"{rate}" for rate in rates if rate is not None] == (["100.0"] if is_rated else [])
        assert not Delivery.objects.exists()
    assert not EndpointDay.objects.exists()


def test_a_lease_and_a_new_body_write_no_sum(owe):
    owe(random.Random(1))
    Delivery.objects.update(status="delivered", next_attempt_at=None, delivered_at=NOW)

    def version():
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin::text FROM webhooks_endpointday")
            return cursor.fetchall()

    before = version()
    Delivery.objects.update(body="{}", lease_token=uuid7(), leased_until=NOW)

    assert version() == before


def test_the_figures_of_endpoints_read_no_deliveries(merchant):
    endpoints = selectors.list_endpoints(merchant=merchant, livemode=False)

    assert "webhooks_delivery" not in str(selectors.with_figures(endpoints, now=NOW).query)


@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_the_migration_sums_is_counted_once(owe):
    migration = import_module("webhooks.migrations.0010_endpoint_days_kept")
    chance = random.Random(3)
    sent_again, given_up, delivered = (owe(chance) for _ in range(3))
    Delivery.objects.exclude(pk=delivered.pk).update(status="failed", next_attempt_at=None)
    Delivery.objects.filter(pk=delivered.pk).update(status="pending", next_attempt_at=NOW)
    before = counted()
    beside = connection.copy()

    with beside.cursor() as view:
        migration.watch(connection, view)
        Delivery.objects.filter(pk=sent_again.pk).renew(now=NOW)
        Delivery.objects.filter(pk=delivered.pk).update(
            status="delivered", next_attempt_at=None, delivered_at=NOW, lease_token=None, leased_until=None
        )
        Delivery.objects.filter(pk=given_up.pk).delete()  # pruned: it stays in the figures
        migration.add_former(connection, view)
    beside.close()

    pruned = Counter({(given_up.endpoint_id, given_up.created_at.astimezone(UTC).date(), "failed"): 1})
    assert sum(before.values()) == 2
    assert kept() == counted() + pruned
