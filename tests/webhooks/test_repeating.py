"""Sending by hand: a test, one delivery again, a whole period again."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core import exact_json
from core.errors import CheckoutError
from core.ids import uuid7
from events.models import Event
from events.outbox import Happening, dispatch, emit
from tests.webhooks.conftest import make_merchant
from webhooks import selectors, services
from webhooks.errors import (
    DeliveryNotFound,
    EndpointDisabled,
    EndpointNotFound,
    InvalidPeriod,
    NotYetReplayable,
    UnknownEventType,
)
from webhooks.models import Attempt, Delivery
from webhooks.services import EndpointChanges, EndpointOrder, Period, replaying

pytestmark = pytest.mark.django_db


def disable(merchant, endpoint):
    services.update_endpoint(
        merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, changes=EndpointChanges(enabled=False)
    )


class TestTestSend:
    def send(self, merchant, endpoint, now):
        return services.send_test(merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, now=now)

    def test_it_arrives_at_once_signed_like_any_other(self, endpoint, merchant, receiver, now):
        result = self.send(merchant, endpoint, now)

        assert (result.status, result.response_code) == ("delivered", 200)
        assert result.test_id.startswith("test_")
        assert result.delivered_at >= now
        assert result.response_time_ms >= 0
        [request] = receiver.requests
        assert request.headers["X-Crypto-Checkout-Event"] == "webhook.test"
        assert exact_json.loads(request.body)["event"] == "webhook.test"
        assert request.headers["webhook-signature"].startswith("v1,")

    def test_a_failing_receiver_fails_the_test_and_it_is_not_repeated(self, endpoint, merchant, receiver, now):
        receiver.status = 500

        result = self.send(merchant, endpoint, now)

        assert (result.status, result.response_code, result.delivered_at) == ("failed", 500, None)
        assert services.claim_due(now=now + timedelta(days=1)) == []
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None

    def test_an_endpoint_can_be_tested_before_it_is_enabled(self, make_endpoint, merchant, now):
        endpoint = make_endpoint(enabled=False)

        assert self.send(merchant, endpoint, now).status == "delivered"

    @pytest.mark.django_db(transaction=True)
    def test_while_receivers_keep_tests_waiting_half_of_the_threads_are_free(
        self, endpoint, merchant, receiver, now, settings
    ):
        settings.WEB_THREADS = 4
        strangers = [make_merchant(name) for name in ("Second", "Third")]
        order = EndpointOrder(url=receiver.url("/strange"), events=["*"])
        theirs = [
            services.create_endpoint(merchant=each, livemode=False, order=order, now=now)[0] for each in strangers
        ]
        refused = []

        def try_to_send(whose, to):
            try:
                self.send(whose, to, now)
            except CheckoutError as failure:
                refused.append((whose.business_name, failure.code))
            connection.close()

        def while_one_waits():
            receiver.before = while_two_wait
            try_to_send(merchant, endpoint)
            try_to_send(strangers[0], theirs[0])

        def while_two_wait():
            receiver.before = lambda: None
            try_to_send(strangers[1], theirs[1])

        receiver.before = while_one_waits

        assert self.send(merchant, endpoint, now).status == "delivered"
        assert refused == [(merchant.business_name, "WEBHOOK_TEST_UNDER_WAY"), ("Third", "SERVICE_UNAVAILABLE")]
        assert receiver.paths() == ["/webhook", "/strange"]
        assert self.send(merchant, endpoint, now).status == "delivered"

    @pytest.mark.django_db(transaction=True)
    def test_an_endpoint_that_is_deleted_meanwhile_fails_the_test(self, endpoint, merchant, receiver, now):
        def delete():
            order = {"merchant": merchant, "livemode": False, "endpoint_id": endpoint.public_id}
            services.delete_endpoint(**order, now=now)
            connection.close()

        receiver.before = delete

        result = self.send(merchant, endpoint, now)

        assert (result.status, result.response_code, result.error) == ("failed", None, "The endpoint was deleted.")

    def test_only_the_tested_endpoint_hears_of_it(self, make_endpoint, merchant, receiver, now):
        tested = make_endpoint("/tested", events=["invoice.paid"])
        make_endpoint("/other", events=["*"])

        self.send(merchant, tested, now)
        from events.outbox import dispatch

        dispatch()

        assert receiver.paths() == ["/tested"]
        assert Delivery.objects.count() == 1
        assert Event.objects.get(type="webhook.test").object_id == tested.public_id


class TestRedeliver:
    def redeliver(self, merchant, delivery, now, endpoint_id=None):
        return services.redeliver(
            merchant=merchant,
            livemode=False,
            endpoint_id=endpoint_id or delivery.endpoint.public_id,
            delivery_id=delivery.public_id,
            now=now,
        )

    def test_a_delivered_one_is_sent_again_with_the_same_id_and_body(self, delivery, merchant, receiver, now):
        services.deliver(delivery_id=delivery.pk, now=now)

        again = self.redeliver(merchant, delivery, now)
        assert (again.status, again.delivered_at) == ("pending", None)
        assert services.deliver(delivery_id=delivery.pk, now=now) is True

        first, second = receiver.requests
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert list(Attempt.objects.order_by("number").values_list("number", flat=True)) == [1, 2]

    def test_one_given_up_gets_all_its_retries_again(self, make_endpoint, happen, merchant, receiver, now):
        make_endpoint(max_retries=1)
        delivery = Delivery.objects.get(event=happen())
        receiver.status = 500
        for days in range(2):
            services.deliver(delivery_id=delivery.pk, now=now + timedelta(days=days))
        delivery.refresh_from_db()
        assert delivery.status == "failed"

        self.redeliver(merchant, delivery, now)
        services.deliver(delivery_id=delivery.pk, now=now)

        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts) == ("pending", 3)
        assert timedelta(seconds=10) <= delivery.next_attempt_at - now <= timedelta(seconds=12)

    def test_one_that_waits_for_a_retry_is_due_at_once(self, delivery, merchant, receiver, now):
        receiver.status = 500
        services.deliver(delivery_id=delivery.pk, now=now)

        assert self.redeliver(merchant, delivery, now).next_attempt_at == now

    def test_while_it_is_being_sent_it_is_left_alone(self, delivery, merchant, now):
        services.claim_due(now=now)

        with pytest.raises(NotYetReplayable):
            self.redeliver(merchant, delivery, now)

    def test_to_a_disabled_endpoint_nothing_is_sent(self, delivery, endpoint, merchant, now):
        disable(merchant, endpoint)

        with pytest.raises(EndpointDisabled):
            self.redeliver(merchant, delivery, now)

    def test_a_delivery_of_another_endpoint_is_not_found(self, delivery, make_endpoint, merchant, now):
        other = make_endpoint("/other")

        with pytest.raises(DeliveryNotFound):
            self.redeliver(merchant, delivery, now, endpoint_id=other.public_id)
        with pytest.raises(EndpointNotFound):
            self.redeliver(merchant, delivery, now, endpoint_id="whe_nonsense")


class TestReplay:
    def replay(self, merchant, endpoint, now, **period):
        created = Event.objects.order_by("created_at").values_list("created_at", flat=True)
        first, last = created.first(), created.last()
        limits = {"start": first, "end": last + timedelta(seconds=1), **period}
        return services.replay(
            merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, period=Period(**limits), now=now
        )

    def counted(self, *arguments, **period):
        self.replay(*arguments, **period)
        return Delivery.objects.filter(next_attempt_at=arguments[-1]).count()

    def test_what_was_missed_is_owed_and_what_was_had_is_sent_again(
        self, make_endpoint, happen, merchant, receiver, now
    ):
        happen("invoice.created")
        endpoint = make_endpoint()
        had = Delivery.objects.get(event=happen("invoice.paid"))
        services.deliver(delivery_id=had.pk, now=now)

        assert self.counted(merchant, endpoint, now) == 2
        for claim in services.claim_due(now=now):
            services.attempt(claim=claim)

        first, *again = (request.headers["X-Crypto-Checkout-Event"] for request in receiver.requests)
        assert first == "invoice.paid"
        assert sorted(again) == ["invoice.created", "invoice.paid"]

    def test_what_is_under_way_goes_on_as_it_is(self, endpoint, delivery, merchant, now):
        assert self.counted(merchant, endpoint, now) == 0

        delivery.refresh_from_db()
        assert delivery.next_attempt_at < now

    def test_only_types_asked_for_and_subscribed_to(self, make_endpoint, happen, merchant, now):
        for event_type in ("invoice.created", "invoice.paid", "invoice.expired", "api_key.created"):
            happen(event_type)
        endpoint = make_endpoint(events=["invoice.created", "invoice.paid"])

        assert self.replay(merchant, endpoint, now, events=["invoice.paid", "invoice.expired"]).total == 1

        assert [delivery.event_type for delivery in Delivery.objects.all()] == ["invoice.paid"]

    def test_the_first_moment_of_the_period_is_in_it_and_the_end_is_not(self, make_endpoint, happen, merchant, now):
        _before, within, after = happen(), happen(), happen()
        endpoint = make_endpoint()

        wish = self.replay(merchant, endpoint, now, start=within.created_at, end=after.created_at)

        assert wish.total == 1
        assert Delivery.objects.get().event == within
        happen()  # owed as ever, and no part of the replay
        self.replay(merchant, endpoint, now)
        assert selectors.progress_of(wish).waiting == selectors.replayed(wish).count() == 1

    def test_events_of_other_merchants_and_of_the_other_mode_are_no_part_of_it(
        self, make_endpoint, happen, merchant, now
    ):
        own = happen()
        happen(livemode=True)
        with transaction.atomic():
            emit(Happening("invoice.paid", make_merchant("Other").pk, False, {}, invoice_id=uuid7()))
        dispatch()
        endpoint = make_endpoint()

        assert self.replay(merchant, endpoint, now).total == 1

        assert [delivery.event for delivery in Delivery.objects.all()] == [own]

    def test_a_period_that_ends_before_it_starts_is_refused(self, endpoint, delivery, merchant, now):
        with pytest.raises(InvalidPeriod):
            self.replay(merchant, endpoint, now, start=now, end=now)

    def test_an_unknown_type_is_refused(self, endpoint, delivery, merchant, now):
        with pytest.raises(UnknownEventType) as refusal:
            self.replay(merchant, endpoint, now, events=["invoice.paid", "nonsense"])

        assert refusal.value.field == "events[1]"

    def test_too_many_events_are_refused_and_none_is_owed(self, make_endpoint, happen, merchant, now, monkeypatch):
        monkeypatch.setattr(replaying, "MAX_REPLAYED", 1)
        happen()
        happen()
        endpoint = make_endpoint()

        with pytest.raises(InvalidPeriod) as refusal:
            self.replay(merchant, endpoint, now)

        assert refusal.value.constraints == {"max_events": 1}
        assert Delivery.objects.count() == 0

    @pytest.fixture
    def small_slices(self, monkeypatch):
        monkeypatch.setattr(replaying, "SLICE", 2)
        monkeypatch.setattr(replaying, "MOST_WAITING", 2)

    def test_a_long_one_is_made_due_slice_by_slice_with_a_figure_of_how_far_it_is(
        self, make_endpoint, happen, merchant, receiver, now, small_slices
    ):
        for _ in range(5):
            happen()
        endpoint = make_endpoint()
        wish = self.replay(merchant, endpoint, now)
        happen("invoice.expired")  # later than the wish
        Delivery.objects.filter(event_type="invoice.expired").delete()
        seen = [selectors.progress_of(wish)]

        while wish.finished_at is None:
            assert services.continue_replays(now=now) == 0  # those before it still wait
            for claim in services.claim_due(now=now):
                services.attempt(claim=claim)
            services.continue_replays(now=now)
            wish.refresh_from_db()
            seen.append(selectors.progress_of(wish))
        for claim in services.claim_due(now=now):
            services.attempt(claim=claim)
        seen.append(selectors.progress_of(wish))

        assert [(each.total, each.delivered, each.waiting, each.percent) for each in seen] == [
            (5, 0, 5, 0),
            (5, 2, 3, 40),
            (5, 4, 1, 80),
            (5, 5, 0, 100),
        ]
        assert len(receiver.requests) == 5

    def test_what_came_of_it_stays_whatever_is_sent_again_or_pruned_later(
        self, make_endpoint, happen, merchant, receiver, now
    ):
        happen()
        happen()
        endpoint = make_endpoint(max_retries=0)
        wish = self.replay(merchant, endpoint, now)
        for status, claim in zip((200, 400), services.claim_due(now=now), strict=True):
            services.continue_replays(now=now)
            wish.refresh_from_db()
            assert wish.delivered is None  # something of it waits
            receiver.status = status
            services.attempt(claim=claim)

        services.continue_replays(now=now)
        Delivery.objects.all().delete()

        wish.refresh_from_db()
        progress = selectors.progress_of(wish)
        assert (progress.delivered, progress.failed, progress.waiting, progress.percent) == (1, 1, 0, 100)

    def test_what_arrived_before_counts_only_when_it_has_arrived_again(
        self, endpoint, happen, merchant, now, small_slices
    ):
        for _ in range(3):
            services.deliver(delivery_id=Delivery.objects.get(event=happen()).pk, now=now)

        wish = self.replay(merchant, endpoint, now)

        progress = selectors.progress_of(wish)
        assert (progress.delivered, progress.waiting, progress.percent) == (0, 3, 0)

    def test_an_endpoint_that_is_disabled_meanwhile_stops_it(self, make_endpoint, happen, merchant, now, small_slices):
        for _ in range(5):
            happen()
        endpoint = make_endpoint()
        wish = self.replay(merchant, endpoint, now)
        disable(merchant, endpoint)

        services.continue_replays(now=now)

        wish.refresh_from_db()
        assert (wish.is_stopped, wish.finished_at) == (True, now)
        assert selectors.progress_of(wish).waiting == 0
        assert Delivery.objects.count() == 2


class TestGivenUp:
    def test_all_that_can_be_sent_is_sent_again_and_the_rest_stays(
        self, make_endpoint, happen, merchant, receiver, now
    ):
        make_endpoint("/works", events=["invoice.paid"])
        off = make_endpoint("/off", events=["invoice.created"])
        happen()
        happen("invoice.created", webhook_url=receiver.url("/hook"))
        Delivery.objects.update(status="failed", next_attempt_at=None, attempts=6, failure="The receiver answered 500.")
        disable(merchant, off)

        assert services.resend_given_up(merchant=merchant, livemode=False, now=now) == 2
        assert services.resend_given_up(merchant=merchant, livemode=True, now=now) == 0

        for claim in services.claim_due(now=now):
            services.attempt(claim=claim)
        assert sorted(receiver.paths()) == ["/hook", "/works"]
        [left] = selectors.list_given_up(merchant=merchant, livemode=False)
        assert left.endpoint == off

    def test_another_merchants_are_left_alone(self, delivery, now):
        Delivery.objects.update(status="failed", next_attempt_at=None)

        assert services.resend_given_up(merchant=make_merchant("Other"), livemode=False, now=now) == 0

        delivery.refresh_from_db()
        assert delivery.status == "failed"

    def test_it_locks_the_endpoints_before_anything_else_as_who_records_does(self, endpoint, merchant, now):
        with CaptureQueriesContext(connection) as made:
            services.resend_given_up(merchant=merchant, livemode=False, now=now)

        [first, *_] = [query["sql"] for query in made if "FOR " in query["sql"]]
        assert first.startswith('SELECT "webhooks_webhookendpoint"."id"')
        assert first.endswith("ORDER BY 1 ASC FOR NO KEY UPDATE")
