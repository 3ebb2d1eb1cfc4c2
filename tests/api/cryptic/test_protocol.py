"""What goes around Cryptic's answers: both headers, limits, CORS, hosts, doing once, and other formats' invoices."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from core import exact_json
from invoices.models import Invoice
from merchants.services import KeyOrder
from merchants.services.keys import issue_first_key
from payments.models import Payment
from tests.api.conftest import Api
from tests.api.cryptic.conftest import ORDER, Cryptic
from tests.factories import make_invoice

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_either_header_opens(live, header):
    value = f"Bearer {live.key}" if header == "Authorization" else live.key

    assert Cryptic().get("/invoices", **{header: value}).status == 200
    assert Cryptic().get("/invoices", **{header: f"{value}x"}).status == 401


def test_the_limit_is_told_with_every_answer_and_by_itself_when_it_is_over(live, settings):
    settings.API_RATE_LIMITS = {"list": 2}

    answers = [live.get("/invoices") for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    refused = answers[-1]
    reset = int(refused.headers["X-RateLimit-Reset"])
    assert abs(reset - timezone.now().timestamp()) <= 3601
    assert refused.body["error"] == {
        "code": "RATE_LIMIT_EXCEEDED",
        "message": "Rate limit exceeded. Try again later.",
        "details": {"limit": 2, "reset": reset},
    }
    assert live.get("/invoices/inv_x").status == 404  # each endpoint by itself


def test_any_page_may_read_what_is_public_and_ask_before(live):
    invoice = live.post("/invoices", ORDER).data
    asking = Cryptic().send("OPTIONS", f"/invoices/{invoice['id']}/public", Origin="https://pay.example")

    assert asking.status == 204
    assert asking.headers["Access-Control-Allow-Origin"] == "*"
    assert asking.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert asking.headers["Access-Control-Allow-Headers"] == "Content-Type, Authorization, X-API-Key"
    assert asking.headers["Access-Control-Max-Age"] == "86400"
    assert "Access-Control-Allow-Origin" not in live.get(f"/invoices/{invoice['id']}").headers


def test_on_its_own_host_it_answers_as_its_guide_prints_it(live, settings):
    settings.CRYPTIC_HOST = "cryptic.example.com"
    headers = {"Authorization": f"Bearer {live.key}"}

    made = Client().post(
        "/api/v1/invoices",
        exact_json.dumps(ORDER),
        content_type="application/json",
        headers=headers,
        HTTP_HOST="cryptic.example.com",
    )
    elsewhere = Client().get("/api/v1/invoices", headers=headers)

    assert (made.status_code, made.json()["data"]["amount"]) == (200, "125.00")
    assert (elsewhere.status_code, elsewhere.json()["error"]["type"]) == (401, "authentication_error")


def test_with_an_idempotency_key_it_is_done_once(live):
    first, again = (live.post("/invoices", ORDER, **{"Idempotency-Key": "one"}) for _ in range(2))
    other = live.post("/invoices", {**ORDER, "amount": "1"}, **{"Idempotency-Key": "one"})

    assert first.body == again.body
    assert (other.status, other.body["error"]["code"]) == (409, "CONFLICT")
    assert Invoice.objects.count() == 1


def test_in_test_mode_every_network_is_the_sandbox_and_the_modes_do_not_meet(live, sandboxed):
    trial = sandboxed.post("/invoices", {**ORDER, "network": "bsc"})
    real = live.post("/invoices", ORDER)

    assert (trial.data["network"], real.data["network"]) == ("sandbox", "tron")
    assert [one["id"] for one in sandboxed.get("/invoices").data["invoices"]] == [trial.data["id"]]
    assert [one["id"] for one in live.get("/invoices").data["invoices"]] == [real.data["id"]]
    assert sandboxed.get(f"/invoices/{real.data['id']}").status == 404


def test_for_its_customer_its_time_is_over_also_when_a_part_is_paid_but_not_once_all_is(live, world):
    past = timezone.now() - timedelta(seconds=1)
    Invoice.objects.update(expires_at=past)

    shown = {name: live.get(f"/invoices/{world[name]}/public").data for name in ("first", "UNDERPAID", "PAID")}

    assert {name: (public["status"], public["isExpired"]) for name, public in shown.items()} == {
        "first": ("EXPIRED", True),
        "UNDERPAID": ("UNDERPAID", True),
        "PAID": ("PAID", False),
    }


def test_money_that_does_not_count_is_no_transaction_of_the_invoice(live, world):
    before = live.get(f"/invoices/{world['PAID']}").data["transactions"]
    Payment.objects.update(counts=False)

    assert len(before) == 1
    assert live.get(f"/invoices/{world['PAID']}").data["transactions"] == []


class TestOtherFormats:
    """One invoice, in the words of each."""

    @pytest.fixture
    def native(self, merchant) -> Api:
        order = KeyOrder(name="x", livemode=True, permissions=["*"])
        return Api(issue_first_key(merchant=merchant, order=order, now=timezone.now())[1])

    def test_made_here_it_is_read_natively(self, live, native):
        made = live.post("/invoices", ORDER).data

        shown = native.get(f"/invoices/{made['id']}").body

        assert shown["priced_in_asset"] is True
        assert (shown["crypto_amount"], shown["crypto_currency"], shown["network"]) == (
            Decimal("125.00"),
            "USDT",
            "tron",
        )
        assert (shown["total"], shown["currency"]) == (Decimal("125.01"), "USD")
        assert (shown["status"], shown["address"]) == ("created", made["depositAddress"])
        assert shown["metadata"] == {"customerEmail": "alice@example.com", "order_id": "5012"}
        assert shown["webhook_url"] == ORDER["notifyUrl"]
        assert (shown["return_url"], shown["cancel_url"]) == (ORDER["redirectUrl"], ORDER["returnUrl"])

    def test_made_natively_it_is_read_and_found_here(self, live, merchant):
        made = make_invoice(merchant, timezone.now(), livemode=True, metadata={"order_id": "7", "colour": "red"})

        (shown,) = live.get("/invoices?orderId=7").data["invoices"]
        whole = live.get(f"/invoices/{made.public_id}").data

        assert (shown["id"], shown["amount"], shown["orderId"]) == (made.public_id, "16.49", "7")
        assert (whole["customData"], whole["status"]) == ({"colour": "red"}, "PENDING")

    def test_a_reference_that_is_a_number_natively_is_found_and_one_that_only_holds_it_is_not(self, live, merchant):
        for reference in (7, 77, "7-b"):
            make_invoice(merchant, timezone.now(), livemode=True, metadata={"order_id": reference})

        assert [each["orderId"] for each in live.get("/invoices?orderId=7").data["invoices"]] == ["7"]

    @pytest.mark.parametrize("reference", ['5" pipe', "shelf\\3", "café 7", "first\tsecond", "a/b%c_d", "straße"])
    def test_a_reference_is_found_whatever_it_is_written_with(self, live, reference):
        made = live.post("/invoices", {**ORDER, "orderId": reference}).data
        live.post("/invoices", {**ORDER, "orderId": f"{reference}8"})

        found = live.get(f"/invoices?orderId={quote(reference)}").data

        assert (found["total"], [each["id"] for each in found["invoices"]]) == (1, [made["id"]])

    def test_on_the_pay_page_the_amount_comes_first(self, live):
        made = live.post("/invoices", ORDER).data

        page = Client().get(f"/invoice/{made['id']}").content.decode()

        assert "125.00 USDT (≈\u00a0$125.01)" in page
        assert page.count("Order #5012") >= 1
