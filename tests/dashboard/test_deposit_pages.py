"""The inbox at the desk: see, decide, and never another merchant's money."""

import pytest
from django.utils import timezone

from events.models import Event
from payments.models import Refund
from tests.dashboard.money import SHARED, make_deposit
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture
def deposit(merchant):
    return make_deposit(merchant, timezone.now())


def page(deposit):
    return f"/dashboard/deposits/{deposit.public_id}/"


@pytest.fixture(autouse=True)
def _testing(testing):
    """The deposit is of test mode, and so is the desk."""


def test_what_waits_is_listed_in_its_mode(owner, deposit):
    test = owner.get("/dashboard/deposits/")
    owner.post("/dashboard/mode/", {"mode": "live"})
    live = owner.get("/dashboard/deposits/")

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

    assert answer["Location"] == "/dashboard/deposits/"
    deposit.refresh_from_db()
    assert (deposit.invoice_id, deposit.review) == (invoice.pk, "accepted")
    assert Event.objects.get(type="deposit.resolved").actor.startswith("user:")
    assert b"Nothing waits for you" in owner.get("/dashboard/deposits/").content
    assert b"Accepted" in owner.get("/dashboard/deposits/?all").content


@pytest.mark.parametrize(("name", "problem"), [("", "say which one it is for"), ("inv_1", "There is no such invoice")])
def test_without_an_invoice_it_is_not_accepted_and_the_field_says_why(owner, deposit, name, problem):
    answer = owner.post(page(deposit), {"resolution": "accept", "invoice_id": name})

    assert answer.status_code == 422
    assert problem in answer.content.decode().split('id="invoice_id_problem"')[1].split("</p>")[0]
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
    assert owner.get(page(deposit)).status_code == 200

    owner.post("/dashboard/mode/", {"mode": "live"})

    assert owner.get(page(deposit)).status_code == 404
    assert owner.post(page(deposit), {"resolution": "ignore"}).status_code == 404
