"""The hand-written part of the Python client, against a gateway that answers as it is told to."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crypto_checkout import Checkout, errors, models, transport, webhooks
from crypto_checkout.decoding import Model, decode, loads
from tests.clients.gateway import scripted
from webhooks import signing

BODY = b'{"id":"evt_1","event":"invoice.paid","api_version":"v1","created_at":"2026-01-15T10:00:00Z","livemode":false,\
"data":{"total_received":16.490000000000000001,"confirmations":3}}'
SECRET = signing.new_secret()


@pytest.fixture
def gateway(monkeypatch):
    monkeypatch.setattr(transport, "_FIRST_PAUSE", 0.0)
    with scripted() as found:
        yield found


@pytest.fixture
def checkout(gateway):
    with Checkout("sk_test_1", base_url=gateway.url) as found:
        yield found


def failure(code, **more):
    return {"error": {"type": "t", "code": code, "message": "No.", **more}, "request_id": "req_1"}


BLOCK = {"height": 1, "hash": "h", "parent_hash": "p", "timestamp": "2026-01-15T10:00:00Z"}


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, errors.InvalidRequest),
            (401, errors.AuthenticationFailed),
            (403, errors.PermissionDenied),
            (404, errors.NotFound),
            (409, errors.Conflict),
            (422, errors.ValidationFailed),
        ],
    )
    def test_each_status_is_an_exception_of_its_own_that_names_the_request(self, gateway, checkout, status, kind):
        gateway.says(status, failure("SOME_CODE", field="items[0].name"))

        with pytest.raises(errors.APIError) as raised:
            checkout.invoices.get("inv_1")

        assert type(raised.value) is kind
        assert (raised.value.code, raised.value.field) == ("SOME_CODE", "items[0].name")
        assert raised.value.request_id == "req_1"
        assert "req_1" in str(raised.value)
        assert len(gateway.asked) == 1

    def test_an_answer_that_is_no_json_is_a_failure_with_its_status(self, gateway, checkout):
        for _ in range(3):
            gateway.says(502, b"<html>", X_Request_ID="req_2")

        with pytest.raises(errors.ServerFailed) as raised:
            checkout.balances.list()

        assert (raised.value.status, raised.value.request_id) == (502, "req_2")

    def test_a_page_of_another_server_is_told_apart(self, gateway, checkout):
        gateway.says(200, b"<html>", Content_Type="text/html")

        with pytest.raises(errors.ConnectionFailed, match="base_url"):
            checkout.balances.list()


class TestRepeating:
    def test_what_changes_something_is_sent_again_with_the_same_key(self, gateway, checkout):
        gateway.says(503, failure("X")).says(200, None).says(201, BLOCK)

        block = checkout.sandbox.mine(count=1)

        keys = {headers["Idempotency-Key"] for _, _, headers, _ in gateway.asked}
        assert block.height == 1
        assert len(gateway.asked) == 3
        assert len(keys) == 1

    def test_two_calls_have_two_keys_and_a_key_of_ones_own_is_taken(self, gateway, checkout):
        gateway.says(201, BLOCK).says(201, BLOCK).says(201, BLOCK)

        checkout.sandbox.mine()
        checkout.sandbox.mine()
        checkout.sandbox.mine(idempotency_key="mine")

        keys = [headers["Idempotency-Key"] for _, _, headers, _ in gateway.asked]
        assert len(set(keys)) == 3
        assert keys[2] == "mine"

    def test_after_429_it_waits_as_long_as_it_is_told(self, gateway, checkout, monkeypatch):
        waited = []
        monkeypatch.setattr(transport.time, "sleep", waited.append)
        gateway.says(429, failure("RATE_LIMITED"), Retry_After="7").says(201, BLOCK)

        checkout.sandbox.mine()

        assert waited == [7.0]

    def test_a_wait_that_is_too_long_is_the_callers_to_decide(self, gateway, checkout):
        gateway.says(429, failure("RATE_LIMITED"), Retry_After="3600")

        with pytest.raises(errors.RateLimited) as raised:
            checkout.sandbox.mine()

        assert raised.value.retry_after == 3600

    def test_a_request_without_a_key_is_sent_once(self, gateway, checkout):
        gateway.says(503, failure("X"))

        with pytest.raises(errors.ServerFailed):
            checkout.merchants.sign_up(business_name="Acme", contact_email="a@example.com")

        assert len(gateway.asked) == 1

    def test_a_gateway_that_is_not_there_is_a_failed_connection(self):
        checkout = Checkout("k", base_url="http://127.0.0.1:1", max_retries=0)

        with pytest.raises(errors.ConnectionFailed, match=r"127\.0\.0\.1:1"):
            checkout.balances.list()


class TestExactness:
    def test_amounts_go_out_as_text_and_what_was_not_given_does_not(self, gateway, checkout):
        gateway.says(201, {"id": "plink_1"})

        checkout.payment_links.create(title="A", amount=Decimal("1E-8"), description=None)

        assert json.loads(gateway.asked[0][3]) == {"title": "A", "amount": "0.00000001", "description": None}

    @pytest.mark.parametrize("where", ["amount", "query"])
    def test_a_float_is_refused_before_anything_is_sent(self, gateway, checkout, where):
        def ask():
            if where == "amount":
                checkout.payment_links.create(title="A", amount=9.99)
            else:
                checkout.invoices.list(amount_gte=9.99).page()

        with pytest.raises(TypeError, match=r"9\.99"):
            ask()

        assert gateway.asked == []

    def test_what_comes_in_has_every_digit_and_unknown_fields_are_kept(self):
        found = loads('{"rate": 0.123456789012345678901234567890, "source": "x", "locked_at": "2026-01-15T10:00:00Z",'
                      ' "expires_at": "2026-01-15T10:30:00Z", "brand_new": 1}')  # fmt: skip

        rate = decode(models.ExchangeRate, found)

        assert rate.rate == Decimal("0.123456789012345678901234567890")
        assert rate.locked_at == datetime(2026, 1, 15, 10, tzinfo=UTC)
        assert rate.raw["brand_new"] == 1

    def test_a_whole_amount_is_a_decimal_too_and_a_count_an_int(self):
        @dataclass(frozen=True, slots=True, kw_only=True)
        class Sum(Model):
            amount: Decimal
            count: int

        decoded = decode(Sum, {"amount": 600, "count": Decimal("3.0")})

        assert (type(decoded.amount), type(decoded.count)) == (Decimal, int)

    def test_times_without_a_zone_and_ids_that_are_paths_are_refused(self, checkout):
        with pytest.raises(TypeError, match="time zone"):
            checkout.invoices.list(created_after=datetime(2026, 1, 1)).page()  # noqa: DTZ001
        with pytest.raises(ValueError, match="no id"):
            checkout.invoices.get("..")


def test_a_list_is_fetched_page_by_page_as_far_as_one_reads(gateway, checkout):
    def page(*hashes, cursor):
        pagination = {"total": 3, "limit": 2, "has_more": bool(cursor), "next_cursor": cursor}
        return {"events": [{"id": one} for one in hashes], "pagination": pagination}

    gateway.says(200, page("evt_1", "evt_2", cursor="7")).says(200, page("evt_3", cursor=None))

    found = checkout.events.list(type=["invoice.paid", "invoice.expired"], limit=2)
    first = next(iter(found))

    assert first.id == "evt_1"
    assert len(gateway.asked) == 1
    gateway.says(200, page("evt_1", "evt_2", cursor="7")).says(200, page("evt_3", cursor=None))
    gateway.answers.pop(0)
    assert [one.id for one in found] == ["evt_1", "evt_2", "evt_3"]
    assert gateway.asked[-1][1] == "/api/v1/events?after=7&limit=2&type=invoice.paid%2Cinvoice.expired"


class TestWebhooks:
    def signed(self, *secrets, now=None):
        moment = now or datetime.now(UTC)
        return signing.headers(
            message_id="whk_1", event_type="invoice.paid", body=BODY, live_secrets=secrets, now=moment
        )

    def test_the_gateways_own_signature_is_accepted_and_read_exactly(self):
        event = webhooks.verify(BODY, self.signed(SECRET), SECRET)

        assert (event.id, event.event, event.livemode) == ("evt_1", "invoice.paid", False)
        assert event.data["total_received"] == Decimal("16.490000000000000001")

    def test_each_set_of_headers_suffices(self):
        every = self.signed(SECRET)
        standard = {name: value for name, value in every.items() if not name.startswith("X-")}
        native = {name: value for name, value in every.items() if not name.startswith("webhook-")}

        assert webhooks.verify(BODY, standard, SECRET).id == webhooks.verify(BODY, native, SECRET).id == "evt_1"

    def test_while_a_secret_is_rotated_either_one_is_accepted(self):
        older = signing.new_secret()
        headers = self.signed(SECRET, older)

        assert webhooks.verify(BODY, headers, older)
        assert webhooks.verify(BODY, headers, [signing.new_secret(), SECRET])

    @pytest.mark.parametrize("age", [301, -301])
    def test_an_old_or_future_one_is_refused(self, age):
        now = datetime.now(UTC).timestamp()
        headers = self.signed(SECRET, now=datetime.fromtimestamp(now - age, UTC))

        with pytest.raises(errors.SignatureInvalid, match="300 s"):
            webhooks.verify(BODY, headers, SECRET, now=now)

    @pytest.mark.parametrize("fault", ["body", "secret", "timestamp", "none"])
    def test_anything_else_is_refused(self, fault):
        headers = self.signed(SECRET)
        body = BODY + b" " if fault == "body" else BODY
        if fault == "timestamp":
            later = str(int(headers["webhook-timestamp"]) + 1)
            headers |= {"X-Crypto-Checkout-Timestamp": later, "webhook-timestamp": later}
        if fault == "none":
            headers = {"X-Crypto-Checkout-Timestamp": headers["webhook-timestamp"]}

        with pytest.raises(errors.SignatureInvalid):
            webhooks.verify(body, headers, signing.new_secret() if fault == "secret" else SECRET)

    def test_what_the_client_signs_for_tests_is_what_the_gateway_sends(self):
        now = datetime.now(UTC)

        assert webhooks.sign(
            BODY, SECRET, message_id="whk_1", event="invoice.paid", now=int(now.timestamp())
        ) == self.signed(SECRET, now=now)
