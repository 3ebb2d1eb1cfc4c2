"""Sending: to a real server, once, again after failures, and never in each other's way."""

import threading
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.db import close_old_connections, connection
from standardwebhooks import Webhook

from core import http
from events.models import Event
from merchants import selectors as merchants
from tests.webhooks.conftest import NOW
from webhooks import services
from webhooks.models import Attempt, Delivery, WebhookEndpoint
from webhooks.services import EndpointChanges, delivering
from webhooks.services.delivering import Claim
from webhooks.states import DeliveryStatus, DisabledReason

pytestmark = pytest.mark.django_db


def send_all(now=NOW) -> list[bool]:
    return [services.attempt(claim=claim) for claim in services.claim_due(now=now)]


class TestSuccess:
    def test_seed2_webhook_headers_and_a_signature_the_receiver_can_check(self, delivery, endpoint, receiver, now):
        assert services.deliver(delivery_id=delivery.pk, now=now) is True

        [request] = receiver.requests
        assert request.path == "/webhook"
        assert request.body.decode() == delivery.body
        assert request.headers["X-Crypto-Checkout-Webhook-Id"] == delivery.message_id
        assert request.headers["X-Crypto-Checkout-Event"] == "invoice.paid"
        assert request.headers["X-Crypto-Checkout-Timestamp"] == str(int(now.timestamp()))
        expected = Webhook(endpoint.secret).sign(delivery.message_id, now, request.body.decode())
        assert request.headers["webhook-signature"] == expected

    def test_it_is_delivered_with_its_attempt_on_record(self, delivery, now):
        services.deliver(delivery_id=delivery.pk, now=now)

        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts, delivery.response_code) == ("delivered", 1, 200)
        assert delivery.next_attempt_at is None
        assert delivery.lease_token is None
        assert delivery.delivered_at >= now
        attempt = Attempt.objects.get()
        assert (attempt.number, attempt.started_at, attempt.response_code) == (1, now, 200)
        assert (attempt.response, attempt.error) == ("thanks", "")

    def test_what_is_delivered_is_not_sent_again(self, delivery, receiver, now):
        assert [services.deliver(delivery_id=delivery.pk, now=now) for _ in range(3)] == [True, False, False]

        assert len(receiver.requests) == 1

    def test_a_long_answer_is_kept_to_its_first_kilobyte(self, delivery, receiver, now):
        receiver.text = "é\0" * 5000

        services.deliver(delivery_id=delivery.pk, now=now)

        kept = Attempt.objects.get().response
        assert len(kept.encode()) <= 1024
        assert kept.startswith("é\ufffdé")

    def test_an_invoices_own_url_is_signed_with_the_merchants_secret(self, merchant, receiver, happen, now):
        happen("invoice.created", webhook_url=receiver.url("/hook"))

        assert send_all() == [True]

        [request] = receiver.requests
        secret = merchants.webhook_secret(merchant_id=merchant.pk, livemode=False)
        assert request.path == "/hook"
        assert request.headers["webhook-signature"] == Webhook(secret).sign(
            request.headers["webhook-id"], now, request.body.decode()
        )

    def test_during_a_rotation_the_old_and_the_new_secret_both_verify(
        self, delivery, endpoint, merchant, receiver, now
    ):
        old = endpoint.secret
        _, new = services.rotate_secret(
            merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, rotation=services.Rotation(), now=now
        )

        services.deliver(delivery_id=delivery.pk, now=now)

        [request] = receiver.requests
        body = request.body.decode()
        assert request.headers["webhook-signature"].split(" ") == [
            Webhook(secret).sign(delivery.message_id, now, body) for secret in (new, old)
        ]

    def test_after_the_overlap_the_old_secret_signs_no_more(self, delivery, endpoint, merchant, receiver, now):
        services.rotate_secret(
            merchant=merchant,
            livemode=False,
            endpoint_id=endpoint.public_id,
            rotation=services.Rotation(overlap=timedelta(hours=1)),
            now=now - timedelta(hours=1),
        )

        services.deliver(delivery_id=delivery.pk, now=now)

        assert " " not in receiver.requests[0].headers["webhook-signature"]


class TestFailure:
    @pytest.mark.parametrize("status", [301, 404, 429, 500])
    def test_anything_but_2xx_is_tried_again(self, delivery, receiver, now, status):
        receiver.status = status
        receiver.headers = {"Location": receiver.url("/elsewhere")}

        assert services.deliver(delivery_id=delivery.pk, now=now) is False

        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts, delivery.response_code) == ("pending", 1, status)
        assert receiver.paths() == ["/webhook"]

    def test_retries_follow_the_schedule_with_jitter_and_then_it_is_given_up(self, make_endpoint, happen, receiver):
        endpoint = make_endpoint(max_retries=3)
        delivery = Delivery.objects.get(event=happen())
        receiver.status = 500
        now, pauses = NOW, []

        while (delivery := Delivery.objects.get(pk=delivery.pk)).status == DeliveryStatus.PENDING:
            assert services.deliver(delivery_id=delivery.pk, now=now) is False
            delivery.refresh_from_db()
            if delivery.next_attempt_at:
                pauses.append((delivery.next_attempt_at - now).total_seconds())
                now = delivery.next_attempt_at

        assert [10 <= pauses[0] <= 12, 60 <= pauses[1] <= 67, 300 <= pauses[2] <= 331, len(pauses)] == [
            True,
            True,
            True,
            3,
        ]
        assert (delivery.status, delivery.attempts) == ("failed", 4)
        assert delivery.failure == "The receiver answered 500."
        assert endpoint.max_retries == 3

    def test_before_its_time_it_is_not_sent(self, delivery, receiver, now):
        receiver.status = 500
        services.deliver(delivery_id=delivery.pk, now=now)

        assert services.deliver(delivery_id=delivery.pk, now=now + timedelta(seconds=9)) is False
        assert send_all(now + timedelta(seconds=9)) == []

        assert len(receiver.requests) == 1

    def test_over_retries_the_id_and_the_bytes_stay_and_the_timestamp_moves(self, delivery, receiver, now):
        receiver.status = 500
        services.deliver(delivery_id=delivery.pk, now=now)
        receiver.status = 200

        later = now + timedelta(minutes=1)
        assert services.deliver(delivery_id=delivery.pk, now=later) is True

        first, second = receiver.requests
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.headers["webhook-timestamp"] == str(int(now.timestamp()))
        assert second.headers["webhook-timestamp"] == str(int(later.timestamp()))
        assert list(Attempt.objects.order_by("number").values_list("number", "response_code")) == [(1, 500), (2, 200)]

    def test_what_an_older_version_wrote_is_sent_byte_for_byte_each_time(self, delivery, receiver, now):
        written = '{"total": 16.490, "data" :{"title":"Caf\u00e9 \\u00e9"},  "gone": null}'
        Delivery.objects.filter(pk=delivery.pk).update(body=written)
        receiver.status = 500

        services.deliver(delivery_id=delivery.pk, now=now)
        services.deliver(delivery_id=delivery.pk, now=now + timedelta(minutes=1))

        assert [each.body for each in receiver.requests] == [written.encode()] * 2

    @pytest.mark.parametrize(("wish", "pause"), [(7200, 7200), (1, 10)])
    def test_retry_after_is_honoured_when_it_is_longer_than_the_pause(self, delivery, receiver, now, wish, pause):
        receiver.status, receiver.headers = 503, {"Retry-After": str(wish)}

        services.deliver(delivery_id=delivery.pk, now=now)

        delivery.refresh_from_db()
        assert timedelta(0) <= delivery.next_attempt_at - now - timedelta(seconds=pause) < timedelta(minutes=1)

    def test_without_retries_one_failure_is_the_end(self, make_endpoint, happen, receiver, now):
        make_endpoint(max_retries=0)
        delivery = Delivery.objects.get(event=happen())
        receiver.status = 500

        services.deliver(delivery_id=delivery.pk, now=now)

        delivery.refresh_from_db()
        assert (delivery.status, delivery.next_attempt_at) == ("failed", None)

    def test_a_receiver_that_is_not_there_is_a_failure_with_a_reason(self, delivery, endpoint, now):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url="http://127.0.0.1:9/nobody")

        assert services.deliver(delivery_id=delivery.pk, now=now) is False

        attempt = Attempt.objects.get()
        assert attempt.response_code is None
        assert attempt.error != ""

    def test_private_networks_are_refused_unless_the_operator_allows_them(self, delivery, receiver, now, settings):
        settings.OUTBOUND_ALLOWED_NETWORKS = []

        assert services.deliver(delivery_id=delivery.pk, now=now) is False

        assert receiver.requests == []
        assert Attempt.objects.get().error != ""

    def test_a_host_outside_allowed_ips_is_not_told(self, make_endpoint, happen, receiver, now):
        make_endpoint(allowed_ips=["192.168.1.100", "10.0.0.0/8"])
        delivery = Delivery.objects.get(event=happen())

        assert services.deliver(delivery_id=delivery.pk, now=now) is False

        assert receiver.requests == []

    def test_a_host_inside_allowed_ips_is_told(self, make_endpoint, happen, receiver, now):
        make_endpoint(allowed_ips=["127.0.0.0/8"])
        delivery = Delivery.objects.get(event=happen())

        assert services.deliver(delivery_id=delivery.pk, now=now) is True


class TestDisabling:
    def test_410_disables_the_endpoint_gives_up_what_waits_and_tells_the_owners(
        self, endpoint, happen, receiver, merchant, now
    ):
        first, second = Delivery.objects.get(event=happen()), Delivery.objects.get(event=happen())
        receiver.status = 410

        services.deliver(delivery_id=first.pk, now=now)

        endpoint.refresh_from_db()
        assert (endpoint.enabled, endpoint.disabled_reason) == (False, DisabledReason.GONE)
        assert set(Delivery.objects.values_list("pk", "status", "attempts")) == {
            (first.pk, "failed", 1),
            (second.pk, "failed", 0),
        }
        assert services.tell_owners() == 1
        assert services.tell_owners() == 0
        [message] = mail.outbox
        assert message.recipients() == ["admin@acmevpn.com"]

    def test_five_days_of_nothing_but_failures_disable_it(self, make_endpoint, happen, receiver, now):
        endpoint = make_endpoint(max_retries=10)
        delivery = Delivery.objects.get(event=happen())
        receiver.status = 500
        services.deliver(delivery_id=delivery.pk, now=now)
        endpoint.refresh_from_db()
        assert endpoint.failing_since is not None

        services.deliver(delivery_id=delivery.pk, now=now + timedelta(days=4, hours=23))
        endpoint.refresh_from_db()
        assert endpoint.enabled is True
        services.deliver(delivery_id=delivery.pk, now=now + timedelta(days=6))

        endpoint.refresh_from_db()
        assert endpoint.disabled_reason == DisabledReason.FAILING
        assert services.tell_owners() == 1

    def test_an_hour_of_failures_is_told_once_and_again_after_a_success(self, make_endpoint, happen, receiver, now):
        endpoint = make_endpoint(max_retries=10)
        told = Event.objects.filter(type="webhook_endpoint.failing", object_id=endpoint.public_id)
        counts = []
        for status, hours in [(500, 0), (500, 0.9), (500, 1.1), (500, 2), (200, 3), (500, 4), (500, 4.5), (500, 6)]:
            receiver.status = status
            at = now + timedelta(hours=hours)
            services.deliver(delivery_id=Delivery.objects.get(event=happen()).pk, now=at)
            counts.append(told.count())

        assert counts == [0, 0, 1, 1, 1, 1, 1, 2]
        assert told[0].data == {
            "id": endpoint.public_id,
            "url": endpoint.url,
            "last": "The receiver answered 500.",
        }

    def test_one_success_in_between_starts_the_five_days_anew(self, endpoint, happen, receiver, now):
        receiver.status = 500
        services.deliver(delivery_id=Delivery.objects.get(event=happen()).pk, now=now)
        receiver.status = 200
        services.deliver(delivery_id=Delivery.objects.get(event=happen()).pk, now=now + timedelta(days=3))
        receiver.status = 500
        services.deliver(delivery_id=Delivery.objects.get(event=happen()).pk, now=now + timedelta(days=6))

        endpoint.refresh_from_db()
        assert endpoint.enabled is True
        assert endpoint.failing_since >= now + timedelta(days=6)

    def test_what_the_merchant_disabled_is_not_sent_and_no_mail_goes_out(
        self, delivery, endpoint, merchant, receiver, now
    ):
        services.update_endpoint(
            merchant=merchant,
            livemode=False,
            endpoint_id=endpoint.public_id,
            changes=EndpointChanges(enabled=False),
        )

        assert services.deliver(delivery_id=delivery.pk, now=now) is False

        delivery.refresh_from_db()
        assert (delivery.status, delivery.failure) == ("failed", "The endpoint is disabled.")
        assert receiver.requests == []
        assert services.tell_owners() == 0
        assert mail.outbox == []

    def test_one_owed_in_the_moment_of_disabling_is_given_up_where_it_can_be_seen(self, delivery, endpoint, now):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_reason=DisabledReason.BY_MERCHANT)

        assert services.deliver(delivery_id=delivery.pk, now=now) is False

        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts) == ("failed", 0)


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_while_one_worker_sends_another_leaves_it_alone(self, delivery, receiver, now):
        second_worker = []

        def rival():
            second_worker.append(services.deliver(delivery_id=delivery.pk, now=now))
            second_worker.append(services.claim_due(now=now))
            connection.close()

        receiver.before = rival

        assert services.deliver(delivery_id=delivery.pk, now=now) is True

        assert second_worker == [False, []]
        assert len(receiver.requests) == 1

    def test_two_workers_that_claim_at_once_share_the_work_without_overlap(self, make_endpoint, happen, now):
        for path in "abcdef":
            make_endpoint(f"/{path}", events=["invoice.paid"]) if path != "f" else None
        happen()
        claims: list[list[Claim]] = []

        def worker():
            claims.append(services.claim_due(now=now))
            connection.close()

        threads = [threading.Thread(target=worker) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        keys = [claim.delivery_id for share in claims for claim in share]
        assert len(keys) == len(set(keys)) == 5

    def test_after_a_crash_between_sending_and_recording_it_is_sent_again_with_the_same_id(
        self, delivery, receiver, now, monkeypatch
    ):
        def die(*_, **__):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(delivering, "record", die)
            with pytest.raises(KeyboardInterrupt):
                services.deliver(delivery_id=delivery.pk, now=now)
        assert len(receiver.requests) == 1

        assert services.claim_due(now=now + timedelta(seconds=59)) == []  # the lease still holds
        assert send_all(now + timedelta(minutes=3)) == [True]

        first, second = receiver.requests
        assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts) == ("delivered", 1)

    def test_a_worker_whose_lease_lapsed_records_nothing(self, delivery, receiver, now):
        [stale] = services.claim_due(now=now)
        [fresh] = services.claim_due(now=now + timedelta(minutes=3))

        services.attempt(claim=stale)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts, Attempt.objects.count()) == ("pending", 0, 0)

        services.attempt(claim=fresh)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts, Attempt.objects.count()) == ("delivered", 1, 1)
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1

    def test_an_endpoint_gets_eight_at_once_and_the_others_wait(self, endpoint, happen, now):
        for _ in range(10):
            happen()

        assert [len(services.claim_due(now=now)) for _ in range(3)] == [8, 0, 0]

    def test_a_place_that_becomes_free_goes_to_the_next(self, endpoint, happen, now):
        for _ in range(9):
            happen()
        first, *others = services.claim_due(now=now)

        services.attempt(claim=first)

        [next_one] = services.claim_due(now=now)
        assert next_one.delivery_id not in {each.delivery_id for each in [first, *others]}

    def test_the_queue_of_one_endpoint_delays_no_other(self, make_endpoint, happen, now):
        make_endpoint("/busy", events=["invoice.created"])
        for _ in range(20):
            happen("invoice.created")
        services.claim_due(now=now)
        quiet = make_endpoint("/quiet", events=["invoice.paid"])
        happen("invoice.paid")

        [claim] = services.claim_due(now=now)

        assert Delivery.objects.get(pk=claim.delivery_id).endpoint == quiet

    def test_a_slow_endpoint_does_not_delay_another(self, make_endpoint, happen, receiver, now):
        make_endpoint("/slow", events=["invoice.paid"])
        make_endpoint("/fast", events=["invoice.paid"])
        receiver.held = {"/slow": threading.Event()}
        happen("invoice.paid")
        happen("invoice.paid")

        def work(claim):
            close_old_connections()
            services.attempt(claim=claim)
            connection.close()

        claims = services.claim_due(now=now)
        threads = [threading.Thread(target=work, args=[claim]) for claim in claims]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 20
        while Delivery.objects.filter(status="delivered").count() < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        first = list(Delivery.objects.filter(status="delivered"))
        receiver.held["/slow"].set()
        for thread in threads:
            thread.join()

        assert len(claims) == 4
        assert [each.url for each in first] == [receiver.url("/fast")] * 2
        assert Delivery.objects.filter(status="delivered").count() == 4

    def test_no_more_are_claimed_than_there_are_places_for(self, make_endpoint, happen, now):
        for path in ("/a", "/b"):
            make_endpoint(path)
        for _ in range(2):
            happen()

        # One merchant gets half of the free places, see test_sharing.
        assert [len(services.claim_due(now=now, free=6)) for _ in range(3)] == [3, 1, 0]

    def test_those_due_longest_go_first(self, make_endpoint, happen, now):
        make_endpoint("/a", events=["invoice.created"])
        make_endpoint("/b", events=["invoice.paid"])
        happen("invoice.paid")
        happen("invoice.created")

        [claim] = services.claim_due(now=now, free=1)

        assert Delivery.objects.get(pk=claim.delivery_id).event_type == "invoice.paid"


@pytest.mark.django_db(transaction=True)
def test_the_network_is_never_waited_for_inside_a_transaction(delivery, receiver, now, monkeypatch):
    in_transaction = []
    post = http.Client.post

    async def watched(*arguments, **options):
        in_transaction.append(connection.in_atomic_block)
        return await post(*arguments, **options)

    monkeypatch.setattr(http.Client, "post", watched)

    services.deliver(delivery_id=delivery.pk, now=now)

    assert in_transaction == [False]
