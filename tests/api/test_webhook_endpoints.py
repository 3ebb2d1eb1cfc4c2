"""Webhook endpoints through the API; tests of printed examples carry the heading they stand under."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.exact_json import timestamp
from core.ids import uuid7
from events.outbox import Happening, dispatch, emit
from merchants.services import Grant, KeyOrder, create_api_key
from tests.api.signed_up import Api, signed_up
from tests.webhooks.receiver import Receiver, serve
from webhooks import services
from webhooks.models import Delivery, WebhookEndpoint

pytestmark = pytest.mark.django_db

EXAMPLE = {
    "url": "https://merchant.com/webhook",
    "events": ["invoice.paid", "payment.detected", "invoice.expired"],
    "secret": "whsec_abc123...",
    "allowed_ips": ["192.168.1.100", "10.0.0.0/8"],
    "max_retries": 5,
    "retry_backoff": "exponential",
    "timeout": 30,
    "enabled": True,
}


@pytest.fixture
def account(db):
    return signed_up(timezone.now())


@pytest.fixture
def api(account) -> Api:
    return Api(account.api_key)


@pytest.fixture
def test_api(account) -> Api:
    return Api(account.test_api_key)


@pytest.fixture
def receiver(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    server = serve(receiver)
    yield receiver
    server.shutdown()
    server.server_close()


def create(api, **changes) -> dict:
    status, endpoint = api.post("/webhook-endpoints", {**EXAMPLE, **changes})
    assert status == 201, endpoint
    return endpoint


def happen(account, event_type="invoice.paid", livemode=True):
    event = emit(Happening(event_type, account.merchant.pk, livemode, {"n": 1}, invoice_id=uuid7()))
    dispatch()
    event.refresh_from_db()
    return event


class TestCreateWebhookEndpoint:
    def test_seed1_create_webhook_endpoint_and_seed2_configure_it(self, api):
        status, endpoint = api.post("/webhook-endpoints", EXAMPLE)

        assert status == 201
        assert endpoint["id"].startswith("whe_")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", endpoint["created_at"])
        printed = {key: value for key, value in EXAMPLE.items() if key != "secret"} | {"status": "active"}
        assert {key: endpoint[key] for key in printed} == printed
        assert endpoint["secret"] == "whsec_***..."

    def test_a_given_secret_is_masked_by_all_but_its_last_three(self, api):
        endpoint = create(api, secret="whsec_abc123")

        assert endpoint["secret"] == "whsec_***123"

    def test_a_made_secret_is_shown_this_once(self, api):
        status, endpoint = api.post("/webhook-endpoints", {"url": EXAMPLE["url"], "events": ["*"]})

        assert status == 201
        assert endpoint["secret"] == WebhookEndpoint.objects.get().secret
        _, again = api.get(f"/webhook-endpoints/{endpoint['id']}")
        assert again["secret"] == "whsec_***" + endpoint["secret"][-3:]

    def test_sent_twice_with_one_idempotency_key_it_is_one_endpoint_with_one_secret(self, api):
        body = {"url": EXAMPLE["url"], "events": ["*"]}

        answers = [api.post("/webhook-endpoints", body, **{"idempotency-key": "setup_1"}) for _ in range(2)]

        assert answers[0] == answers[1]
        assert WebhookEndpoint.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"url": "http://merchant.com/webhook"}, "INVALID_WEBHOOK_URL", "url"),
            ({"url": "https://user:pass@merchant.com/"}, "INVALID_WEBHOOK_URL", "url"),
            ({"url": "https://10.0.0.1/webhook"}, "INVALID_WEBHOOK_URL", "url"),
            ({"url": "https://localhost/webhook"}, "INVALID_WEBHOOK_URL", "url"),
            ({"url": "javascript:alert(1)"}, "INVALID_WEBHOOK_URL", "url"),
            ({"url": 5}, "INVALID_TYPE", "url"),
            ({"events": []}, "UNKNOWN_EVENT_TYPE", "events"),
            ({"events": ["invoice.paid", "invoice.eaten"]}, "UNKNOWN_EVENT_TYPE", "events[1]"),
            ({"events": "invoice.paid"}, "INVALID_TYPE", "events"),
            ({"secret": "short"}, "INVALID_WEBHOOK_SETTING", "secret"),
            ({"secret": "has\0nul-in-it"}, "INVALID_TEXT", "secret"),
            ({"allowed_ips": ["10.0.0.0/8", "nonsense"]}, "INVALID_WEBHOOK_SETTING", "allowed_ips[1]"),
            ({"max_retries": 11}, "INVALID_WEBHOOK_SETTING", "max_retries"),
            ({"max_retries": True}, "INVALID_TYPE", "max_retries"),
            ({"retry_backoff": "sometimes"}, "INVALID_WEBHOOK_SETTING", "retry_backoff"),
            ({"timeout": 31}, "INVALID_WEBHOOK_SETTING", "timeout"),
            ({"timeout": Decimal("1.5")}, "INVALID_TYPE", "timeout"),
            ({"colour": "red"}, "UNKNOWN_FIELD", "colour"),
        ],
    )
    def test_what_cannot_be_is_refused_with_its_field(self, api, changes, code, field):
        status, answer = api.post("/webhook-endpoints", {**EXAMPLE, **changes})

        assert (status, answer["error"]["code"], answer["error"]["field"]) == (422, code, field)
        assert answer["error"]["type"] == "validation_error"
        assert WebhookEndpoint.objects.count() == 0

    def test_the_plan_limits_how_many(self, api):
        for _ in range(5):
            create(api)

        status, answer = api.post("/webhook-endpoints", EXAMPLE)

        assert (status, answer["error"]["code"]) == (409, "PLAN_LIMIT_REACHED")
        assert WebhookEndpoint.objects.count() == 5


class TestListWebhookEndpoints:
    def test_seed1_list_webhook_endpoints(self, api, account):
        endpoint = create(api)
        moment = timezone.now()
        for status in ("delivered", "delivered", "failed"):
            happen(account)
            Delivery.objects.filter(status="pending").update(
                status=status, next_attempt_at=None, delivered_at=moment if status == "delivered" else None
            )

        status, answer = api.get("/webhook-endpoints?status=active")

        assert status == 200
        [listed] = answer["webhook_endpoints"]
        assert {key: listed[key] for key in ("id", "url", "events", "status", "enabled", "created_at")} == {
            "id": endpoint["id"],
            "url": EXAMPLE["url"],
            "events": EXAMPLE["events"],
            "status": "active",
            "enabled": True,
            "created_at": endpoint["created_at"],
        }
        assert listed["success_rate"] == Decimal("66.7")
        assert listed["last_delivery_at"] == timestamp(moment)

    def test_the_status_filters(self, api):
        active, disabled = create(api), create(api, enabled=False)

        def ids(status):
            return [each["id"] for each in api.get(f"/webhook-endpoints?status={status}")[1]["webhook_endpoints"]]

        assert ids("active") == [active["id"]]
        assert ids("disabled") == [disabled["id"]]
        assert api.get("/webhook-endpoints?status=asleep")[0] == 422

    def test_pages_go_from_the_newest_to_the_oldest(self, api):
        made = [create(api)["id"] for _ in range(3)]

        _, first = api.get("/webhook-endpoints?limit=2")
        _, second = api.get(f"/webhook-endpoints?limit=2&cursor={first['pagination']['next_cursor']}")

        listed = [each["id"] for page in (first, second) for each in page["webhook_endpoints"]]
        assert listed == made[::-1]
        assert first["pagination"]["total"] == 3
        assert second["pagination"]["has_more"] is False

    def test_nobody_sees_the_endpoints_of_others_or_of_the_other_mode(self, api, test_api):
        endpoint = create(api)
        stranger = Api(signed_up(timezone.now(), email="other@example.com").api_key)

        for other in (test_api, stranger):
            assert other.get("/webhook-endpoints")[1]["webhook_endpoints"] == []
            for method, path in (
                ("GET", ""),
                ("PATCH", ""),
                ("DELETE", ""),
                ("POST", "/test"),
                ("POST", "/rotate-secret"),
                ("GET", "/deliveries"),
            ):
                status, answer = other.call(
                    method, f"/webhook-endpoints/{endpoint['id']}{path}", {} if method in {"PATCH", "POST"} else None
                )
                assert (status, answer["error"]["code"]) == (404, "WEBHOOK_ENDPOINT_NOT_FOUND"), (method, path)
        assert WebhookEndpoint.objects.get().deleted_at is None


class TestUpdateWebhookEndpoint:
    def test_seed1_update_webhook_endpoint(self, api):
        endpoint = create(api)

        status, answer = api.patch(
            f"/webhook-endpoints/{endpoint['id']}",
            {"events": ["invoice.paid", "invoice.cancelled"], "enabled": True, "max_retries": 3},
        )

        assert status == 200
        assert (answer["events"], answer["enabled"], answer["max_retries"]) == (
            ["invoice.paid", "invoice.cancelled"],
            True,
            3,
        )
        assert (answer["timeout"], answer["url"]) == (30, EXAMPLE["url"])

    def test_disabling_says_so(self, api):
        endpoint = create(api)

        _, answer = api.patch(f"/webhook-endpoints/{endpoint['id']}", {"enabled": False})

        assert (answer["status"], answer["enabled"], answer["disabled_reason"]) == ("disabled", False, "by_merchant")

    def test_an_empty_change_changes_nothing(self, api):
        endpoint = create(api)

        status, answer = api.patch(f"/webhook-endpoints/{endpoint['id']}", {})

        assert status == 200
        assert {**answer, "secret": ""} == {**endpoint, "secret": ""}

    @pytest.mark.parametrize("changes", [{"events": []}, {"url": "nowhere"}, {"enabled": None}, {"secret": "x" * 20}])
    def test_what_cannot_be_is_refused(self, api, changes):
        endpoint = create(api)

        status, _ = api.patch(f"/webhook-endpoints/{endpoint['id']}", changes)

        assert status == 422


def test_seed1_delete_webhook_endpoint(api):
    endpoint = create(api)

    status, answer = api.delete(f"/webhook-endpoints/{endpoint['id']}")

    assert (status, answer) == (200, {"id": endpoint["id"], "deleted": True})
    assert api.get(f"/webhook-endpoints/{endpoint['id']}")[0] == 404
    assert api.get("/webhook-endpoints")[1]["webhook_endpoints"] == []


class TestTestWebhookEndpoint:
    def test_seed1_test_webhook_endpoint(self, test_api, receiver):
        endpoint = create(test_api, url=receiver.url(), allowed_ips=[])

        status, answer = test_api.post(f"/webhook-endpoints/{endpoint['id']}/test")

        assert status == 200
        assert answer["test_id"].startswith("test_")
        assert (answer["status"], answer["response_code"]) == ("delivered", 200)
        assert isinstance(answer["response_time_ms"], int)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["delivered_at"])
        assert [request.headers["X-Crypto-Checkout-Event"] for request in receiver.requests] == ["webhook.test"]

    def test_a_receiver_that_fails_is_an_answer_and_no_error(self, test_api, receiver):
        endpoint = create(test_api, url=receiver.url(), allowed_ips=[])
        receiver.status = 500

        status, answer = test_api.post(f"/webhook-endpoints/{endpoint['id']}/test")

        assert (status, answer["status"], answer["response_code"], answer["delivered_at"]) == (200, "failed", 500, None)


class TestGetWebhookDeliveries:
    def test_seed1_get_webhook_deliveries(self, test_api, account, receiver):
        endpoint = create(test_api, url=receiver.url(), allowed_ips=[])
        happen(account, livemode=False)
        delivery = Delivery.objects.get()
        services.deliver(delivery_id=delivery.pk, now=timezone.now())

        status, answer = test_api.get(f"/webhook-endpoints/{endpoint['id']}/deliveries?limit=50")

        assert status == 200
        [listed] = answer["deliveries"]
        delivery.refresh_from_db()
        expected = {
            "id": delivery.public_id,
            "event_type": "invoice.paid",
            "status": "delivered",
            "attempts": 1,
            "response_code": 200,
            "delivered_at": timestamp(delivery.delivered_at),
            "created_at": timestamp(delivery.created_at),
        }
        assert {key: listed[key] for key in expected} == expected
        assert listed["invoice_id"].startswith("inv_")

    def test_filters_and_pages(self, api, account):
        endpoint = create(api, events=["*"])
        for event_type in ("invoice.created", "payment.detected", "invoice.paid"):
            happen(account, event_type)

        path = f"/webhook-endpoints/{endpoint['id']}/deliveries"
        assert len(api.get(f"{path}?event_type=invoice.paid")[1]["deliveries"]) == 1
        assert api.get(f"{path}?status=delivered")[1]["deliveries"] == []
        _, first = api.get(f"{path}?limit=2")
        assert first["pagination"]["has_more"] is True
        assert api.get(f"{path}?limit=101")[0] == 422
        assert api.get(f"{path}?cursor=tampered")[0] == 422

    def test_a_delivery_shows_each_attempt_and_what_was_sent(self, test_api, account, receiver):
        endpoint = create(test_api, url=receiver.url(), allowed_ips=[])
        event = happen(account, livemode=False)
        receiver.status, receiver.text = 500, "out of order"
        services.deliver(delivery_id=Delivery.objects.get().pk, now=timezone.now())
        delivery = Delivery.objects.get()

        status, answer = test_api.get(f"/webhook-endpoints/{endpoint['id']}/deliveries/{delivery.public_id}")

        assert status == 200
        assert answer["payload"]["id"] == event.public_id
        assert answer["next_attempt_at"] == timestamp(delivery.next_attempt_at)
        [attempt] = answer["history"]
        assert (attempt["number"], attempt["response_code"], attempt["response"]) == (1, 500, "out of order")
        assert test_api.get(f"/webhook-endpoints/{endpoint['id']}/deliveries/whd_nonsense")[0] == 404

    def test_redeliver_makes_it_due_again(self, test_api, account, receiver):
        endpoint = create(test_api, url=receiver.url(), allowed_ips=[])
        happen(account, livemode=False)
        delivery = Delivery.objects.get()
        services.deliver(delivery_id=delivery.pk, now=timezone.now())

        status, answer = test_api.post(f"/webhook-endpoints/{endpoint['id']}/deliveries/{delivery.public_id}/redeliver")
        assert (status, answer["status"]) == (202, "pending")
        services.deliver(delivery_id=delivery.pk, now=timezone.now())

        first, second = receiver.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]

    def test_replay_sends_a_period_again(self, api, account):
        event = happen(account)
        endpoint = create(api)

        period = {"from": timestamp(event.created_at), "to": timestamp(event.created_at + timedelta(seconds=2))}
        status, answer = api.post(f"/webhook-endpoints/{endpoint['id']}/replay", period)

        assert (status, answer["replayed"]) == (202, 1)
        delivery = Delivery.objects.get()
        assert delivery.event == event
        path = f"/webhook-endpoints/{endpoint['id']}/replays/{answer['replay']['id']}"
        figures = ("status", "total", "waiting", "delivered", "failed", "percent")
        assert [api.get(path)[1][name] for name in figures] == ["running", 1, 1, 0, 0, 0]
        Delivery.objects.update(status="delivered", next_attempt_at=None, delivered_at=timezone.now())
        assert [api.get(path)[1][name] for name in figures] == ["completed", 1, 0, 1, 0, 100]
        assert api.get(path[:-1])[1]["error"]["code"] == "WEBHOOK_REPLAY_NOT_FOUND"

    def test_replays_are_listed_the_newest_first_each_with_how_far_it_is(self, api, account):
        event = happen(account)
        endpoint, other = create(api), create(api)
        period = {"from": timestamp(event.created_at), "to": timestamp(event.created_at + timedelta(seconds=2))}
        first, second, _elsewhere = (
            api.post(f"/webhook-endpoints/{each['id']}/replay", period)[1]["replay"]
            for each in (endpoint, endpoint, other)
        )

        status, answer = api.get(f"/webhook-endpoints/{endpoint['id']}/replays")

        assert (status, answer["replays"]) == (200, [second, first])
        assert answer["pagination"]["total"] == 2

    def test_a_replay_that_makes_no_sense_is_refused(self, api):
        endpoint = create(api)
        path = f"/webhook-endpoints/{endpoint['id']}/replay"
        now = timestamp(datetime.now(UTC))

        assert api.post(path, {"from": now, "to": now})[1]["error"]["code"] == "INVALID_REPLAY_PERIOD"
        assert api.post(path, {"from": now})[1]["error"]["field"] == "to"
        assert api.post(path, {"from": "yesterday", "to": now})[0] == 422


class TestRotateSecret:
    def test_the_new_secret_is_shown_once_and_the_old_one_lives_on(self, api):
        endpoint = create(api, secret="whsec_abc123")

        status, answer = api.post(f"/webhook-endpoints/{endpoint['id']}/rotate-secret", {"overlap_seconds": 3600})

        assert status == 200
        assert answer["secret"].startswith("whsec_")
        assert "***" not in answer["secret"]
        stored = WebhookEndpoint.objects.get()
        assert stored.secrets_at(timezone.now()) == [answer["secret"], "whsec_abc123"]
        assert answer["previous_secret_expires_at"] == timestamp(stored.previous_expires_at)

    @pytest.mark.parametrize("overlap", [-1, 604_801, "long"])
    def test_an_overlap_out_of_range_is_refused(self, api, overlap):
        endpoint = create(api)

        status, answer = api.post(f"/webhook-endpoints/{endpoint['id']}/rotate-secret", {"overlap_seconds": overlap})

        assert (status, answer["error"]["field"]) == (422, "overlap_seconds")


def test_without_the_permission_nothing_is_told(account):
    _, key = create_api_key(
        merchant=account.merchant,
        order=KeyOrder(name="reader", livemode=True, permissions=["invoices:read"]),
        grant=Grant(livemode=True, permissions=("*",)),
        now=timezone.now(),
    )

    status, answer = Api(key).get("/webhook-endpoints")

    assert (status, answer["error"]["code"]) == (403, "INSUFFICIENT_SCOPE")
    assert answer["error"]["constraints"] == {"required_scope": "webhooks:manage"}


def test_without_a_key_nothing_is_told():
    assert Api().get("/webhook-endpoints")[0] == 401


class TestAllDeliveries:
    def test_what_was_given_up_is_listed_whoever_was_to_get_it_and_sent_again_by_its_id(self, api, account, receiver):
        create(api)
        happen(account)
        delivery = Delivery.objects.get()
        Delivery.objects.update(status="failed", next_attempt_at=None, failure="The receiver answered 500.")

        status, answer = api.get("/webhook-deliveries?status=failed")
        assert (status, [each["id"] for each in answer["deliveries"]]) == (200, [delivery.public_id])
        status, answer = api.post(f"/webhook-deliveries/{delivery.public_id}/redeliver")

        assert (status, answer["status"]) == (202, "pending")
        assert api.get("/webhook-deliveries?status=failed")[1]["deliveries"] == []
