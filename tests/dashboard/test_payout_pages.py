"""Payouts at the desk: what a vault sends and what it waits for, in words; and what merchants decide."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from dashboard.payouts import KINDS, STATUSES, TONES, WAITING
from merchants.models import NoticeKind
from merchants.services import add_wallet, notice
from payments.models import Payout, PayoutApproval, PayoutKind, PayoutStatus, Refund, Waiting
from payments.services.payouts import coin_of, plan
from tests.dashboard.vaults import KEYS, TARGET, make_payout, make_refund, sign
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _vaults(settings):
    settings.VAULT_KEYS = KEYS


@pytest.fixture
def now():
    return timezone.now() - timedelta(hours=1)


def page(payout):
    return f"/dashboard/payouts/{payout.public_id}/"


def text(answer):
    return unescape(answer.content.decode())


def test_there_are_words_for_everything():
    assert set(KINDS) == set(PayoutKind)
    assert set(STATUSES) == set(TONES) == set(PayoutStatus)
    assert set(WAITING) == set(Waiting)


def test_without_payouts_the_page_says_what_will_be_here(owner):
    assert "Nothing was sent yet." in text(owner.get("/dashboard/payouts/"))


def test_a_refund_is_sent_from_the_vault_once(owner, merchant, now):
    refund = make_refund(merchant, now)
    listed = text(owner.get("/dashboard/payouts/"))
    assert "Refunds that a vault can send" in listed
    assert TARGET in listed

    for _ in range(2):
        answer = owner.post(f"/dashboard/refunds/{refund.public_id}/send/")
        assert answer["Location"] == "/dashboard/payouts/"

    payout = Payout.objects.get()
    assert (payout.refund_id, payout.status, payout.recipient) == (refund.pk, "approved", TARGET)
    listed = text(owner.get("/dashboard/payouts/"))
    assert "Refunds that a vault can send" not in listed
    assert page(payout) in listed
    assert "To be sent" in listed


@pytest.mark.parametrize("facts", [{"address": ""}, {"is_held": True}, {"status": "cancelled"}])
def test_what_cannot_be_sent_is_neither_offered_nor_sent(owner, merchant, now, facts):
    refund = make_refund(merchant, now, **facts)

    assert refund.public_id not in text(owner.get("/dashboard/payouts/"))
    assert owner.post(f"/dashboard/refunds/{refund.public_id}/send/").status_code == 409
    assert not Payout.objects.exists()


def test_a_refund_from_another_wallet_is_the_merchants_to_send(owner, merchant, now):
    add_wallet(merchant=merchant, network="ethereum", kind="pool", addresses=[TARGET], now=now)
    invoice = make_invoice(merchant, now, livemode=True)
    refund = Refund.objects.create(
        merchant=merchant, livemode=True, invoice=invoice, network="ethereum", asset_code="USDT", units=1, address="0x1"
    )

    assert refund.public_id not in text(owner.get("/dashboard/payouts/"))
    assert "so you send the refund from your own wallet" in text(
        owner.post(f"/dashboard/refunds/{refund.public_id}/send/")
    )


@pytest.mark.parametrize("reason", list(Waiting))
def test_what_it_waits_for_is_said_in_words(owner, merchant, now, reason):
    payout = make_payout(merchant, now, waiting_reason=reason, waiting_for="https://node.example/secret says no")

    for path in ("/dashboard/payouts/", page(payout)):
        shown = text(owner.get(path))
        assert WAITING[reason]() in shown
        assert "node.example" not in shown


def test_a_vault_without_coin_names_its_gas_address(owner, merchant, now):
    parent = make_payout(merchant, now)
    gas = plan(
        kind=PayoutKind.GAS,
        wallet=parent.wallet,
        invoice=parent.invoice,
        pays_for=parent,
        asset_code=coin_of("ethereum").code,
        units=10**15,
        sender=parent.wallet.vault.gas_address,
        sender_path="1/0",
        recipient=parent.sender,
        now=now,
    )
    Payout.objects.update(waiting_reason="top_up")

    assert parent.wallet.vault.gas_address in text(owner.get("/dashboard/payouts/"))
    assert "put some on its gas address" in text(owner.get(page(gas)))
    assert text(owner.get("/dashboard/payouts/")).count(parent.sender) == 0  # coin goes nowhere else
    assert "Coin for the fee: 0.001" in text(owner.get(page(parent)))


def test_a_vault_with_little_coin_says_so_until_it_has_more(owner, merchant, now):
    wallet = make_payout(merchant, now).wallet
    notice(wallet_id=wallet.pk, kind=NoticeKind.GAS_LOW, is_so=True, now=now)

    shown = text(owner.get("/dashboard/payouts/"))
    assert "Your vault on Ethereum has little ETH left to pay fees with." in shown
    assert wallet.vault.gas_address in shown

    notice(wallet_id=wallet.pk, kind=NoticeKind.GAS_LOW, is_so=False, now=now)
    assert "has little ETH" not in text(owner.get("/dashboard/payouts/"))


def test_another_merchants_vault_is_not_told_of(owner, merchant, now):
    wallet = make_payout(make_merchant(now, email="b@example.com"), now).wallet
    notice(wallet_id=wallet.pk, kind=NoticeKind.GAS_LOW, is_so=True, now=now)

    assert "has little ETH" not in text(owner.get("/dashboard/payouts/"))


def test_the_story_of_a_payout_is_told_in_order(owner, merchant, now):
    payout = make_payout(merchant, now)
    user = get_user_model().objects.create_user("secret-name-of-staff", is_staff=True)
    PayoutApproval.objects.create(payout=payout, user=user, created_at=now + timedelta(minutes=1))
    sign(payout, now + timedelta(minutes=2), times=2)
    over = {"status": "confirmed", "ended_at": now + timedelta(minutes=40), "fee_units": 21_000 * 10**9}
    Payout.objects.update(**over)

    shown = text(owner.get(page(payout)))

    told = ["Planned", "Approved by one of the staff", "Signed", "Signed again, with higher fees", "Arrived"]
    story = shown[shown.index("What has happened") :]
    places = [story.index(f"<span>{words}</span>") for words in told]
    assert places == sorted(places)
    assert "secret-name-of-staff" not in shown
    payout.refresh_from_db()
    for fact in (payout.txid, f"https://etherscan.io/tx/{payout.txid}", payout.refund.public_id, "0.00002100 ETH"):
        assert fact in shown
    assert payout.raw not in shown


def test_before_it_is_signed_the_refund_is_withdrawn(owner, merchant, now):
    payout = make_payout(merchant, now)
    assert "Withdraw the refund" in text(owner.get(page(payout)))

    assert owner.post(page(payout) + "withdraw/")["Location"] == page(payout)

    payout.refresh_from_db()
    payout.refund.refresh_from_db()
    assert (payout.status, payout.refund.status) == ("cancelled", "cancelled")
    assert "Withdrawn" in text(owner.get(page(payout)))


def test_once_it_is_signed_it_is_not(owner, merchant, now):
    payout = sign(make_payout(merchant, now), now)
    assert "Withdraw the refund" not in text(owner.get(page(payout)))

    answer = owner.post(page(payout) + "withdraw/")

    assert answer.status_code == 409
    assert "A vault is sending this refund already." in text(answer)
    payout.refresh_from_db()
    assert (payout.status, payout.refund.status) == ("sent", "requested")


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_others_look_and_are_told_whose_it_is_to_decide(seat, merchant, now, role):
    payout, refund, client = make_payout(merchant, now), make_refund(merchant, now), seat(role)

    assert "An owner or an admin has them sent." in text(client.get("/dashboard/payouts/"))
    assert "An owner or an admin can still withdraw the refund." in text(client.get(page(payout)))
    assert client.post(page(payout) + "withdraw/").status_code == 403
    assert client.post(f"/dashboard/refunds/{refund.public_id}/send/").status_code == 403
    assert (Payout.objects.get().status, Refund.objects.filter(status="requested").count()) == ("approved", 2)


def test_nothing_of_another_merchant_is_listed_or_there(seat, merchant, now):
    payout, refund = make_payout(merchant, now), make_refund(merchant, now)
    stranger = seat("owner", of=make_merchant(now, email="b@example.com"), name="other")

    listed = text(stranger.get("/dashboard/payouts/"))
    assert payout.public_id not in listed
    assert refund.public_id not in listed
    for answer in (
        stranger.get(page(payout)),
        stranger.post(page(payout) + "withdraw/"),
        stranger.post(f"/dashboard/refunds/{refund.public_id}/send/"),
    ):
        assert answer.status_code == 404
    payout.refresh_from_db()
    assert payout.status == "approved"


def test_in_test_mode_there_are_none(testing, owner, merchant, now):
    payout, refund = make_payout(merchant, now), make_refund(merchant, now)

    assert "Nothing was sent yet." in text(owner.get("/dashboard/payouts/"))
    assert owner.get(page(payout)).status_code == 404
    assert owner.post(f"/dashboard/refunds/{refund.public_id}/send/").status_code == 404


def test_the_list_has_pages_and_asks_the_database_little(owner, merchant, now, django_assert_max_num_queries):
    for _ in range(27):
        make_payout(merchant, now)

    with django_assert_max_num_queries(12):
        answer = owner.get("/dashboard/payouts/")
    first = text(answer)
    second = text(owner.get("/dashboard/payouts/", {"place": answer.context["page"].next_place}))

    assert (first.count('class="row-amount"'), second.count('class="row-amount"')) == (25, 2)
