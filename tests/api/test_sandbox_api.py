"""Paying in test mode through the API."""

from decimal import Decimal

import pytest
from django.utils import timezone

from chains.sandbox.models import SandboxBlock, SandboxTransfer
from chains.sandbox.services import new_address
from payments.services import scan
from tests.api.conftest import Api
from tests.api.orders import ORDER, Like, order
from tests.api.signed_up import signed_up


@pytest.fixture
def invoice(test_api):
    return test_api.post("/invoices", ORDER).body


def test_a_transfer_sends_what_is_due_and_is_scanned_at_once(
    test_api, invoice, settings, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        answer = test_api.post("/sandbox/transfers", {"invoice": invoice["id"]})

    assert answer.status == 201
    assert answer.body == {
        "tx_hash": Like("[0-9a-f]{64}"),
        "network": "sandbox",
        "address": invoice["address"],
        "crypto_currency": "USDT",
        "amount": Decimal("16.49"),
        "invoice_id": invoice["id"],
    }
    assert str(answer.body["amount"]) == "16.49"
    assert [callback.__name__ for callback in callbacks] == ["_nudge"]
    scan(network="sandbox", now=timezone.now())
    assert test_api.get(f"/invoices/{invoice['id']}").body["status"] == "confirming"


def test_a_second_transfer_sends_the_rest(test_api, invoice):
    test_api.post("/sandbox/transfers", {"invoice": invoice["id"], "amount": "10.000001"})
    scan(network="sandbox", now=timezone.now())

    answer = test_api.post("/sandbox/transfers", {"address": invoice["address"]})

    assert (answer.status, str(answer.body["amount"]), answer.body["invoice_id"]) == (201, "6.489999", invoice["id"])


def test_any_sandbox_address_can_be_paid_in_any_asset(test_api):
    answer = test_api.post(
        "/sandbox/transfers", {"address": new_address(), "asset": "ETH", "amount": Decimal("0.000000000000000001")}
    )

    assert (answer.status, answer.body["invoice_id"]) == (201, None)
    assert SandboxTransfer.objects.get().units == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 422, "MISSING_FIELD", "invoice"),
        ({"invoice": "…", "address": "…"}, 422, None, None),
        ({"invoice": "inv_06bq3z5n8cz9v4w2k7r1t0x5ye"}, 404, "INVOICE_NOT_FOUND", None),
        ({"address": "TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN", "amount": 1}, 422, "INVALID_ADDRESS", "address"),
        ({"address": "OWN"}, 422, "AMOUNT_REQUIRED", "amount"),
        ({"address": "OWN", "amount": 0}, 422, "OUT_OF_RANGE", "amount"),
        ({"address": "OWN", "amount": "0.0000001"}, 422, "INVALID_AMOUNT", "amount"),
        ({"address": "OWN", "amount": "9" * 60, "asset": "ETH"}, 422, "INVALID_AMOUNT", "amount"),
        ({"address": "OWN", "amount": 1, "asset": "DOGE"}, 422, "UNKNOWN_CRYPTO_CURRENCY", "asset"),
        ({"address": "OWN", "amount": "a lot"}, 422, "INVALID_TYPE", "amount"),
    ],
)
def test_transfers_that_cannot_be(test_api, body, status, code, field):
    if body.get("address") == "OWN":
        body = {**body, "address": new_address()}

    answer = test_api.post("/sandbox/transfers", body)

    assert answer.status == status, answer.body
    if code:
        assert (answer.body["error"]["code"], answer.body["error"].get("field")) == (code, field)
    assert not SandboxTransfer.objects.exists()


def test_blocks_are_made_at_once(test_api):
    answer = test_api.post("/sandbox/blocks", {"count": 5})
    default = test_api.post("/sandbox/blocks")

    assert (answer.status, answer.body["height"]) == (201, 5)
    assert default.body["height"] == 6
    assert default.body["parent_hash"] == answer.body["hash"]
    for count in (0, 1001, "3", None):
        assert test_api.post("/sandbox/blocks", {"count": count}).status == 422
    assert SandboxBlock.objects.count() == 6


def test_a_reorg_takes_a_payment_back(test_api, invoice):
    sent = test_api.post("/sandbox/transfers", {"invoice": invoice["id"]}).body
    test_api.post("/sandbox/blocks", {"count": 3})
    scan(network="sandbox", now=timezone.now())
    assert test_api.get(f"/invoices/{invoice['id']}").body["status"] == "paid"

    answer = test_api.post("/sandbox/reorgs", {"depth": 3, "drop": [sent["tx_hash"]]})
    scan(network="sandbox", now=timezone.now())

    assert (answer.status, answer.body["height"]) == (201, 4)
    after = test_api.get(f"/invoices/{invoice['id']}").body
    assert (after["status"], after["paid_at"]) == ("pending", None)
    assert after["payments"][0]["status"] == "orphaned"


def test_an_invoice_of_another_merchant_cannot_be_named(test_api, invoice):
    stranger = Api(signed_up(timezone.now(), email="stranger@example.com").test_api_key)

    answer = stranger.post("/sandbox/transfers", {"invoice": invoice["id"]})

    assert (answer.status, answer.body["error"]["code"]) == (404, "INVOICE_NOT_FOUND")
    assert not SandboxTransfer.objects.exists()


def test_nobody_drops_anothers_transfers(test_api, invoice):
    sent = test_api.post("/sandbox/transfers", {"invoice": invoice["id"]}).body
    test_api.post("/sandbox/blocks", {"count": 2})
    stranger = Api(signed_up(timezone.now(), email="stranger@example.com").test_api_key)

    for drop in ([sent["tx_hash"]], ["f" * 64]):
        answer = stranger.post("/sandbox/reorgs", {"depth": 2, "drop": drop})
        assert (answer.status, answer.body["error"]["code"]) == (404, "TRANSFER_NOT_FOUND")
        assert answer.body["error"]["field"] == "drop[0]"
    assert SandboxBlock.objects.filter(is_canonical=False).count() == 0


@pytest.mark.parametrize("depth", [0, 101, 5, "1", None])
def test_a_reorg_deeper_than_the_chain(test_api, depth):
    test_api.post("/sandbox/blocks", {"count": 2})

    assert test_api.post("/sandbox/reorgs", {"depth": depth}).status == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/transfers", {"address": "sandbox1" + "0" * 32, "amount": 1}),
        ("/sandbox/blocks", {}),
        ("/sandbox/reorgs", {"depth": 1}),
    ],
)
def test_live_keys_have_no_business_there(api, path, body):
    answer = api.post(path, body)

    assert (answer.status, answer.body["error"]["code"]) == (403, "LIVE_KEY_NOT_ALLOWED")
    assert SandboxBlock.objects.count() == SandboxTransfer.objects.count() == 0


def test_an_invoice_and_an_address_at_once(test_api, invoice):
    answer = test_api.post("/sandbox/transfers", {"invoice": invoice["id"], "address": invoice["address"]})

    assert (answer.status, answer.body["error"]["field"]) == (422, "address")


def test_nothing_is_due_on_a_paid_invoice(test_api):
    paid = test_api.post("/invoices", order()).body
    test_api.post("/sandbox/transfers", {"invoice": paid["id"]})
    scan(network="sandbox", now=timezone.now())

    answer = test_api.post("/sandbox/transfers", {"invoice": paid["id"]})

    assert (answer.status, answer.body["error"]["code"]) == (422, "AMOUNT_REQUIRED")
