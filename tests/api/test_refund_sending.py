"""Refunds that a vault sends, over the API."""

import pytest

from merchants.services import open_vault
from payments.models import Payout, Refund
from payments.models.payouts import Waiting
from tests.factories import make_invoice

TARGET = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"
ACCOUNT = {"network": "ethereum", "kind": "pool", "addresses": ["0x9858EfFD232B4033E47d90003D41EC34EcaEda94"]}


@pytest.fixture(autouse=True)
def _vaults(settings):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]


def refund_of(merchant, now, **facts) -> Refund:
    invoice = make_invoice(merchant, now, livemode=True)
    return Refund.objects.create(
        merchant=merchant,
        livemode=True,
        invoice=invoice,
        network="ethereum",
        asset_code="USDT",
        units=5_000_000,
        created_at=now,
        **{"address": TARGET, **facts},
    )


@pytest.fixture
def vault(merchant, now):
    return open_vault(merchant=merchant, network="ethereum", now=now).wallet


def test_a_refund_is_sent_and_told_how_far_that_is(api, merchant, vault, now):
    refund = refund_of(merchant, now)
    assert api.get(f"/refunds/{refund.public_id}").body["payout"] is None

    first = api.post(f"/refunds/{refund.public_id}/send", {})
    second = api.post(f"/refunds/{refund.public_id}/send", {})

    assert (first.status, second.body) == (200, first.body)
    payout = Payout.objects.get()
    assert first.body["payout"] == {
        "id": payout.public_id,
        "status": "approved",
        "waiting_for": None,
        "from_address": refund.invoice.address,
        "tx_hash": None,
    }
    assert first.body["payment_uri"] is None
    assert api.get("/refunds").body["refunds"] == [first.body]


@pytest.mark.parametrize("reason", list(Waiting))
def test_what_it_waits_for_is_told_in_one_word_and_no_endpoint_is_named(api, merchant, vault, now, reason):
    refund = refund_of(merchant, now)
    api.post(f"/refunds/{refund.public_id}/send", {})
    Payout.objects.update(waiting_reason=reason, waiting_for="https://node.example/secret says no")

    answer = api.get(f"/refunds/{refund.public_id}")

    assert answer.body["payout"]["waiting_for"] == str(reason)
    assert "node.example" not in str(answer.body)


def test_what_is_over_waits_for_nothing(api, merchant, vault, now):
    refund = refund_of(merchant, now)
    api.post(f"/refunds/{refund.public_id}/send", {})
    Payout.objects.update(waiting_reason="node", status="cancelled")

    assert api.get(f"/refunds/{refund.public_id}").body["payout"]["waiting_for"] is None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"address": ""}, "REFUND_NOT_SENDABLE"),
        ({"is_held": True}, "REFUND_NOT_SENDABLE"),
        ({"status": "cancelled"}, "REFUND_NOT_OPEN"),
    ],
)
def test_what_cannot_be_sent_is_refused(api, merchant, vault, now, facts, code):
    refund = refund_of(merchant, now, **facts)

    answer = api.post(f"/refunds/{refund.public_id}/send", {})

    assert (answer.status, answer.body["error"]["code"]) == (409, code)
    assert not Payout.objects.exists()


def test_without_a_vault_the_merchant_sends_it(api, merchant, now):
    api.post("/wallets", ACCOUNT)
    refund = refund_of(merchant, now)

    answer = api.post(f"/refunds/{refund.public_id}/send", {})

    assert (answer.status, answer.body["error"]["code"]) == (409, "REFUND_NOT_FROM_VAULT")


def test_a_foreign_refund_is_not_found(api, test_api, merchant, vault, now):
    refund = refund_of(merchant, now)

    assert test_api.post(f"/refunds/{refund.public_id}/send", {}).body["error"]["code"] == "REFUND_NOT_FOUND"
