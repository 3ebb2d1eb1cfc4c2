"""Wallets over the API."""

from dataclasses import replace

import pytest
from django.utils import timezone

from chains import registry
from invoices.models import Invoice
from merchants.models import Wallet
from tests.chains.test_addresses import ETH_ACCOUNT, PHRASE, VECTOR_1_MASTER_PRIVATE
from tests.factories import make_invoice

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
        "forward_to": None,
        "gas_address": None,
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


class TestListedAddresses:
    def test_a_pool_is_previewed_added_and_grown(self, api):
        order = {"network": "ethereum", "kind": "pool", "addresses": [FIRST[0].lower(), FIRST[1]]}
        preview = api.post("/wallets/preview", order)
        assert preview.body == {"network": "ethereum", "preview": FIRST[:2]}

        added = api.post("/wallets", order)

        assert added.status == 201
        assert (added.body["kind"], added.body["xpub"], added.body["preview"]) == ("pool", None, FIRST[:2])
        assert (added.body["addresses_left"], added.body["next_index"], added.body["gap"]) == (2, None, None)
        assert added.body["warning"] == "Only 2 unused addresses are left on the list: add more."
        grown = api.post(f"/wallets/{added.body['id']}/addresses", {"addresses": FIRST[2:]})
        assert (grown.status, grown.body["addresses_left"]) == (200, 3)

    def test_a_single_address_is_added(self, api):
        added = api.post("/wallets", {"network": "ethereum", "kind": "single", "address": FIRST[0]})

        assert added.status == 201
        assert (added.body["kind"], added.body["preview"]) == ("single", FIRST[:1])
        assert (added.body["addresses_left"], added.body["gap"], added.body["warning"]) == (None, None, None)

    @pytest.mark.parametrize(
        ("body", "status", "code", "field"),
        [
            ({"kind": "pool"}, 422, "INVALID_ADDRESS", "addresses"),
            ({"kind": "pool", "addresses": []}, 422, "OUT_OF_RANGE", "addresses"),
            ({"kind": "pool", "addresses": ["0x12"]}, 422, "INVALID_ADDRESS", "addresses[0]"),
            ({"kind": "pool", "addresses": [FIRST[0], FIRST[0]]}, 422, "DUPLICATE_ADDRESS", "addresses[1]"),
            ({"kind": "single"}, 422, "INVALID_ADDRESS", "address"),
            ({"kind": "single", "address": "0x12"}, 422, "INVALID_ADDRESS", "address"),
            ({"kind": "vault"}, 422, "VAULT_UNAVAILABLE", "kind"),
            ({"kind": "xpub"}, 422, "INVALID_XPUB", "xpub"),
            ({"kind": "bank"}, 422, "UNKNOWN_CHOICE", "kind"),
        ],
    )
    def test_what_cannot_be_used_is_refused(self, api, body, status, code, field):
        answer = api.post("/wallets", {"network": "ethereum", **body})

        assert (answer.status, answer.body["error"]["code"], answer.body["error"]["field"]) == (status, code, field)
        assert not Wallet.objects.exists()

    def test_an_address_that_is_in_use_is_refused(self, api):
        pool = api.post("/wallets", {"network": "ethereum", "kind": "pool", "addresses": FIRST[:1]})

        answer = api.post(f"/wallets/{pool.body['id']}/addresses", {"addresses": FIRST[:1]})

        assert (answer.status, answer.body["error"]["code"]) == (409, "ADDRESS_IN_USE")

    def test_only_a_pool_grows(self, api):
        added = api.post("/wallets", ORDER)

        answer = api.post(f"/wallets/{added.body['id']}/addresses", {"addresses": FIRST[:1]})

        assert (answer.status, answer.body["error"]["code"]) == (409, "WRONG_WALLET_KIND")


class TestInvoicesAtASharedAddress:
    """What programs are told to send, at an address that invoices share."""

    @pytest.fixture
    def pay_to(self, merchant):
        def change(**how):
            invoice = make_invoice(merchant, timezone.now())
            Invoice.objects.filter(pk=invoice.pk).update(**how)
            return invoice.public_id

        return change

    def test_an_address_of_its_own_has_no_tag(self, test_api, pay_to):
        body = test_api.get(f"/invoices/{pay_to()}").body

        assert (body["tag"], body["matching"]) == (None, "address")
        assert not {"destination_tag", "reference"} & set(body)

    @pytest.mark.parametrize(
        ("kind", "tag", "named"), [("destination_tag", "4007", 4007), ("reference", "9abc", "9abc")]
    )
    def test_a_tag_has_the_name_of_its_network(self, test_api, anybody, pay_to, kind, tag, named):
        networks = registry._current().networks
        before = networks["sandbox"]
        networks["sandbox"] = replace(before, tag_kind=kind)
        invoice = pay_to(tag=tag, matching="tag")
        try:
            seen = [test_api.get(f"/invoices/{invoice}").body, anybody.get(f"/public/invoice/{invoice}").body]
        finally:
            networks["sandbox"] = before

        for body in seen:
            assert (body["tag"], body[kind], body["matching"]) == (tag, named, "tag")
            assert f"tag={tag}" in body["payment_uri"]

    def test_an_amount_that_has_to_be_exact_is_marked(self, test_api, pay_to):
        assert test_api.get(f"/invoices/{pay_to(matching='amount')}").body["matching"] == "amount"
