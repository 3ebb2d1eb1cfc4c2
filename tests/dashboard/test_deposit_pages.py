"""The inbox at the desk: see, decide, and never another merchant's money."""

from dataclasses import replace

import pytest
from django.utils import timezone

from events.models import Event
from merchants.models import Wallet, WalletAddress
from payments import services
from payments.models import Payment, Refund
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer

SHARED = "sandbox1shared"

pytestmark = pytest.mark.django_db


@pytest.fixture
def deposit(merchant):
    now = timezone.now()
    wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
    WalletAddress.objects.create(wallet=wallet, network="sandbox", address=SHARED)
    chain = ScriptedChain(start=now)
    chain.mine(replace(transfer(make_invoice(merchant, now)), recipient=SHARED, units=5_000_000, tag="77"), at=now)
    chain.grow(4)
    services.scan(network="sandbox", now=now, reader=chain)
    return Payment.objects.get()


def page(deposit):
    return f"/dashboard/deposits/{deposit.public_id}/?mode=test"


def test_what_waits_is_listed_in_its_mode(owner, deposit):
    test, live = owner.get("/dashboard/deposits/?mode=test"), owner.get("/dashboard/deposits/")

    assert b"5.00 USDT" in test.content
    assert b"Matches no invoice" in test.content
    assert b"Nothing waits for you" in live.content


def test_a_deposit_shows_what_is_known_of_it(owner, deposit):
    shown = owner.get(page(deposit)).content.decode()

    for fact in ("5.00 USDT", SHARED, "Tag 77", deposit.txid, deposit.sender, "Waits for you"):
        assert fact in shown


def test_it_is_accepted_for_an_invoice(owner, merchant, deposit):
    invoice = make_invoice(merchant, timezone.now())

    answer = owner.post(page(deposit), {"resolution": "accept", "invoice_id": invoice.public_id})

    assert answer["Location"] == "/dashboard/deposits/?mode=test"
    deposit.refresh_from_db()
    assert (deposit.invoice_id, deposit.review) == (invoice.pk, "accepted")
    assert Event.objects.get(type="deposit.resolved").actor.startswith("user:")
    assert b"Nothing waits for you" in owner.get("/dashboard/deposits/?mode=test").content
    assert b"Accepted" in owner.get("/dashboard/deposits/?mode=test&all").content


@pytest.mark.parametrize(("name", "problem"), [("", "say which one it is for"), ("inv_1", "There is no such invoice")])
def test_without_an_invoice_it_is_not_accepted(owner, deposit, name, problem):
    answer = owner.post(page(deposit), {"resolution": "accept", "invoice_id": name})

    assert answer.status_code == 422
    assert problem in answer.content.decode()
    deposit.refresh_from_db()
    assert deposit.review == "open"


def test_a_refund_is_opened(owner, deposit):
    answer = owner.post(page(deposit), {"resolution": "refund"})

    assert answer.status_code == 302
    assert Refund.objects.get().payment_id == deposit.pk


def test_a_wrong_address_is_told_beside_its_field(owner, deposit):
    answer = owner.post(page(deposit), {"resolution": "refund", "address": "nowhere"})

    assert answer.status_code == 422
    assert b"This is not an address on Sandbox" in answer.content
    assert not Refund.objects.exists()


def test_it_is_put_aside(owner, deposit):
    owner.post(page(deposit), {"resolution": "ignore"})

    deposit.refresh_from_db()
    assert deposit.review == "ignored"


def test_nothing_is_decided_twice(owner, deposit):
    owner.post(page(deposit), {"resolution": "ignore"})

    answer = owner.post(page(deposit), {"resolution": "refund"})

    assert answer.status_code == 422
    assert b"not waiting for a decision" in answer.content
    assert not Refund.objects.exists()


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_others_look_but_do_not_decide(seat, deposit, role):
    client = seat(role)

    assert b"An owner or an admin decides" in client.get(page(deposit)).content
    assert client.post(page(deposit), {"resolution": "ignore"}).status_code == 403
    deposit.refresh_from_db()
    assert deposit.review == "open"


def test_another_merchants_deposit_does_not_exist(seat, deposit):
    other = seat("owner", of=make_merchant(timezone.now(), email="b@example.com"), name="other")

    assert other.get(page(deposit)).status_code == 404
    assert other.post(page(deposit), {"resolution": "ignore"}).status_code == 404
    deposit.refresh_from_db()
    assert deposit.review == "open"


def test_the_mode_is_kept_apart(owner, deposit):
    assert owner.get(f"/dashboard/deposits/{deposit.public_id}/").status_code == 404
