"""Once per Idempotency-Key, over the API."""

from threading import Barrier, Thread

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import IdempotencyKey
from events.models import Event
from merchants import services
from merchants.models import APIKey, Merchant
from tests.api.conftest import Api

ORDER = {"name": "Shop", "permissions": ["invoices:read"]}


def test_the_first_answer_is_repeated_and_the_work_is_done_once(api):
    first = api.post("/api-keys", ORDER, Idempotency_Key="order_789_attempt_1")
    second = api.post("/api-keys", ORDER, Idempotency_Key="order_789_attempt_1")

    assert (first.status, second.status) == (201, 201)
    assert second.body == first.body
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert APIKey.objects.filter(name="Shop").count() == 1
    assert Event.objects.filter(type="api_key.created", data__name="Shop").count() == 1


def test_an_answer_with_a_secret_is_kept_encrypted(api):
    answer = api.post("/api-keys", ORDER, Idempotency_Key="a")

    kept = IdempotencyKey.objects.get()
    assert kept.is_encrypted is True
    assert answer.body["key"] not in kept.body


def test_an_answer_without_one_is_kept_as_it_is(api):
    api.patch("/merchants/me", {"business_name": "New"}, Idempotency_Key="a")

    kept = IdempotencyKey.objects.get()
    assert (kept.is_encrypted, kept.status_code) == (False, 200)
    assert '"business_name":"New"' in kept.body


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api-keys", ORDER | {"name": "Other"}),
        ("POST", "/api-keys?x=1", ORDER),
        ("POST", "/merchants/me/rotate-webhook-secret", ORDER),
        ("PATCH", "/merchants/me", ORDER),
    ],
)
def test_another_request_with_the_same_key_is_refused(api, method, path, body):
    api.post("/api-keys", ORDER, Idempotency_Key="a")

    answer = api.send(method, path, body, Idempotency_Key="a")

    assert (answer.status, answer.body["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert APIKey.objects.count() == 3


def test_a_refusal_is_an_answer_too_and_is_kept(api):
    wrong = ORDER | {"permissions": ["nothing"]}

    first = api.post("/api-keys", wrong, Idempotency_Key="a")
    second = api.post("/api-keys", wrong, Idempotency_Key="a")

    assert (first.status, second.status) == (422, 422)
    assert second.body == first.body
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_failure_of_ours_is_forgotten_and_a_retry_starts_afresh(api, monkeypatch):
    def fail(**_):
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(services, "create_api_key", fail)
        first = api.post("/api-keys", ORDER, Idempotency_Key="a")

    second = api.post("/api-keys", ORDER, Idempotency_Key="a")

    assert (first.status, second.status) == (503, 201)
    assert "Idempotent-Replayed" not in second.headers


def test_what_was_written_before_a_refusal_is_undone(api, monkeypatch):
    real = services.create_api_key

    def write_then_refuse(**order):
        real(**order)
        raise services.keys.APIKeyInactive

    monkeypatch.setattr(services, "create_api_key", write_then_refuse)

    answer = api.post("/api-keys", ORDER, Idempotency_Key="a")

    assert answer.status == 409
    assert APIKey.objects.count() == 2
    assert IdempotencyKey.objects.get().status_code == 409


@pytest.mark.parametrize("key", ["", "a" * 256, "with space", "é", "tab\there"])
def test_a_key_has_1_to_255_visible_characters(api, key):
    answer = api.post("/api-keys", ORDER, Idempotency_Key=key)

    assert (answer.status, answer.body["error"]["code"]) == (422, "INVALID_IDEMPOTENCY_KEY")
    assert APIKey.objects.count() == 2
    assert api.post("/api-keys", ORDER, Idempotency_Key="a" * 255).status == 201


def test_each_merchant_and_each_mode_has_keys_of_its_own(api, test_api):
    other = services.sign_up(
        request=services.SignUp(business_name="Other", contact_email="other@example.com"), now=timezone.now()
    )

    answers = [each.post("/api-keys", ORDER, Idempotency_Key="a") for each in (api, test_api, Api(other.api_key))]

    assert [answer.status for answer in answers] == [201, 201, 201]
    assert len({answer.body["id"] for answer in answers}) == 3


def test_whoever_is_not_known_is_not_listened_to(anybody):
    assert Api("sk_live_" + "0" * 32).post("/api-keys", ORDER, Idempotency_Key="a").status == 401

    sign_up = {"business_name": "Acme", "contact_email": "a@example.com"}
    for _ in range(2):
        assert anybody.post("/merchants", sign_up, Idempotency_Key="a").status == 201

    assert Merchant.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


def test_reading_needs_no_key(api):
    api.get("/api-keys", Idempotency_Key="a")

    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_do_the_work_once():
    account = services.sign_up(
        request=services.SignUp(business_name="Acme", contact_email="a@example.com", plan_type="pro"),
        now=timezone.now(),
    )
    start, answers = Barrier(4), []

    def call():
        api = Api(account.api_key)
        start.wait()
        answers.append(api.post("/api-keys", ORDER, Idempotency_Key="a"))
        connection.close()

    threads = [Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert APIKey.objects.filter(name="Shop").count() == 1
    assert [answer.status for answer in answers] == [201] * 4
    assert len({answer.body["id"] for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == ["", "true", "true", "true"]


def test_what_the_first_request_did_is_no_reason_to_refuse_it_when_it_is_repeated(api):
    made = api.post("/api-keys", ORDER)
    rotate = f"/api-keys/{made.body['id']}/rotate"
    first = api.post(rotate, {"overlap_seconds": 0}, Idempotency_Key="a")

    second = api.post(rotate, {"overlap_seconds": 0}, Idempotency_Key="a")
    afresh = api.post(rotate, {"overlap_seconds": 0}, Idempotency_Key="b")

    assert (first.status, second.status, afresh.status) == (201, 201, 409)
    assert second.body == first.body


def test_a_repeated_request_is_answered_also_when_a_new_one_could_not_be(api, monkeypatch):
    first = api.post("/api-keys", ORDER, Idempotency_Key="a")

    def fail(**_):
        raise OperationalError("away")

    monkeypatch.setattr(services, "create_api_key", fail)

    assert api.post("/api-keys", ORDER, Idempotency_Key="a").body == first.body
    assert api.post("/api-keys", ORDER, Idempotency_Key="b").status == 503


def test_a_process_that_dies_in_the_middle_leaves_nothing_to_wait_for(api, monkeypatch):
    real = services.create_api_key

    def die(**order):
        real(**order)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(services, "create_api_key", die)
        with pytest.raises(SystemExit):
            api.post("/api-keys", ORDER, Idempotency_Key="a")

    assert not IdempotencyKey.objects.exists()
    assert api.post("/api-keys", ORDER, Idempotency_Key="a").status == 201
    assert APIKey.objects.filter(name="Shop").count() == 1


def test_a_request_with_a_key_costs_one_statement_more(api):
    api.post("/api-keys", ORDER)

    def statements(**headers):
        with CaptureQueriesContext(connection) as asked:
            api.post("/api-keys", ORDER, **headers)
        return len(asked)

    assert statements(Idempotency_Key="a") == statements() + 1
