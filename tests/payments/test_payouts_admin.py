"""Staff decides about payouts in their own name, and never sees what could be sent."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from chains.addresses import derive
from merchants.models import VaultSecret
from merchants.services import open_vault
from payments.models import Payout, PayoutTransaction, Refund
from tests.factories import make_invoice, make_merchant
from tests.staff import CONFIRMED

TARGET = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"


@pytest.fixture
def payout(db, settings, now):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]
    settings.VAULT_APPROVAL_USD = 1
    from payments.services.payouts import plan_refund

    merchant = make_merchant(now)
    wallet = open_vault(merchant=merchant, network="ethereum", now=now).wallet
    invoice = make_invoice(merchant, now, livemode=True)
    assert invoice.address == derive("ethereum", wallet.xpub, 0)
    refund = Refund.objects.create(
        merchant=merchant,
        livemode=True,
        invoice=invoice,
        network="ethereum",
        asset_code="USDT",
        units=5_000_000,
        address=TARGET,
        created_at=now,
    )
    return plan_refund(refund, now=now)


def staff(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(name, f"{name}@example.com", "x"))
    return client


def act(client: Client, action: str, payout: Payout) -> str:
    answer = client.post(
        reverse("admin:payments_payout_changelist"),
        {"action": action, **CONFIRMED, "_selected_action": [str(payout.pk)]},
        follow=True,
    )
    payout.refresh_from_db()
    return answer.content.decode()


def test_two_of_the_staff_approve_each_in_their_own_name(payout):
    ann, bob = staff("ann"), staff("bob")

    act(ann, "approve", payout)
    act(ann, "approve", payout)
    assert (payout.status, payout.waiting_for) == ("planned", "Waits for 1 more of the staff.")
    act(bob, "approve", payout)

    assert payout.status == "approved"
    assert sorted(payout.approvals.values_list("user__username", flat=True)) == ["ann", "bob"]


def test_one_of_the_staff_withdraws_it(payout):
    act(staff("ann"), "withdraw", payout)

    assert payout.status == "cancelled"


def test_what_is_not_in_quarantine_is_not_given_up(payout):
    shown = act(staff("ann"), "give_up", payout)

    assert payout.status == "planned"
    assert "past the point" in shown


def test_the_signed_transaction_is_on_no_page(payout):
    made = {"raw": "02f86c0badc0de", "txid": "0x" + "1" * 64}
    PayoutTransaction.objects.create(payout=payout, position=0, fee_cap_units=1, **made)
    Payout.objects.update(status="signed", nonce=0, **made)

    ann = staff("ann")
    pages = [
        ann.get(reverse("admin:payments_payout_changelist")),
        ann.get(reverse("admin:payments_payout_change", args=[payout.pk])),
    ]

    assert [page.status_code for page in pages] == [200, 200]
    assert all("02f86c0badc0de" not in page.content.decode() for page in pages)
    assert made["txid"] in pages[1].content.decode()


def test_seeds_have_no_page():
    assert not admin.site.is_registered(VaultSecret)
