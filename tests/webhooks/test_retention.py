"""Deliveries are kept for DELIVERY_DAYS, those that are owed for as long as they are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.ids import first_id_of, uuid7
from core.tasks import PRUNINGS
from tests.factories import make_invoice, make_merchant
from webhooks import retention, services
from webhooks.models import Attempt, Delivery
from webhooks.retention import needed_events, prune
from webhooks.services import EndpointOrder

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliveries():
    """Four: delivered, given up, owed, and one that was tried again just now."""
    from events.outbox import dispatch_all

    now = timezone.now()
    merchant = make_merchant(now)
    order = EndpointOrder(url="https://shop.example/hook", events=("*",))
    services.create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
    for _ in range(4):
        make_invoice(merchant, now)
    dispatch_all()
    delivered, given_up, owed, again = Delivery.objects.order_by("id")
    over = {"next_attempt_at": None}
    Delivery.objects.filter(pk__in=[delivered.pk, again.pk]).update(status="delivered", delivered_at=now, **over)
    Delivery.objects.filter(pk=given_up.pk).update(status="failed", **over)
    for delivery in (delivered, given_up):
        Attempt.objects.create(delivery=delivery, number=1, started_at=now, elapsed_ms=5)
    Attempt.objects.create(delivery=again, number=1, started_at=now + timedelta(days=60), elapsed_ms=5)
    return delivered, given_up, owed, again


def test_what_is_over_goes_with_its_attempts_and_what_is_owed_stays(deliveries, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 1)  # several batches
    delivered, _, owed, again = deliveries

    gone = prune(now=timezone.now() + timedelta(days=91))

    assert gone == 2
    assert set(Delivery.objects.all()) == {owed, again}
    assert [attempt.delivery for attempt in Attempt.objects.all()] == [again]
    assert needed_events([delivered.event_id, owed.event_id], []) == {owed.event_id}


@pytest.mark.parametrize(("days", "later", "gone"), [(90, 89, 0), (0, 9999, 0), (30, 31, 2)])
def test_the_setting_says_how_long(deliveries, settings, days, later, gone):
    settings.DELIVERY_DAYS = days

    assert prune(now=timezone.now() + timedelta(days=later)) == gone


def test_it_is_done_by_the_clock():
    assert prune in PRUNINGS


def test_ids_are_in_the_order_of_time():
    now = timezone.now()

    assert first_id_of(now - timedelta(seconds=1)) < uuid7() < first_id_of(now + timedelta(seconds=9))
