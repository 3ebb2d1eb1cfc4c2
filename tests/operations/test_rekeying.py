"""A new key in front: everything is written again under it, and then the old one can go."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from config import env
from core import idempotency, rekeying, secrets
from core.models import IdempotencyKey
from core.rekeying import PLACES, rekey
from events.models import ChainHead
from events.outbox import dispatch
from events.sealing import seal_all
from merchants.models import VaultSecret
from merchants.services import open_vault
from tests.factories import make_merchant
from webhooks.models import WebhookEndpoint
from webhooks.services import EndpointOrder, Rotation, create_endpoint, rotate_secret

OLD, NEW = "the old key, thirty-two characters", "the new key, thirty-two characters"
OLD_VAULT, NEW_VAULT = "the old vault key, long enough too", "the new vault key, long enough too"
# Modules that store something encrypted or signed. Whoever joins them names the place to rekey in its app's ready().
WRITERS = {
    "core/idempotency.py",
    "dashboard/accounts/adapter.py",
    "events/archive.py",  # in files, which keep the signature of their day
    "events/redacting.py",
    "events/retention.py",
    "events/sealing.py",
    "merchants/services/accounts.py",
    "merchants/services/signing_up.py",
    "merchants/services/vaults.py",
    "webhooks/services/endpoints.py",
}


def run(action):
    out = StringIO()
    call_command("secrets", action, stdout=out)
    return out.getvalue()


@pytest.fixture
def everything(db, settings):
    """One of each secret, under the old keys."""
    settings.SECRET_ENCRYPTION_KEYS, settings.VAULT_KEYS = [OLD], [OLD_VAULT]
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    now = timezone.now()
    merchant = make_merchant(now)
    order = EndpointOrder("https://shop.example/", events=["*"])
    endpoint, first = create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
    rotation = Rotation(secret=None, overlap=timedelta(hours=1))
    rotate_secret(merchant=merchant, livemode=False, endpoint_id=endpoint.public_id, rotation=rotation, now=now)
    open_vault(merchant=merchant, network="ethereum", now=now)
    person = get_user_model().objects.create_user("ada@example.com")
    app = TOTP.activate(person, "JBSWY3DPEHPK3PXP").instance
    codes = RecoveryCodes.activate(person)
    with transaction.atomic():
        claim = idempotency.claim(scope="x", key="y", fingerprint="z", now=now)
        idempotency.complete(claim, status=201, body="a new key", is_secret=True)
    dispatch()
    seal_all(now=now)
    return {"merchant": merchant, "first": first, "app": app, "codes": codes.get_unused_codes()}


def test_all_secrets_are_written_again_and_the_old_keys_can_go(everything, settings):
    settings.SECRET_ENCRYPTION_KEYS, settings.VAULT_KEYS = [NEW, OLD], [NEW_VAULT, OLD_VAULT]

    with pytest.raises(CommandError, match="10 stored secrets need an older key"):
        run("check")
    told = run("rotate")

    assert "second steps: 0 current, 2 rewritten" in told
    assert "heads of the audit log: 0 current, 2 rewritten" in told
    assert "needed no more" in run("check")
    settings.SECRET_ENCRYPTION_KEYS, settings.VAULT_KEYS = [NEW], [NEW_VAULT]
    merchant, app = everything["merchant"], everything["app"]
    merchant.refresh_from_db()
    app.refresh_from_db()
    endpoint = WebhookEndpoint.objects.get()
    assert secrets.decrypt(merchant.webhook_secret_live).startswith("whsec_")
    assert secrets.decrypt(endpoint.previous_secret_encrypted) == everything["first"]
    assert secrets.decrypt(app.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert RecoveryCodes(type(app).objects.get(type="recovery_codes")).get_unused_codes() == everything["codes"]
    assert secrets.decrypt(IdempotencyKey.objects.get().body) == "a new key"
    assert len(secrets.unseal(VaultSecret.objects.get().sealed_phrase).split()) >= 12
    call_command("audit", "verify", stdout=StringIO())


def test_rotating_again_writes_nothing(everything, settings):
    settings.SECRET_ENCRYPTION_KEYS, settings.VAULT_KEYS = [NEW, OLD], [NEW_VAULT, OLD_VAULT]
    run("rotate")
    before = WebhookEndpoint.objects.values().get()

    assert [tally.renewed for tally in rekey(applies=True)] == [0] * len(PLACES)
    assert WebhookEndpoint.objects.values().get() == before


def test_a_key_that_is_missing_is_told_and_nothing_is_lost(everything, settings):
    settings.SECRET_ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CommandError, match="stored secrets cannot be read"):
        run("rotate")

    settings.SECRET_ENCRYPTION_KEYS = [OLD]
    assert secrets.decrypt(WebhookEndpoint.objects.get().previous_secret_encrypted) == everything["first"]


def test_a_head_that_was_forged_does_not_become_genuine(everything, settings):
    ChainHead.objects.filter(pk=ChainHead.WHOLE).update(hash="0" * 64)
    settings.SECRET_ENCRYPTION_KEYS, settings.VAULT_KEYS = [NEW, OLD], [NEW_VAULT, OLD_VAULT]

    with pytest.raises(CommandError, match="1 stored secrets cannot be read"):
        run("rotate")

    head = ChainHead.objects.get(pk=ChainHead.WHOLE)
    assert not secrets.is_signed(head.signed_text, head.signature)


def test_more_rows_than_one_batch_are_all_looked_at(everything, settings, monkeypatch):
    monkeypatch.setattr(rekeying, "BATCH", 1)
    settings.SECRET_ENCRYPTION_KEYS, settings.VAULT_KEYS = [NEW, OLD], [NEW_VAULT, OLD_VAULT]
    make_merchant(timezone.now(), email="other@example.com")

    tallies = {tally.place: tally for tally in rekey(applies=True)}

    assert (tallies["webhook secrets of merchants"].current, tallies["webhook secrets of merchants"].renewed) == (2, 2)


def test_everybody_who_stores_secrets_is_known_here():
    stores = re.compile(r"secrets\.(encrypt|seal|signature)\(")
    modules = [module for app in env.ROOT.glob("*/apps.py") for module in app.parent.rglob("*.py")]

    found = {str(module.relative_to(env.ROOT)) for module in modules if stores.search(module.read_text())}

    assert found == WRITERS
