"""A private key pasted by mistake is refused wherever it stands, and nothing of it stays anywhere."""

import io
import logging
import logging.config

import pytest
from django.db import connection

from core import logs
from merchants.models import Wallet
from tests.chains.test_addresses import PHRASE, VECTOR_1_MASTER_PRIVATE

LISTED = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
SECRETS = {
    "phrase": PHRASE,
    "xprv": VECTOR_1_MASTER_PRIVATE,
    "hex": "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
    "wif": "5Kb8kLf9zgWQnogidDA76MzPL6TsZZY36hWXMssSzNydYXYB9KF",
}


@pytest.fixture(autouse=True)
def _nodes(settings):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}


@pytest.fixture
def written():
    """Everything that is logged, down to the smallest detail, as text."""
    buffer = io.StringIO()
    configuration = logs.logging_config(as_json=True, level="DEBUG")
    configuration["handlers"]["stderr"]["stream"] = buffer
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logging.config.dictConfig(configuration)
    # What Django says of each statement is switched off in production, and holds only what is stored.
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    yield buffer
    root.handlers[:] = handlers
    root.setLevel(level)


def stored() -> str:
    """Return all rows of all tables as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)


def places(secret):
    """Return requests with the secret in each place where somebody may paste it."""
    yield "/wallets", {"network": "ethereum", "xpub": secret}
    yield "/wallets", {"network": "ethereum", "kind": "single", "address": secret}
    yield "/wallets", {"network": "ethereum", "kind": "pool", "addresses": [LISTED, secret]}
    yield "/wallets", {"network": secret, "xpub": "xpub"}
    yield "/wallets", {"network": "ethereum", "kind": secret, "xpub": "xpub"}
    yield "/wallets", {"network": "ethereum", "xpub": {"key": secret}}
    yield "/wallets", {"network": "ethereum", "mnemonic": secret}
    yield "/wallets", f'{{"network": "ethereum", "xpub": "{secret}"'.encode()
    yield "/wallets/preview", {"network": "ethereum", "xpub": secret}
    yield "/wallets/preview", {"network": "ethereum", "kind": "single", "address": secret}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_nothing_of_it_is_answered_logged_or_stored(api, written, secret):
    for number, (path, body) in enumerate(places(secret)):
        answer = api.send("POST", path, body, Idempotency_Key=f"key-{number}")

        assert 400 <= answer.status < 500, body
        assert secret not in str(answer.body)
        assert secret not in str(answer.headers)
    assert not Wallet.objects.exists()
    everything = stored() + written.getvalue()
    assert "/wallets" in everything
    for trace in (secret, secret[:24], secret[-24:]):
        assert trace not in everything


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize(
    "body",
    [{"xpub": "?"}, {"kind": "single", "address": "?"}, {"kind": "pool", "addresses": [LISTED, "?"]}],
    ids=["xpub", "single", "pool"],
)
def test_the_merchant_is_told_to_move_the_funds(api, secret, body):
    filled = {
        name: secret if value == "?" else [LISTED, secret] if isinstance(value, list) else value
        for name, value in body.items()
    }

    answer = api.post("/wallets", {"network": "ethereum", **filled})

    assert (answer.status, answer.body["error"]["code"]) == (422, "PRIVATE_KEY_GIVEN")
    assert "move the funds" in answer.body["error"]["message"]


def test_a_list_that_grows_is_looked_at_too(api, written):
    pool = api.post("/wallets", {"network": "ethereum", "kind": "pool", "addresses": [LISTED]})

    answer = api.post(f"/wallets/{pool.body['id']}/addresses", {"addresses": [PHRASE]})

    assert (answer.status, answer.body["error"]["code"]) == (422, "PRIVATE_KEY_GIVEN")
    assert answer.body["error"]["field"] == "addresses[0]"
    assert PHRASE not in stored() + written.getvalue() + str(answer.body)
