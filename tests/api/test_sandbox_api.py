"""Paying in test mode through the API."""

from decimal import Decimal

import pytest
from django.utils import timezone

from chains.sandbox.models import SandboxBlock, SandboxTransfer
from chains.sandbox.services import new_address
from events.models import Event
from invoices.models import Invoice
from payments.models import Payment
from payments.services import scan
from payments.services.ledger import fail_test_payments
from tests.api.conftest import Api
from tests.api.orders import ORDER, Like, order
from tests.api.signed_up import signed_up
from tests.factories import make_invoice


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


def _reversed(test_api, invoice) -> str:
    """Have the invoice paid, and its transfer dropped by a reorg; return the transaction."""
    txid = test_api.post("/sandbox/transfers", {"invoice": invoice["id"]}).body["tx_hash"]
    test_api.post("/sandbox/blocks", {"count": 2})
    scan(network="sandbox", now=timezone.now())
    test_api.post("/sandbox/reorgs", {"depth": 2, "drop": [txid]})
    scan(network="sandbox", now=timezone.now())
    return txid


def _live(account) -> Invoice:
    made = make_invoice(account.merchant, timezone.now())
    Invoice.objects.filter(pk=made.pk).update(livemode=True, network="tron")
    return made


class TestTheTimeOfAnInvoice:
    def test_is_over_when_somebody_says_so(self, test_api, invoice):
        answer = test_api.post("/sandbox/expirations", {"invoice": invoice["id"]})

        assert (answer.status, answer.body) == (201, {"invoice_id": invoice["id"], "status": "expired"})
        assert test_api.get(f"/invoices/{invoice['id']}").body["status"] == "expired"
        assert Event.objects.filter(type="invoice.expired").count() == 1
        assert test_api.post("/sandbox/expirations", {"invoice": invoice["id"]}).body["status"] == "expired"
        assert Event.objects.filter(type="invoice.expired").count() == 1

    def test_of_a_live_invoice_passes_by_itself_only(self, api, test_api, account, invoice):
        live = _live(account)

        with_a_live_key = api.post("/sandbox/expirations", {"invoice": live.public_id})
        with_a_test_key = test_api.post("/sandbox/expirations", {"invoice": live.public_id})

        assert (with_a_live_key.status, with_a_live_key.body["error"]["code"]) == (403, "LIVE_KEY_NOT_ALLOWED")
        assert (with_a_test_key.status, with_a_test_key.body["error"]["code"]) == (404, "INVOICE_NOT_FOUND")
        live.refresh_from_db()
        assert (live.status, live.expires_at > timezone.now()) == ("created", True)


class TestGivingUp:
    def test_what_a_reorg_dropped_has_failed_at_once(self, test_api, invoice):
        txid = _reversed(test_api, invoice)

        answer = test_api.post("/sandbox/failures", {"invoice": invoice["id"], "tx_hash": txid})

        assert answer.status == 201
        assert Payment.objects.get(txid=txid).status == "failed"
        assert Event.objects.filter(type="payment.failed").count() == 1

    def test_what_stands_is_not_given_up(self, test_api, invoice):
        txid = test_api.post("/sandbox/transfers", {"invoice": invoice["id"]}).body["tx_hash"]
        for _ in range(2):  # in the mempool, and then in a block
            scan(network="sandbox", now=timezone.now())
            answer = test_api.post("/sandbox/failures", {"invoice": invoice["id"], "tx_hash": txid})
            assert (answer.status, answer.body["error"]["code"]) == (409, "TRANSFER_STANDS")
            test_api.post("/sandbox/blocks", {"count": 1})

    def test_what_is_not_there_or_somebody_elses_is_not_found(self, test_api, invoice):
        txid = _reversed(test_api, invoice)
        other = signed_up(timezone.now(), email="other@example.com")
        order = {"invoice": invoice["id"], "tx_hash": txid}

        assert (
            test_api.post("/sandbox/failures", order | {"tx_hash": "a" * 64}).body["error"]["code"]
            == "TRANSFER_NOT_FOUND"
        )
        assert Api(other.test_api_key).post("/sandbox/failures", order).body["error"]["code"] == "INVOICE_NOT_FOUND"
        assert Payment.objects.get(txid=txid).status == "orphaned"

    def test_a_live_key_gives_nothing_up_nor_does_a_live_payment_fail(self, api, test_api, account, invoice):
        txid = _reversed(test_api, invoice)
        live = _live(account)
        Payment.objects.filter(txid=txid).update(livemode=True, network="tron", invoice=live)

        answer = api.post("/sandbox/failures", {"invoice": live.public_id, "tx_hash": txid})

        assert fail_test_payments(invoice_id=live.pk, txid=txid, now=timezone.now()) == 0
        assert (answer.status, answer.body["error"]["code"]) == (403, "LIVE_KEY_NOT_ALLOWED")
        assert Payment.objects.get(txid=txid).status == "orphaned"
