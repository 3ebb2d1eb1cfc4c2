"""Invoices through the API, as merchants' programs use it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from events.models import Event
from invoices.models import Invoice
from invoices.selectors import search
from merchants.services import add_wallet
from payments.services import scan
from tests.api.conftest import Api
from tests.api.orders import ID, ITEMS, METADATA, ORDER, SMALL, TIME, TOLERANCE, Like, order, shows
from tests.api.signed_up import signed_up

# m/44'/195'/0' of the published test mnemonic "abandon … about" (BIP-39).
TRON_XPUB = (
    "xpub6D1AabNHCupeiLM65ZR9UStMhJ1vCpyV4XbZdyhMZBiJXALQtmn9p42VTQckoHVn8WNqS7dqnJokZHAHcHGoaQgmv8D45oNUKx6DZMNZBCd"
)


@pytest.fixture
def tron(settings, merchant):
    settings.CHAINS = {"tron": {"rpc_urls": ["https://node.example"]}}
    return add_wallet(merchant=merchant, network="tron", xpub=TRON_XPUB, now=timezone.now())


def create(api, **changes):
    answer = api.post("/invoices", order(**changes))
    assert answer.status == 201, answer.body
    return answer.body


def pay(test_api, invoice, amount=None, blocks=3):
    body = {"invoice": invoice["id"]} | ({"amount": amount} if amount else {})
    assert test_api.post("/sandbox/transfers", body).status == 201
    if blocks:
        assert test_api.post("/sandbox/blocks", {"count": blocks}).status == 201
    scan(network="sandbox", now=timezone.now())


def test_seed1_create_invoice(api, tron):
    answer = api.post("/invoices", ORDER, Idempotency_Key="order_789_attempt_1")

    assert answer.status == 201
    shows(
        answer.body,
        {
            "id": Like(f"inv_{ID}"),
            "title": "VPN Service Order",
            "description": "Monthly VPN subscription with premium features",
            "items": ITEMS,
            "subtotal": Decimal("14.99"),
            "tax": Decimal("1.50"),
            "total": Decimal("16.49"),
            "currency": "USD",
            "crypto_currency": "USDT",
            "usdt_amount": Decimal("16.49"),
            "address": Like("T[1-9A-HJ-NP-Za-km-z]{33}"),
            "qr_code_url": Like(f"http://testserver/api/v1/public/invoice/inv_{ID}/qr\\?size=256"),
            "status": "created",
            "customer_url": Like(f"http://testserver/invoice/inv_{ID}"),
            "expires_at": Like(TIME),
            "created_at": Like(TIME),
            "exchange_rate": {
                "rate": Decimal("1.0001"),
                "source": "fixed",
                "locked_at": answer.body["created_at"],
                "expires_at": answer.body["expires_at"],
            },
            "payment_tolerance": TOLERANCE,
            "metadata": METADATA,
        },
    )
    assert answer.body["items"] == ITEMS
    assert (answer.body["network"], answer.body["livemode"]) == ("tron", True)
    assert answer.headers["X-RateLimit-Limit"] == "1000"
    invoice = Invoice.objects.get()
    assert invoice.expires_at - invoice.created_at == timedelta(seconds=1800)
    assert invoice.webhook_url == "https://merchant.com/webhook"


def test_seed2_create_invoice(test_api):
    answer = test_api.post("/invoices", ORDER)

    assert answer.status == 201
    assert answer.body["usdt_amount"] == answer.body["crypto_amount"] == Decimal("16.49")
    assert answer.body["address"] == Like("sandbox1[0-9a-z]{32}")
    assert answer.body["payment_uri"] == f"sandbox:{answer.body['address']}?asset=USDT&amount=16.49"


def test_a_repeated_request_creates_one_invoice(test_api):
    first = test_api.post("/invoices", ORDER, Idempotency_Key="order_789_attempt_1")
    again = test_api.post("/invoices", ORDER, Idempotency_Key="order_789_attempt_1")

    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Invoice.objects.count() == 1
    assert Event.objects.filter(type="invoice.created").count() == 1


def test_what_is_left_out_comes_from_the_merchants_settings(test_api):
    answer = test_api.post(
        "/invoices", {**SMALL, "currency": None, "payment_tolerance": {"overpayment_action": "keep"}}
    )

    assert answer.status == 201
    assert (answer.body["currency"], answer.body["crypto_currency"], answer.body["total"]) == ("USD", "USDT", 5)
    assert answer.body["payment_tolerance"] == {**TOLERANCE, "overpayment_action": "keep"}
    assert answer.body["description"] == ""
    assert answer.body["webhook_url"] is None


def test_tolerances_that_are_whole_numbers_are_kept_and_used_like_any_others(api, test_api):
    settings = {"payment_tolerance": {"underpayment_threshold": 0, "overpayment_threshold": 5}}
    assert api.patch("/merchants/me", {"settings": settings}).status == 200

    answer = test_api.post("/invoices", SMALL)

    assert answer.status == 201, answer.body
    assert answer.body["payment_tolerance"] == {
        **TOLERANCE,
        "underpayment_threshold": Decimal("0.00"),
        "overpayment_threshold": Decimal("5.00"),
    }


@pytest.mark.parametrize(
    ("currency", "price", "shown"),
    [("JPY", "1500", "1500"), ("KWD", "1.255", "1.255"), ("EUR", "9.9", "9.90"), ("USD", 10, "10.00")],
)
def test_fiat_has_the_minor_digits_of_its_currency(test_api, currency, price, shown):
    answer = test_api.post(
        "/invoices",
        {"title": "T", "currency": currency, "items": [{"name": "A", "quantity": 1, "unit_price": price}]},
    )

    assert answer.status == 201
    assert str(answer.body["total"]) == shown
    assert str(answer.body["items"][0]["unit_price"]) == shown
    assert str(answer.body["tax"]) == str(Decimal(shown) * 0)


def test_other_assets_have_no_usdt_amount(test_api):
    answer = create(test_api, crypto_currency="ETH")

    assert "usdt_amount" not in answer
    assert str(answer["crypto_amount"]) == "0.00549667"  # 16.49 / 3000, rounded up to 8 digits


def test_seed1_get_invoice_merchant_view(test_api):
    created = create(test_api)
    pay(test_api, created)

    answer = test_api.get(f"/invoices/{created['id']}")

    assert answer.status == 200
    shows(
        answer.body,
        {
            "id": created["id"],
            "title": "VPN Service Order",
            "status": "paid",
            "total": Decimal("16.49"),
            "currency": "USD",
            "usdt_amount": Decimal("16.49"),
            "address": created["address"],
            "expires_at": created["expires_at"],
            "paid_at": Like(TIME),
            "payments": [
                {
                    "id": Like(f"pay_{ID}"),
                    "amount": Decimal("16.49"),
                    "tx_hash": Like("[0-9a-f]{64}"),
                    "status": "confirmed",
                    "confirmations": 2,
                    "required_confirmations": 1,
                    "block_number": 1,
                    "from_address": Like("sandbox1[0-9a-z]{32}"),
                    "detected_at": Like(TIME),
                    "confirmed_at": Like(TIME),
                    "network_fee": None,
                }
            ],
        },
    )
    shows(
        answer.body["audit_log"][0],
        {
            "id": Like(f"audit_{ID}"),
            "event": "invoice.created",
            "timestamp": Like(TIME),
            "actor": Like(r"api_key:sk_test_\*\*\*[0-9A-Za-z]{3}"),
            "ip_address": "127.0.0.1",
            "user_agent": None,
            "request_id": Like(f"req_{ID}"),
        },
    )
    assert [entry["event"] for entry in answer.body["audit_log"]][-2:] == ["invoice.paid", "settlement.created"]


def test_seed2_get_invoice_merchant_view(test_api):
    from events import outbox

    endpoint = {"url": "https://merchant.com/webhook", "events": ["invoice.created"]}
    assert test_api.post("/webhook-endpoints", endpoint).status == 201
    created = create(test_api, webhook_url=...)
    outbox.dispatch_all()

    answer = test_api.get(f"/invoices/{created['id']}", User_Agent="MyApp/1.0")

    assert answer.body["webhook_deliveries"] == [
        {
            "id": Like(f"whd_{ID}"),
            "event": "invoice.created",
            "url": "https://merchant.com/webhook",
            "status": "pending",
            "attempts": 0,
            "response_code": None,
            "delivered_at": None,
        }
    ]


def test_another_merchants_invoice_is_not_found_nor_the_other_modes(test_api, api):
    created = create(test_api)
    stranger = Api(signed_up(timezone.now(), email="stranger@example.com").test_api_key)

    for caller in (stranger, api):
        for method, path in (
            ("GET", ""),
            ("POST", "/cancel"),
            ("POST", "/accept"),
            ("POST", "/refund"),
        ):
            body = {"address": created["address"]} if path == "/refund" else None
            answer = caller.send(method, f"/invoices/{created['id']}{path}", body)
            assert (answer.status, answer.body["error"]["code"]) == (404, "INVOICE_NOT_FOUND"), path
    assert stranger.get("/invoices").body["invoices"] == []
    assert Invoice.objects.get().status == "created"


class TestList:
    def test_seed1_list_invoices(self, test_api):
        created = create(test_api)
        assert test_api.get(f"/public/invoice/{created['id']}").status == 200
        create(test_api)

        answer = test_api.get("/invoices?status=pending&limit=50&created_after=2025-01-01T00:00:00Z")

        assert answer.status == 200
        assert [invoice["id"] for invoice in answer.body["invoices"]] == [created["id"]]
        assert answer.body["pagination"] == {"total": 1, "limit": 50, "has_more": False, "next_cursor": None}
        assert answer.headers["X-RateLimit-Limit"] == "2000"

    def test_seed2_list_invoices(self, test_api):
        made = [create(test_api)["id"] for _ in range(3)]

        first = test_api.get("/invoices?limit=2")
        second = test_api.get(f"/invoices?limit=2&cursor={first.body['pagination']['next_cursor']}")

        shown = [invoice["id"] for page in (first, second) for invoice in page.body["invoices"]]
        assert shown == made[::-1]
        assert first.body["pagination"]["has_more"] is True
        assert second.body["pagination"] == {"total": 3, "limit": 2, "has_more": False, "next_cursor": None}

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=created,paid", ["tea", "coffee"]),
            ("status=paid", []),
            ("amount_gte=20", ["tea"]),
            ("amount_lte=19.99", ["coffee"]),
            ("amount_gte=5&amount_lte=5.00", ["coffee"]),
            ("currency=EUR", ["tea"]),
            ("search=COFFEE", ["coffee"]),
            ("search=gr%C3%9Cn", ["tea"]),
            ("search=ord_1", ["coffee"]),
            ("search=100%25", []),
            ("search=_", ["coffee"]),
            ("created_after=2199-01-01T00:00:00Z", []),
            ("created_before=2199-01-01T00:00:00%2B02:00", ["tea", "coffee"]),
            ("search=coffee&currency=EUR", []),
        ],
    )
    def test_filters(self, test_api, query, found):
        create(test_api, **SMALL, description="", tax=..., metadata={"order": "ord_1"})
        create(
            test_api,
            title="Tea",
            description="Grün und gut",
            items=[{"name": "Tea", "quantity": 2, "unit_price": 10}],
            tax=...,
            currency="EUR",
            metadata={},
        )

        answer = test_api.get(f"/invoices?{query}")

        assert answer.status == 200, answer.body
        assert [invoice["title"].lower() for invoice in answer.body["invoices"]] == found
        assert answer.body["pagination"]["total"] == len(found)

    def test_a_search_is_answered_by_the_index(self, test_api):
        create(test_api)

        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            plan = search(Invoice.objects.all(), "coffee").explain()

        assert "invoice_search" in plan
        assert "Index Cond" in plan


class TestCancel:
    def test_seed1_cancel_invoice(self, test_api):
        created = create(test_api)
        pay(test_api, created, amount="10")

        answer = test_api.post(
            f"/invoices/{created['id']}/cancel",
            {"reason": "Customer requested cancellation", "refund_partial_payments": True},
        )

        assert answer.status == 200
        assert (answer.body["status"], answer.body["cancel_reason"]) == ("cancelled", "Customer requested cancellation")
        shows(
            answer.body["refunds"],
            [{"id": Like(f"ref_{ID}"), "amount": Decimal("10.00"), "status": "requested", "kind": "cancellation"}],
        )

    def test_seed2_cancel_invoice_a_second_time_is_a_conflict(self, test_api):
        created = create(test_api)
        assert test_api.post(f"/invoices/{created['id']}/cancel").status == 200

        answer = test_api.post(f"/invoices/{created['id']}/cancel")

        assert (answer.status, answer.body["error"]["code"]) == (409, "INVOICE_NOT_CANCELLABLE")
        assert Event.objects.filter(type="invoice.cancelled").count() == 1

    def test_a_key_that_may_only_read_cannot_cancel(self, test_api):
        created = create(test_api)
        order = {"name": "Reader", "key_type": "test", "permissions": ["invoices:read"]}
        reader = Api(test_api.post("/api-keys", order).body["key"])

        answer = reader.post(f"/invoices/{created['id']}/cancel")

        assert (answer.status, answer.body["error"]["code"]) == (403, "INSUFFICIENT_SCOPE")
        assert Invoice.objects.get().status == "created"


def test_a_partly_paid_invoice_is_accepted_as_it_is(test_api):
    created = create(test_api)
    pay(test_api, created, amount="10")

    answer = test_api.post(f"/invoices/{created['id']}/accept")

    assert answer.status == 200
    assert (answer.body["status"], answer.body["exception"]) == ("paid", "underpaid")
    again = test_api.post(f"/invoices/{created['id']}/accept")
    assert (again.status, again.body["error"]["code"]) == (409, "INVOICE_NOT_ACCEPTABLE")
