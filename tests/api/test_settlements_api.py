"""Settlements and balances, as a merchant's program reads them."""

import csv
import io
from decimal import Decimal

import pytest
from django.utils import timezone

from chains.sandbox.services import new_address
from payments.services import scan
from tests.api.conftest import Api
from tests.api.orders import ORDER


def pay(test_api, **details) -> dict:
    """Return an invoice that was paid with ``details`` on the sandbox chain."""
    invoice = test_api.post("/invoices", ORDER).body
    assert test_api.post("/sandbox/transfers", {"invoice": invoice["id"], **details}).status == 201
    test_api.post("/sandbox/blocks", {"count": 3})
    scan(network="sandbox", now=timezone.now())
    return invoice


@pytest.fixture
def paid(test_api) -> dict:
    return pay(test_api)


class TestSettlements:
    def test_a_paid_invoice_has_one(self, test_api, paid):
        answer = test_api.get("/settlements")

        assert answer.status == 200
        (shown,) = answer.body["settlements"]
        assert {name: shown[name] for name in shown if name not in ("id", "created_at")} == {
            "invoice_id": paid["id"],
            "network": "sandbox",
            "crypto_currency": "USDT",
            "gross": Decimal("16.49"),
            "fee": Decimal("0.1649"),
            "fee_percent": 1,
            "net": Decimal("16.3251"),
            "status": "settled",
            "reversed_at": None,
            "reversal_reason": None,
            "replaces": None,
            "livemode": False,
        }
        assert test_api.get(f"/settlements/{shown['id']}").body == shown

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("status=settled", 1),
            ("status=reversed", 0),
            ("status=settled,reversed", 1),
            ("network=sandbox&crypto_currency=USDT", 1),
            ("network=tron", 0),
            ("crypto_currency=USDC", 0),
            ("created_after=2020-01-01T00:00:00Z", 1),
            ("created_before=2020-01-01T00:00:00Z", 0),
            ("invoice_id=inv_00000000000000000000000000", 0),
        ],
    )
    def test_filters_narrow_the_list(self, test_api, paid, query, count):
        assert len(test_api.get(f"/settlements?{query}").body["settlements"]) == count

    def test_one_invoice_s_are_found(self, test_api, paid):
        pay(test_api)

        found = test_api.get(f"/settlements?invoice_id={paid['id']}").body["settlements"]

        assert [entry["invoice_id"] for entry in found] == [paid["id"]]

    def test_a_file_holds_all_of_them(self, test_api, account, paid):
        pay(test_api)

        response = test_api.client.get(
            "/api/v1/settlements?format=csv&limit=1", headers={"Authorization": f"Bearer {account.test_api_key}"}
        )

        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
        assert len(rows) == 2
        assert [rows[-1][name] for name in ("invoice_id", "gross", "fee", "fee_percent", "net", "status")] == [
            paid["id"],
            "16.49",
            "0.1649",
            "1",
            "16.3251",
            "settled",
        ]

    def test_nobody_else_sees_them(self, test_api, api, account, paid):
        key = test_api.get("/settlements").body["settlements"][0]["id"]

        assert api.get("/settlements").body["settlements"] == []
        assert api.get(f"/settlements/{key}").status == 404
        answer = api.get("/settlements/set_nonsense")
        assert (answer.status, answer.body["error"]["code"]) == (404, "SETTLEMENT_NOT_FOUND")
        assert api.get("/balances").body == {"balances": []}

    def test_another_merchant_sees_none_of_it(self, test_api, anybody, paid):
        key = test_api.get("/settlements").body["settlements"][0]["id"]
        other = anybody.post("/merchants", {"business_name": "Other", "contact_email": "other@example.com"}).body
        stranger = Api(other["test_api_key"])

        assert stranger.get("/settlements").body["settlements"] == []
        assert stranger.get(f"/settlements/{key}").status == 404
        assert stranger.get("/balances").body == {"balances": []}

    def test_a_key_that_may_not_read_invoices_is_refused(self, test_api, paid):
        body = {"name": "Narrow", "key_type": "test", "permissions": ["analytics:read"]}
        narrow = Api(test_api.post("/api-keys", body).body["key"])

        assert [narrow.get(path).status for path in ("/settlements", "/balances")] == [403, 403]


class TestBalances:
    def test_what_lies_in_the_wallets_is_the_sum_of_the_rest(self, test_api, paid):
        pay(test_api, amount=20)
        test_api.post(f"/invoices/{paid['id']}/refund", {"address": new_address(), "amount": 6})

        (balance,) = test_api.get("/balances").body["balances"]

        assert balance == {
            "network": "sandbox",
            "crypto_currency": "USDT",
            "chain": Decimal("36.49"),
            "customers": 0,
            "merchant": Decimal("26.6502"),
            "fees": Decimal("0.3298"),
            "network_fees": 0,
            "refunds": 6,
            "credits": Decimal("3.51"),
            "unmatched": 0,
        }

    def test_each_asset_has_its_own(self, test_api, paid):
        pay(test_api, asset="USDC", amount=1)

        held = {entry["crypto_currency"]: entry for entry in test_api.get("/balances").body["balances"]}

        assert (held["USDT"]["chain"], held["USDC"]["chain"], held["USDC"]["unmatched"]) == (Decimal("16.49"), 1, 1)
