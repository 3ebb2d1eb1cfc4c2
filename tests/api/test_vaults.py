"""Vaults over the API: opened once, their seed shown once and stored only encrypted."""

import json

import pytest
from django.db import connection

from chains import seeds
from core import secrets
from events.models import Event
from merchants.models import VaultSecret, Wallet
from merchants.services import vaults

TARGET = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"
ORDER = {"network": "ethereum", "kind": "vault", "forward_to": TARGET.lower()}


@pytest.fixture(autouse=True)
def _vaults(settings):
    settings.CHAINS = {
        "ethereum": {"rpc_urls": ["http://127.0.0.1:1"]},
        "tron": {"rpc_urls": ["http://127.0.0.1:1"]},
        "bitcoin": {"rpc_urls": ["http://127.0.0.1:1"]},
    }
    settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]


def test_a_vault_makes_its_own_seed_and_shows_it_once(api):
    opened = api.post("/wallets", ORDER)

    assert opened.status == 201
    phrase = opened.body["seed_phrase"]
    assert opened.body["kind"] == "vault"
    assert opened.body["xpub"] == seeds.account_key("evm", phrase)
    assert opened.body["preview"] == [seeds.address_of("evm", phrase, f"0/{index}") for index in range(3)]
    assert opened.body["gas_address"] == seeds.address_of("evm", phrase, "1/0")
    assert opened.body["forward_to"] == TARGET
    shown = api.get(f"/wallets/{opened.body['id']}").body
    assert shown == {name: value for name, value in opened.body.items() if name != "seed_phrase"}


def test_a_vault_on_tron_has_tron_s_own_keys_and_addresses(api):
    target = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"
    order = {"network": "tron", "kind": "vault", "forward_to": target}

    assert api.post("/wallets/preview", order).body == {"network": "tron", "preview": []}
    opened = api.post("/wallets", order)

    assert opened.status == 201
    phrase = opened.body["seed_phrase"]
    assert opened.body["xpub"] == seeds.account_key("tron", phrase) != seeds.account_key("evm", phrase)
    assert opened.body["preview"] == [seeds.address_of("tron", phrase, f"0/{index}") for index in range(3)]
    assert opened.body["gas_address"] == seeds.address_of("tron", phrase, "1/0")
    assert (opened.body["forward_to"], opened.body["gas_address"][0]) == (target, "T")
    refused = api.post("/wallets", order | {"forward_to": TARGET})
    assert refused.body["error"]["code"] == "INVALID_ADDRESS"


def test_the_seed_is_in_no_table_and_in_no_event(api):
    opened = api.post("/wallets", ORDER, Idempotency_Key="one_vault_please")
    phrase = opened.body["seed_phrase"]

    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            rows = "\n".join(row for (row,) in cursor.fetchall())
            assert phrase not in rows, table
    assert phrase not in json.dumps([event.data for event in Event.objects.all()])
    assert secrets.unseal(VaultSecret.objects.get().sealed_phrase) == phrase
    again = api.post("/wallets", ORDER, Idempotency_Key="one_vault_please")
    assert again.body == opened.body
    assert Wallet.objects.count() == 1


def test_the_keys_of_other_secrets_do_not_open_a_vault(api, settings):
    api.post("/wallets", ORDER)
    wallet = Wallet.objects.get()
    asked = {"family": "evm", "path": "0/0", "address": api.get("/wallets").body["wallets"][0]["preview"][0]}
    assert len(vaults.signing_key(wallet, **asked)) == 32

    settings.VAULT_KEYS = [*settings.SECRET_ENCRYPTION_KEYS, "another key that is long enough as well"]

    with pytest.raises(vaults.VaultSealed):
        vaults.signing_key(wallet, **asked)


def test_a_seed_that_was_put_at_another_wallet_signs_nothing(api):
    api.post("/wallets", ORDER)
    secret = VaultSecret.objects.get()
    VaultSecret.objects.update(sealed_phrase=secrets.seal(seeds.new_phrase()))

    with pytest.raises(vaults.VaultSealed, match="does not give the address"):
        vaults.signing_key(secret.wallet, family="evm", path="1/0", address=secret.gas_address)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"network": "bitcoin"}, "VAULT_UNAVAILABLE", "kind"),
        ({"forward_to": "0x12"}, "INVALID_ADDRESS", "forward_to"),
        ({"xpub": "xpub661"}, "INVALID_XPUB", "xpub"),
        ({"xpub": "abandon " * 11 + "about"}, "PRIVATE_KEY_GIVEN", "xpub"),
        ({"network": "moon"}, "UNKNOWN_NETWORK", "network"),
    ],
)
def test_what_cannot_be_a_vault_is_refused(api, body, code, field):
    answer = api.post("/wallets", ORDER | body)

    assert (answer.status, answer.body["error"]["code"], answer.body["error"]["field"]) == (422, code, field)
    assert not VaultSecret.objects.exists()


def test_without_keys_there_are_no_vaults(api, settings):
    settings.VAULT_KEYS = []

    answers = [api.post("/wallets", ORDER), api.post("/wallets/preview", ORDER)]

    assert [(answer.status, answer.body["error"]["code"]) for answer in answers] == [(422, "VAULT_UNAVAILABLE")] * 2


def test_a_second_wallet_on_the_network_is_refused(api):
    api.post("/wallets", ORDER)

    assert api.post("/wallets", ORDER).body["error"]["code"] == "WALLET_EXISTS"
    assert VaultSecret.objects.count() == 1
