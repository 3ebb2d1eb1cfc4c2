"""A receiver that only fails is left alone for a while, what waits for it keeps its retries, and nobody else waits."""

from datetime import timedelta

import pytest

from tests.webhooks.conftest import NOW
from webhooks import services
from webhooks.backlog import overdue_seconds, problems
from webhooks.models import Attempt, Circuit, Delivery
from webhooks.services import EndpointChanges
from webhooks.states import OPEN_PAUSES

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def busy(endpoint, happen):
    """An endpoint to which twelve deliveries are owed."""
    for _ in range(12):
        happen()
    return endpoint


def send_due(now, free=512) -> int:
    claims = services.claim_due(now=now, free=free)
    for claim in claims:
        services.attempt(claim=claim)
    return len(claims)


def opened(busy, receiver) -> Circuit:
    receiver.status = 500
    send_due(NOW)
    return Circuit.objects.get(lane=busy.public_id)


def test_after_five_failures_in_a_row_nothing_more_is_sent_for_half_a_minute(busy, receiver, now):
    circuit = opened(busy, receiver)

    assert (circuit.failures, circuit.openings) == (8, 1)
    assert 30 * SECOND <= circuit.open_until - now <= 34 * SECOND
    assert send_due(now + 29 * SECOND) == 0
    assert Attempt.objects.count() == 8
    assert Delivery.objects.filter(status="pending", attempts=0).count() == 4


def test_four_failures_leave_it_alone(endpoint, happen, receiver, now):
    receiver.status = 500
    for _ in range(4):
        happen()
    send_due(now)
    happen()

    assert Circuit.objects.get().open_until is None
    assert send_due(now + 5 * SECOND) == 1


def test_then_one_is_tried_and_another_failure_doubles_the_pause(busy, receiver, now):
    circuit = opened(busy, receiver)

    assert send_due(circuit.open_until) == 1

    again = Circuit.objects.get()
    assert again.openings == 2
    assert 60 * SECOND <= again.open_until - circuit.open_until <= 67 * SECOND


def test_receivers_that_broke_together_are_not_tried_again_together(busy, receiver):
    circuit, excess = opened(busy, receiver), []
    for pause in OPEN_PAUSES[1:] + OPEN_PAUSES[-1:] * 3:
        tried_at = circuit.open_until
        assert send_due(tried_at) == 1
        circuit = Circuit.objects.get()
        excess.append((circuit.open_until - tried_at) / pause - 1)

    assert 0.01 <= max(excess) <= 0.11  # of eight draws one that is not nought; a few milliseconds are the attempt's


def test_an_answer_closes_it_and_all_that_waited_is_sent(busy, receiver, now):
    circuit = opened(busy, receiver)
    receiver.status = 200

    assert [send_due(circuit.open_until) for _ in range(4)] == [1, 8, 3, 0]

    assert not Circuit.objects.exists()
    assert Delivery.objects.filter(status="delivered").count() == 12


@pytest.mark.parametrize("status", [200, 400, 404])
def test_one_that_answers_is_never_left_alone_even_if_it_refuses(busy, receiver, now, status):
    receiver.status = status

    assert [send_due(now), send_due(now)] == [8, 4]

    assert not Circuit.objects.filter(open_until__isnull=False).exists()


def test_a_wish_to_be_left_alone_holds_for_all_that_waits_and_for_an_hour_at_most(busy, receiver, now):
    receiver.status, receiver.headers = 429, {"Retry-After": "86400"}
    send_due(now, free=1)

    assert send_due(now + timedelta(minutes=59)) == 0
    assert send_due(now + timedelta(minutes=61), free=1) == 1


def test_the_others_go_on(busy, make_endpoint, happen, receiver, now):
    opened(busy, receiver)
    other = make_endpoint("/other", events=["invoice.created"])
    receiver.status = 200
    happen("invoice.created")

    assert send_due(now) == 1
    assert Delivery.objects.get(status="delivered").endpoint == other


def test_what_failed_together_does_not_come_back_together(busy, receiver):
    receiver.status = 400  # it refuses, so its circuit stays closed
    send_due(NOW)

    tried = Attempt.objects.values_list("delivery__next_attempt_at", "started_at", "elapsed_ms")
    pauses = {next_at - begun - timedelta(milliseconds=elapsed) for next_at, begun, elapsed in tried}

    assert pauses <= {timedelta(milliseconds=10_000 + 100 * jitter) for jitter in range(11)}
    assert len(pauses) > 1  # eight draws of one in eleven


def test_what_waits_for_a_receiver_that_is_left_alone_is_nobodys_delay_until_it_should_be_tried(busy, receiver, now):
    assert overdue_seconds(now=now) > 300
    circuit = opened(busy, receiver)

    assert problems(now=circuit.open_until - SECOND) == []
    assert overdue_seconds(now=circuit.open_until + 7 * SECOND) == 7
    late = problems(now=circuit.open_until + 300 * SECOND)
    assert late == ["A webhook has been due for 300 s: no worker sends."]


def test_what_waits_behind_others_to_a_slow_receiver_is_nobodys_delay_while_they_are_on_their_way(busy, now):
    claims = services.claim_due(now=now)

    assert len(claims) == 8
    assert problems(now=now) == []
    assert overdue_seconds(now=now + timedelta(hours=1)) > 3600  # the worker that had them died


def test_sending_again_by_hand_tries_at_once(busy, merchant, receiver, now):
    opened(busy, receiver)
    receiver.status = 200
    waiting = Delivery.objects.filter(attempts=0).first()

    services.redeliver(
        merchant=merchant,
        livemode=False,
        endpoint_id=busy.public_id,
        delivery_id=waiting.public_id,
        now=now + SECOND,
    )

    assert send_due(now + SECOND) == 4


@pytest.mark.parametrize("changes", [{"url": "https://other.example/hook"}, {"enabled": True}])
def test_a_new_address_or_a_fresh_start_has_no_past(busy, merchant, receiver, changes):
    opened(busy, receiver)

    services.update_endpoint(
        merchant=merchant, livemode=False, endpoint_id=busy.public_id, changes=EndpointChanges(**changes)
    )

    assert not Circuit.objects.exists()


def test_a_test_that_arrives_closes_it_and_one_that_fails_says_nothing(busy, merchant, receiver, now):
    opened(busy, receiver)
    failures = Circuit.objects.get().failures
    order = {"merchant": merchant, "livemode": False, "endpoint_id": busy.public_id, "now": now + SECOND}

    services.send_test(**order)
    assert Circuit.objects.get().failures == failures

    receiver.status = 200
    services.send_test(**order)
    assert not Circuit.objects.exists()
