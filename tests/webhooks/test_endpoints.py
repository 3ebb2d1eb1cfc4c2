"""Endpoints: what a merchant may ask for, and what it is told when that is wrong."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from core.errors import Invalid, SeveralInvalid
from core.ids import public_id, uuid7
from events.models import Event
from merchants.errors import PlanLimitReached
from tests.webhooks.conftest import make_merchant
from webhooks import selectors, services
from webhooks.errors import EndpointNotFound, InvalidSetting, UnknownEventType, UnsafeWebhookURL
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services import EndpointChanges, EndpointOrder, Rotation

pytestmark = pytest.mark.django_db
URL = "https://merchant.example/webhook"


def create(merchant, now, *, livemode=True, **order):
    return services.create_endpoint(
        merchant=merchant, livemode=livemode, order=EndpointOrder(**{"url": URL, "events": ["*"], **order}), now=now
    )


class TestCreate:
    def test_a_given_secret_is_kept_encrypted_and_not_returned(self, merchant, now):
        _endpoint, made = create(merchant, now, secret="whsec_abc123...")

        assert made is None
        stored = WebhookEndpoint.objects.get()
        assert stored.secret == "whsec_abc123..."
        assert "abc123" not in stored.secret_encrypted

    def test_without_one_the_server_makes_it_and_returns_it_this_once(self, merchant, now):
        endpoint, made = create(merchant, now)

        assert made == endpoint.secret
        assert made.startswith("whsec_")

    def test_it_is_on_record_without_the_secret(self, merchant, now):
        endpoint, _made = create(merchant, now)

        event = Event.objects.get(type="webhook_endpoint.created")
        assert event.object_id == endpoint.public_id
        assert event.data == {"id": endpoint.public_id, "url": URL, "events": ["*"]}

    @pytest.mark.parametrize(
        ("order", "error", "field"),
        [
            ({"events": ["invoice.paid", "invoice.eaten"]}, UnknownEventType, "events[1]"),
            ({"events": []}, UnknownEventType, "events"),
            ({"events": ["api_key.created"]}, UnknownEventType, "events[0]"),
            ({"secret": "short"}, InvalidSetting, "secret"),
            ({"secret": "with a space in it"}, InvalidSetting, "secret"),
            ({"secret": "x" * 256}, InvalidSetting, "secret"),
            ({"secret": "ünïcödé-secret"}, InvalidSetting, "secret"),
            ({"allowed_ips": ["10.0.0.0/8", "example.com"]}, InvalidSetting, "allowed_ips[1]"),
            ({"allowed_ips": ["10.0.0.1"] * 51}, InvalidSetting, "allowed_ips"),
            ({"max_retries": 11}, InvalidSetting, "max_retries"),
            ({"max_retries": -1}, InvalidSetting, "max_retries"),
            ({"retry_backoff": "never"}, InvalidSetting, "retry_backoff"),
            ({"timeout": 0}, InvalidSetting, "timeout"),
            ({"timeout": 31}, InvalidSetting, "timeout"),
            ({"url": "ftp://merchant.example/"}, UnsafeWebhookURL, "url"),
            ({"url": "https://user:pass@merchant.example/"}, UnsafeWebhookURL, "url"),
            ({"url": "http://merchant.example/webhook"}, UnsafeWebhookURL, "url"),
        ],
    )
    def test_what_cannot_be_is_refused_with_the_field_and_nothing_is_kept(self, merchant, now, order, error, field):
        with pytest.raises(error) as refusal:
            create(merchant, now, **order)

        assert refusal.value.field == field
        assert WebhookEndpoint.objects.count() == 0
        assert Event.objects.count() == 0

    def test_several_faults_are_told_at_once(self, merchant, now):
        with pytest.raises(SeveralInvalid) as refusal:
            create(merchant, now, url="ftp://x.example", events=["nothing"], timeout=99)

        assert [failure.field for failure in refusal.value.failures] == ["url", "events[0]", "timeout"]

    @pytest.mark.parametrize("url", ["http://127.0.0.1:8000/hook", "https://10.1.2.3/hook"])
    def test_a_private_host_is_refused(self, merchant, now, url, settings):
        settings.OUTBOUND_ALLOWED_NETWORKS = []

        with pytest.raises(UnsafeWebhookURL):
            create(merchant, now, url=url)

    def test_plain_http_is_for_test_mode_and_the_operators_own_network(self, merchant, now, settings):
        settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]

        create(merchant, now, livemode=False, url="http://merchant.example/webhook")
        create(merchant, now, livemode=True, url="http://127.0.0.1:8000/webhook")

        assert WebhookEndpoint.objects.count() == 2

    def test_the_plan_limits_how_many(self, now):
        merchant = make_merchant(endpoints=1)
        create(merchant, now)

        with pytest.raises(PlanLimitReached) as refusal:
            create(merchant, now, livemode=False)

        assert refusal.value.constraints == {"max_webhook_endpoints": 1}
        assert WebhookEndpoint.objects.count() == 1

    def test_a_deleted_endpoint_gives_its_place_back(self, now):
        merchant = make_merchant(endpoints=1)
        endpoint, _ = create(merchant, now)
        services.delete_endpoint(merchant=merchant, livemode=True, endpoint_id=endpoint.public_id, now=now)

        create(merchant, now)

        assert selectors.count_endpoints(merchant=merchant) == 1

    def test_the_database_itself_refuses_nonsense(self, merchant, now):
        endpoint, _ = create(merchant, now)

        with pytest.raises(IntegrityError):
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(timeout=0)


@pytest.mark.django_db(transaction=True)
def test_two_requests_for_the_last_place_get_one(now):
    merchant = make_merchant(endpoints=1)
    outcomes = []

    def ask():
        try:
            create(merchant, now)
            outcomes.append("created")
        except PlanLimitReached:
            outcomes.append("refused")
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["created", "refused"]


class TestUpdate:
    def update(self, merchant, endpoint, **changes):
        return services.update_endpoint(
            merchant=merchant,
            livemode=endpoint.livemode,
            endpoint_id=endpoint.public_id,
            changes=EndpointChanges(**changes),
        )

    def test_only_what_is_named_changes(self, merchant, now):
        endpoint, _ = create(merchant, now, timeout=7)

        self.update(merchant, endpoint, events=["invoice.paid", "invoice.cancelled"], max_retries=3)

        endpoint.refresh_from_db()
        assert endpoint.events == ["invoice.paid", "invoice.cancelled"]
        assert (endpoint.max_retries, endpoint.timeout, endpoint.url) == (3, 7, URL)

    def test_what_cannot_be_is_refused_and_nothing_changes(self, merchant, now):
        endpoint, _ = create(merchant, now)

        with pytest.raises(Invalid):
            self.update(merchant, endpoint, max_retries=3, events=["nonsense"])

        endpoint.refresh_from_db()
        assert endpoint.max_retries == 5

    def test_enabling_again_forgets_why_it_was_disabled(self, merchant, now):
        endpoint, _ = create(merchant, now)
        WebhookEndpoint.objects.update(disabled_reason="failing", failing_since=now, owners_told=False)

        self.update(merchant, endpoint, enabled=True)

        endpoint.refresh_from_db()
        assert (endpoint.enabled, endpoint.failing_since) == (True, None)

    @pytest.mark.parametrize("stranger", ["another merchant", "the other mode"])
    def test_what_belongs_to_somebody_else_is_not_found(self, merchant, now, stranger):
        endpoint, _ = create(merchant, now)
        owner = make_merchant("Other") if stranger == "another merchant" else merchant

        with pytest.raises(EndpointNotFound):
            services.update_endpoint(
                merchant=owner,
                livemode=stranger == "another merchant",
                endpoint_id=endpoint.public_id,
                changes=EndpointChanges(enabled=False),
            )

        endpoint.refresh_from_db()
        assert endpoint.enabled is True

    @pytest.mark.parametrize("nonsense", ["", "whe_", "whe_zzz", "inv_01m7yez3egff1rps421n1pztdw", "\0"])
    def test_an_id_that_is_none_is_not_found(self, merchant, nonsense):
        with pytest.raises(EndpointNotFound):
            selectors.get_endpoint(merchant=merchant, livemode=True, public_id=nonsense)


class TestRotate:
    def test_both_secrets_live_until_the_overlap_ends(self, merchant, now):
        endpoint, first = create(merchant, now)

        endpoint, second = services.rotate_secret(
            merchant=merchant,
            livemode=True,
            endpoint_id=endpoint.public_id,
            rotation=Rotation(overlap=timedelta(hours=1)),
            now=now,
        )

        assert endpoint.secrets_at(now + timedelta(minutes=59)) == [second, first]
        assert endpoint.secrets_at(now + timedelta(hours=1)) == [second]

    def test_without_an_overlap_the_old_one_is_dead_at_once(self, merchant, now):
        endpoint, _ = create(merchant, now)

        endpoint, made = services.rotate_secret(
            merchant=merchant,
            livemode=True,
            endpoint_id=endpoint.public_id,
            rotation=Rotation(secret="whsec_my-own-one", overlap=timedelta()),
            now=now,
        )

        assert made is None
        assert endpoint.secrets_at(now) == ["whsec_my-own-one"]
        assert endpoint.previous_secret_encrypted == ""

    def test_an_overlap_of_more_than_a_week_is_refused(self, merchant, now):
        endpoint, secret = create(merchant, now)

        with pytest.raises(InvalidSetting):
            services.rotate_secret(
                merchant=merchant,
                livemode=True,
                endpoint_id=endpoint.public_id,
                rotation=Rotation(overlap=timedelta(days=8)),
                now=now,
            )

        endpoint.refresh_from_db()
        assert endpoint.secrets_at(now) == [secret]


class TestFigures:
    def rate(self, merchant, now):
        endpoints = selectors.list_endpoints(merchant=merchant, livemode=False)
        return selectors.with_figures(endpoints, now=now).values_list("success_rate", "last_delivery_at").get()

    def test_without_a_finished_delivery_there_is_no_rate(self, endpoint, delivery, merchant, now):
        assert self.rate(merchant, now) == (None, None)

    def test_the_rate_is_the_share_of_finished_ones_that_arrived(self, endpoint, happen, merchant, now):
        for _ in range(4):
            happen()
        delivered = Delivery.objects.values_list("pk", flat=True)[:2]
        Delivery.objects.filter(pk__in=list(delivered)).update(
            status="delivered", next_attempt_at=None, delivered_at=now
        )
        failed = Delivery.objects.filter(status="pending").values_list("pk", flat=True)[:1]
        Delivery.objects.filter(pk__in=list(failed)).update(status="failed", next_attempt_at=None)

        rate, last = self.rate(merchant, now=Delivery.objects.first().created_at)

        assert str(rate) == "66.7"
        assert last == now

    def test_what_is_older_than_thirty_days_does_not_count(self, endpoint, delivery, merchant, now):
        Delivery.objects.update(status="failed", next_attempt_at=None, created_at=now - timedelta(days=30, seconds=1))
        assert self.rate(merchant, now)[0] is None

        Delivery.objects.update(created_at=now - timedelta(days=29))
        assert str(self.rate(merchant, now)[0]) == "0.0"


def test_of_what_waits_no_more_is_read_than_is_due_first(endpoint, happen, now, monkeypatch):
    monkeypatch.setattr(selectors, "WATCHED", 2)
    for _ in range(2):
        happen()
    all_of_it = selectors.health_of(endpoint, now=now)
    happen()

    some_of_it = selectors.health_of(endpoint, now=now)

    oldest = Delivery.objects.earliest("created_at").created_at
    assert (some_of_it.waiting, some_of_it.oldest_at, some_of_it.may_more_wait) == (2, oldest, True)
    assert all_of_it.oldest_at == oldest


def test_a_deleted_endpoint_is_not_found_and_its_waiting_deliveries_are_given_up(endpoint, delivery, merchant, now):
    services.delete_endpoint(merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, now=now)

    with pytest.raises(EndpointNotFound):
        selectors.get_endpoint(merchant=merchant, livemode=False, public_id=endpoint.public_id)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.failure) == ("failed", "The endpoint was deleted.")
    assert public_id("whe", uuid7()) != endpoint.public_id
