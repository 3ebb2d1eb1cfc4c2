"""Payments, refunds and the review inbox through the API."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from chains import registry
from chains.sandbox.services import new_address
from invoices.models import Invoice
from invoices.services import expire_due
from merchants.models import Wallet, WalletAddress
from payments.models import Payment, Refund
from payments.services import scan
from tests.api.conftest import Api
from tests.api.orders import ID, ORDER, TIME, Like, shows
from tests.api.signed_up import signed_up


@pytest.fixture
def created(test_api):
    return test_api.post("/invoices", ORDER).body


@pytest.fixture
def stranger(db):
    return Api(signed_up(timezone.now(), email="stranger@example.com").test_api_key)


def pay(test_api, invoice, blocks=3, **transfer):
    sent = test_api.post("/sandbox/transfers", {"invoice": invoice["id"], **transfer})
    assert sent.status == 201
    if blocks:
        assert test_api.post("/sandbox/blocks", {"count": blocks}).status == 201
    scan(network="sandbox", now=timezone.now())
    return sent.body["tx_hash"]


class TestPayments:
    def test_a_payment_is_listed_and_shown(self, test_api, created, stranger):
        txid = pay(test_api, created)

        (listed,) = test_api.get("/payments").body["payments"]
        shown = test_api.get(f"/payments/{listed['id']}")

        assert shown.body == listed
        shows(
            listed,
            {
                "id": Like(f"pay_{ID}"),
                "invoice_id": created["id"],
                "amount": Decimal("16.49"),
                "value": Decimal("16.49"),
                "currency": "USD",
                "tx_hash": txid,
                "status": "confirmed",
                "counts": True,
                "late": False,
                "review": "none",
            },
        )
        assert stranger.get("/payments").body["payments"] == []
        assert stranger.get(f"/payments/{listed['id']}").status == 404

    def test_filters(self, test_api, created):
        other = test_api.post("/invoices", ORDER).body
        pay(test_api, created)
        pay(test_api, other, blocks=0)

        def found(query):
            return [payment["invoice_id"] for payment in test_api.get(f"/payments?{query}").body["payments"]]

        assert found("") == [other["id"], created["id"]]
        assert found(f"invoice_id={created['id']}") == [created["id"]]
        assert found("status=detected") == [other["id"]]
        assert found("status=detected,confirmed&limit=1") == [other["id"]]
        assert found("invoice_id=inv_1") == []


class TestRefunds:
    def test_a_refund_is_opened_sent_and_completed(self, test_api, created):
        pay(test_api, created)
        address = new_address()

        opened = test_api.post(f"/invoices/{created['id']}/refund", {"address": address, "reason": "Service cancelled"})
        done = test_api.post(f"/refunds/{opened.body['id']}/complete", {"tx_hash": "f" * 64})

        assert opened.status == 201
        shows(
            opened.body,
            {
                "id": Like(f"ref_{ID}"),
                "invoice_id": created["id"],
                "amount": Decimal("16.49"),
                "address": address,
                "status": "requested",
                "reason": "Service cancelled",
                "tx_hash": None,
                "completed_at": None,
            },
        )
        assert (done.status, done.body["status"], done.body["tx_hash"]) == (200, "completed", "f" * 64)
        assert done.body["completed_at"] == Like(TIME)
        after = test_api.get(f"/invoices/{created['id']}").body
        assert (after["status"], [refund["id"] for refund in after["refunds"]]) == ("refunded", [opened.body["id"]])
        again = test_api.post(f"/refunds/{opened.body['id']}/complete", {"tx_hash": "e" * 64})
        assert (again.status, again.body["error"]["code"]) == (409, "REFUND_NOT_OPEN")

    def test_a_part_may_be_refunded_and_withdrawn(self, test_api, created):
        pay(test_api, created)
        path = f"/invoices/{created['id']}/refund"

        part = test_api.post(path, {"address": new_address(), "amount": "6.49"})
        too_much = test_api.post(path, {"address": new_address(), "amount": "10.01"})
        withdrawn = test_api.post(f"/refunds/{part.body['id']}/cancel")
        whole = test_api.post(path, {"address": new_address()})

        assert (part.status, part.body["amount"]) == (201, Decimal("6.49"))
        assert (too_much.status, too_much.body["error"]["code"]) == (422, "REFUND_TOO_LARGE")
        assert too_much.body["error"]["constraints"] == {"max_amount": Decimal("10.00")}
        assert (withdrawn.status, withdrawn.body["status"]) == (200, "cancelled")
        assert whole.body["amount"] == Decimal("16.49")

    def test_refunds_are_listed(self, test_api, created, stranger):
        pay(test_api, created)
        opened = test_api.post(f"/invoices/{created['id']}/refund", {"address": new_address(), "amount": 1}).body

        assert test_api.get("/refunds?status=requested").body["refunds"] == [opened]
        assert test_api.get(f"/refunds?invoice_id={created['id']}&status=completed").body["refunds"] == []
        assert test_api.get(f"/refunds/{opened['id']}").body == opened
        assert stranger.get(f"/refunds/{opened['id']}").status == 404
        assert stranger.post(f"/refunds/{opened['id']}/complete", {"tx_hash": "f" * 64}).status == 404
        assert stranger.post(f"/refunds/{opened['id']}/cancel").status == 404
        assert Refund.objects.get().status == "requested"

    @pytest.mark.parametrize(
        ("body", "status", "code", "field"),
        [
            ({"address": "TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN"}, 422, "INVALID_ADDRESS", "address"),
            ({"address": "OWN", "amount": -1}, 422, "OUT_OF_RANGE", "amount"),
            ({"address": "OWN", "amount": "0.0000001"}, 422, "REFUND_TOO_LARGE", "amount"),
            ({"address": "OWN", "amount": "9" * 60}, 422, "REFUND_TOO_LARGE", "amount"),
            ({"address": "OWN", "reason": "x" * 501}, 422, "OUT_OF_RANGE", "reason"),
        ],
    )
    def test_refunds_that_cannot_be(self, test_api, created, body, status, code, field):
        pay(test_api, created)
        if body.get("address") == "OWN":
            body = {**body, "address": new_address()}

        answer = test_api.post(f"/invoices/{created['id']}/refund", body)

        assert (answer.status, answer.body["error"]["code"], answer.body["error"]["field"]) == (status, code, field)
        assert not Refund.objects.exists()

    def test_nothing_to_refund(self, test_api, created):
        answer = test_api.post(f"/invoices/{created['id']}/refund", {"address": new_address()})

        assert (answer.status, answer.body["error"]["code"]) == (409, "NOTHING_TO_REFUND")


class TestDeposits:
    @pytest.fixture
    def deposit(self, test_api, created):
        test_api.post(f"/invoices/{created['id']}/cancel")
        pay(test_api, created, amount="16.49")
        return test_api.get("/deposits?status=review").body["deposits"][0]

    def test_money_for_a_cancelled_invoice_waits_in_the_inbox(self, deposit, created, stranger):
        shows(
            deposit,
            {
                "invoice_id": created["id"],
                "amount": Decimal("16.49"),
                "review": "open",
                "review_reason": "closed",
                "counts": False,
                "late": True,
                "resolved_at": None,
            },
        )
        assert stranger.get("/deposits").body["deposits"] == []

    def test_it_is_refunded(self, test_api, deposit):
        address = new_address()

        answer = test_api.post(f"/deposits/{deposit['id']}/resolve", {"resolution": "refund", "address": address})

        assert (answer.status, answer.body["review"]) == (200, "refunded")
        refund = Refund.objects.get()
        assert (refund.address, refund.units, refund.kind) == (address, 16_490_000, "deposit")
        assert test_api.get("/deposits?status=review").body["deposits"] == []
        assert len(test_api.get("/deposits?status=refunded").body["deposits"]) == 1
        assert len(test_api.get("/deposits").body["deposits"]) == 1

    def test_it_is_ignored_once(self, test_api, deposit):
        first = test_api.post(f"/deposits/{deposit['id']}/resolve", {"resolution": "ignore"})
        second = test_api.post(f"/deposits/{deposit['id']}/resolve", {"resolution": "ignore"})

        assert (first.status, first.body["review"], first.body["resolved_at"]) == (200, "ignored", Like(TIME))
        assert (second.status, second.body["error"]["code"]) == (409, "DEPOSIT_NOT_IN_REVIEW")

    def test_it_cannot_pay_an_invoice_that_has_ended(self, test_api, deposit):
        answer = test_api.post(f"/deposits/{deposit['id']}/resolve", {"resolution": "accept"})

        assert (answer.status, answer.body["error"]["code"]) == (409, "DEPOSIT_NOT_ACCEPTABLE")
        assert Payment.objects.get().review == "open"

    def test_late_money_is_accepted(self, api, test_api, created):
        changed = api.patch("/merchants/me", {"settings": {"late_payment": {"rule": "review"}}})
        assert changed.status == 200, changed.body
        Invoice.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
        expire_due(now=timezone.now())
        pay(test_api, created)
        (deposit,) = test_api.get("/deposits?status=review").body["deposits"]
        assert deposit["review_reason"] == "late"

        answer = test_api.post(f"/deposits/{deposit['id']}/resolve", {"resolution": "accept"})

        assert (answer.status, answer.body["review"], answer.body["counts"]) == (200, "accepted", True)
        after = test_api.get(f"/invoices/{created['id']}").body
        assert (after["status"], after["exception"]) == ("paid", "late")

    @pytest.mark.parametrize(
        "body", [{}, {"resolution": "keep"}, {"resolution": "refund", "address": "nowhere"}, {"resolution": None}]
    )
    def test_decisions_that_are_none(self, test_api, deposit, body):
        answer = test_api.post(f"/deposits/{deposit['id']}/resolve", body)

        assert answer.status == 422
        assert Payment.objects.get().review == "open"

    def test_somebody_elses_deposit(self, deposit, stranger):
        assert stranger.post(f"/deposits/{deposit['id']}/resolve", {"resolution": "ignore"}).status == 404


class TestUnknownDeposits:
    """Money at an address of the merchant's that no invoice asked for."""

    @pytest.fixture
    def deposit(self, merchant, test_api):
        shared = new_address()
        wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
        WalletAddress.objects.create(wallet=wallet, network="sandbox", address=shared)
        sent = test_api.post("/sandbox/transfers", {"address": shared, "amount": "16.49"})
        assert sent.status == 201
        test_api.post("/sandbox/blocks", {"count": 5})
        scan(network="sandbox", now=timezone.now())
        return test_api.get("/deposits?status=review").body["deposits"][0]

    def test_it_is_listed_and_shown_without_an_invoice(self, test_api, api, stranger, deposit):
        shows(
            deposit,
            {
                "invoice_id": None,
                "amount": Decimal("16.49"),
                "value": None,
                "currency": None,
                "tag": None,
                "review": "open",
                "review_reason": "unknown",
                "counts": False,
                "livemode": False,
            },
        )
        assert test_api.get(f"/payments/{deposit['id']}").body["invoice_id"] is None
        for other in (stranger, api):
            assert other.get("/deposits").body["deposits"] == []
            assert other.get(f"/payments/{deposit['id']}").status == 404
            assert other.post(f"/deposits/{deposit['id']}/resolve", {"resolution": "ignore"}).status == 404

    def test_it_is_accepted_for_an_invoice(self, test_api, deposit, created):
        wanted = {"resolution": "accept", "invoice_id": created["id"]}

        answer = test_api.post(f"/deposits/{deposit['id']}/resolve", wanted)

        assert (answer.status, answer.body["review"], answer.body["invoice_id"]) == (200, "accepted", created["id"])
        assert answer.body["value"] == Decimal("16.49")
        assert test_api.get(f"/invoices/{created['id']}").body["status"] == "paid"

    def test_accepting_needs_an_invoice_of_the_same_merchant_and_mode(self, test_api, stranger, deposit):
        path, foreign = f"/deposits/{deposit['id']}/resolve", stranger.post("/invoices", ORDER).body["id"]

        without = test_api.post(path, {"resolution": "accept"})
        elsewhere = test_api.post(path, {"resolution": "accept", "invoice_id": foreign})

        assert (without.status, without.body["error"]["code"]) == (422, "DEPOSIT_NEEDS_INVOICE")
        assert (elsewhere.status, elsewhere.body["error"]["code"]) == (404, "INVOICE_NOT_FOUND")
        assert Payment.objects.get().review == "open"

    def test_a_refund_of_it_has_no_invoice(self, test_api, deposit):
        test_api.post(f"/deposits/{deposit['id']}/resolve", {"resolution": "refund"})

        (refund,) = test_api.get("/refunds").body["refunds"]

        assert (refund["invoice_id"], refund["payment_id"]) == (None, deposit["id"])
        done = test_api.post(f"/refunds/{refund['id']}/complete", {"tx_hash": "ab" * 32, "address": new_address()})
        assert (done.status, done.body["status"]) == (200, "completed")


class TestMarket:
    def test_rates(self, test_api):
        answer = test_api.get("/rates?crypto_currency=USDT&currency=USD")

        shows(
            answer.body,
            {
                "rates": [
                    {
                        "crypto_currency": "USDT",
                        "source": "fixed",
                        "observed_at": Like(TIME),
                        "prices": {"USD": Decimal("1.0001")},
                    }
                ]
            },
        )
        assert {rate["crypto_currency"] for rate in test_api.get("/rates").body["rates"]} >= {"USDT", "BTC", "ETH"}

    def test_rates_of_what_is_unknown(self, test_api):
        asset = test_api.get("/rates?crypto_currency=DOGE")
        currency = test_api.get("/rates?currency=XXX")

        assert (asset.status, asset.body["error"]["code"]) == (422, "UNKNOWN_CRYPTO_CURRENCY")
        assert (currency.status, currency.body["error"]["code"]) == (422, "UNKNOWN_CURRENCY")

    def test_without_a_fresh_price_an_asset_is_left_out(self, api, settings):
        settings.RATE_SOURCES = ["coinbase"]

        assert api.get("/rates").body == {"rates": []}

    def test_assets_of_each_world(self, test_api, api):
        test, live = test_api.get("/assets").body["assets"], api.get("/assets").body["assets"]

        assert {asset["network"] for asset in test} == {"sandbox"}
        assert all(asset["is_available"] for asset in test)
        usdt = next(asset for asset in live if (asset["network"], asset["crypto_currency"]) == ("tron", "USDT"))
        assert (usdt["contract"], usdt["decimals"]) == ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", 6)
        assert not any(asset["is_available"] for asset in live)


class TestRefundsThatThePayerCompletes:
    @pytest.fixture
    def paid(self, test_api, created):
        test_api.post("/sandbox/transfers", {"invoice": created["id"]})
        test_api.post("/sandbox/blocks", {"count": 3})
        scan(network="sandbox", now=timezone.now())
        return created

    def test_without_an_address_there_is_a_link_for_the_customer(self, test_api, paid):
        refund = test_api.post(f"/invoices/{paid['id']}/refund", {}).body

        assert (refund["address"], refund["payment_uri"], refund["held"]) == (None, None, False)
        assert "/refund/" in refund["claim_url"]
        answer = test_api.get(f"/refunds/{refund['id']}/qr")
        assert (answer.status, answer.body["error"]["code"]) == (409, "REFUND_NOT_OPEN")

    def test_with_one_there_is_what_the_wallet_opens(self, test_api, paid):
        refund = test_api.post(f"/invoices/{paid['id']}/refund", {"fiat_amount": 5, "rate": "today"}).body
        address = new_address()

        answer = test_api.patch(f"/refunds/{refund['id']}", {"address": address})

        assert answer.status == 200
        assert answer.body["claim_url"] is None
        assert answer.body["payment_uri"] == f"sandbox:{address}?asset=USDT&amount={answer.body['amount']}"
        code = test_api.get(f"/refunds/{refund['id']}/qr?format=svg")
        assert (code.status, code.headers["Content-Type"]) == (200, "image/svg+xml")

    def test_a_stranger_has_no_say(self, test_api, paid, stranger):
        refund = test_api.post(f"/invoices/{paid['id']}/refund", {}).body

        assert stranger.patch(f"/refunds/{refund['id']}", {"address": new_address()}).status == 404
        assert stranger.get(f"/refunds/{refund['id']}/qr").status == 404


class TestRefundTags:
    @pytest.fixture(autouse=True)
    def tagged(self, monkeypatch):
        networks = registry._current().networks
        monkeypatch.setitem(networks, "sandbox", replace(networks["sandbox"], tag_kind="destination_tag"))

    def test_a_tag_goes_with_the_address_into_answer_and_link(self, test_api, created):
        pay(test_api, created)
        first, second = new_address(), new_address()

        refund = test_api.post(f"/invoices/{created['id']}/refund", {"address": first, "tag": "4007"}).body
        assert (refund["address"], refund["tag"], refund["named_tx_hash"]) == (first, "4007", None)
        assert "tag=4007" in refund["payment_uri"]
        changed = test_api.patch(f"/refunds/{refund['id']}", {"address": second, "tag": "4008"}).body
        assert (changed["address"], changed["tag"]) == (second, "4008")
        done = test_api.post(
            f"/refunds/{refund['id']}/complete", {"tx_hash": "f" * 64, "address": first, "tag": "4009"}
        ).body

        assert (done["address"], done["tag"], done["status"]) == (first, "4009", "completed")

    def test_a_wrong_one_is_named(self, test_api, created):
        pay(test_api, created)

        answer = test_api.post(f"/invoices/{created['id']}/refund", {"address": new_address(), "tag": "4294967296"})

        assert (answer.status, answer.body["error"]["code"], answer.body["error"]["field"]) == (
            422,
            "INVALID_ADDRESS",
            "tag",
        )
