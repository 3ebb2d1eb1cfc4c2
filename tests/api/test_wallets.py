"""Wallets over the API."""

import pytest

from merchants.models import Wallet
from tests.chains.test_addresses import ETH_ACCOUNT, PHRASE, VECTOR_1_MASTER_PRIVATE

FIRST = [
    "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0",
    "0xb6716976A3ebe8D39aCEB04372f22Ff8e6802D7A",
]
ORDER = {"network": "ethereum", "xpub": ETH_ACCOUNT}


@pytest.fixture(autouse=True)
def _nodes(settings):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}


def test_a_wallet_is_previewed_added_listed_and_removed(api):
    preview = api.post("/wallets/preview", ORDER)
    assert (preview.status, preview.body) == (200, {"network": "ethereum", "preview": FIRST})
    assert not Wallet.objects.exists()

    added = api.post("/wallets", ORDER)

    assert added.status == 201
    assert added.body == {
        "id": added.body["id"],
        "network": "ethereum",
        "kind": "xpub",
        "xpub": ETH_ACCOUNT,
        "next_index": 0,
        "last_paid_index": None,
        "gap": 0,
        "addresses_left": None,
        "warning": None,
        "status": "active",
        "preview": FIRST,
        "created_at": added.body["created_at"],
    }
    assert api.get("/wallets").body["wallets"] == [added.body]
    assert api.get(f"/wallets/{added.body['id']}").body == added.body
    assert api.delete(f"/wallets/{added.body['id']}").body == added.body | {"status": "removed"}
    assert api.get("/wallets").body["wallets"] == []
    assert api.get(f"/wallets/{added.body['id']}").body["error"]["code"] == "WALLET_NOT_FOUND"
    assert api.delete(f"/wallets/{added.body['id']}").status == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_test_keys_stay_outside(test_api, method):
    answer = test_api.send(method, "/wallets", ORDER)

    assert (answer.status, answer.body["error"]["code"]) == (403, "LIVE_KEY_REQUIRED")
    assert not Wallet.objects.exists()


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"xpub": VECTOR_1_MASTER_PRIVATE}, "PRIVATE_KEY_GIVEN", "xpub"),
        ({"xpub": PHRASE}, "PRIVATE_KEY_GIVEN", "xpub"),
        ({"xpub": "xpub"}, "INVALID_XPUB", "xpub"),
        ({"xpub": "🗝️"}, "INVALID_XPUB", "xpub"),
        ({"xpub": ""}, "OUT_OF_RANGE", "xpub"),
        ({"network": "sandbox"}, "UNKNOWN_NETWORK", "network"),
        ({"network": "mars"}, "UNKNOWN_NETWORK", "network"),
        ({"network": "tron"}, "NETWORK_UNAVAILABLE", "network"),
    ],
)
@pytest.mark.parametrize("path", ["/wallets", "/wallets/preview"])
def test_what_cannot_receive_money_is_refused(api, path, change, code, field):
    answer = api.post(path, ORDER | change)

    assert answer.status == 422
    assert (answer.body["error"]["code"], answer.body["error"]["field"]) == (code, field)
    assert not Wallet.objects.exists()


def test_a_private_key_is_repeated_nowhere(api):
    answer = api.post("/wallets", ORDER | {"xpub": VECTOR_1_MASTER_PRIVATE}, Idempotency_Key="a")

    from core.models import IdempotencyKey

    assert VECTOR_1_MASTER_PRIVATE not in str(answer.body)
    assert VECTOR_1_MASTER_PRIVATE not in str(IdempotencyKey.objects.values())
