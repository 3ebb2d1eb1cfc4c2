"""Staff finds everything, and changes it through the services."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from events.models import Event
from merchants.models import APIKey, Member, Wallet, WalletAddress
from tests.staff import CONFIRMED


@pytest.fixture
def staff(db):
    person = User.objects.create_superuser("root", "root@example.com", "x")
    client = Client()
    client.force_login(person)
    client.person = person
    return client


def act(staff, model, action, row, **fields):
    address = reverse(f"admin:merchants_{model}_changelist")
    return staff.post(
        address, {"action": action, **CONFIRMED, "_selected_action": [str(row.pk)], **fields}, follow=True
    )


@pytest.mark.parametrize("model", ["plan", "merchant", "member", "apikey", "wallet", "walletaddress", "usage"])
def test_every_model_is_found(staff, account, model):
    address = reverse(f"admin:merchants_{model}_changelist")

    assert staff.get(address).status_code == 200
    assert staff.get(f"{address}?q=acme").status_code == 200


def test_a_merchant_is_shown_without_its_secrets(staff, merchant):
    page = staff.get(reverse("admin:merchants_merchant_change", args=[merchant.pk]))

    assert page.status_code == 200
    assert merchant.webhook_secret_live.encode() not in page.content
    assert b"admin@acme.example" in page.content


def test_suspending_and_letting_back_are_audited(staff, merchant):
    act(staff, "merchant", "suspend", merchant)
    merchant.refresh_from_db()
    assert merchant.status == "suspended"

    act(staff, "merchant", "reactivate", merchant)
    merchant.refresh_from_db()
    assert merchant.status == "active"
    for what in ("merchant.suspended", "merchant.reactivated"):
        assert Event.objects.get(type=what).actor == f"user:{staff.person.pk}"


def test_a_plan_is_given_by_an_action(staff, merchant):
    act(staff, "merchant", "give_plan", merchant, plan="enterprise")

    merchant.refresh_from_db()
    assert merchant.plan_id == "enterprise"
    assert Event.objects.get(type="merchant.plan_changed").data["previous"] == "pro"


def test_what_cannot_be_done_is_said(staff, merchant):
    page = act(staff, "merchant", "reactivate", merchant)

    assert b"This merchant is active already." in page.content


def test_a_key_is_revoked_by_an_action(staff, account):
    act(staff, "apikey", "revoke", account.live_key)

    account.live_key.refresh_from_db()
    assert account.live_key.revoked_at is not None
    assert APIKey.objects.filter(revoked_at=None).count() == 1


def test_nothing_is_changed_by_hand(staff, merchant):
    address = reverse("admin:merchants_merchant_change", args=[merchant.pk])

    assert staff.post(address, {"business_name": "Hacked"}).status_code == 403
    merchant.refresh_from_db()
    assert merchant.business_name == "Acme"


def test_a_link_can_be_sent_again(staff, merchant, now):
    Member.objects.update(invited_at=now)

    act(staff, "member", "invite_again", Member.objects.get())

    assert Member.objects.get().invited_at is None


@pytest.mark.parametrize(("given", "fee"), [("2.5", "2.50"), ("7", "1.00"), ("", "1.00"), ("a lot", "1.00")])
def test_staff_sets_the_platform_fee_within_its_bounds(staff, merchant, given, fee):
    act(staff, "merchant", "set_fee", merchant, percent=given)

    merchant.refresh_from_db()
    assert str(merchant.platform_fee_percent) == fee
    changes = Event.objects.filter(type="merchant.platform_fee_changed")
    assert [event.actor for event in changes] == ([f"user:{staff.person.pk}"] if fee != "1.00" else [])


def test_a_wallet_and_its_addresses_are_found_and_removed(staff, merchant):
    wallet = Wallet.objects.create(merchant=merchant, network="ethereum", kind="pool")
    WalletAddress.objects.create(wallet=wallet, network="ethereum", address="0xabc")

    assert b"0xabc" in staff.get(reverse("admin:merchants_walletaddress_changelist") + "?q=0xabc").content
    assert b"List of addresses" in staff.get(reverse("admin:merchants_wallet_changelist") + "?q=0xabc").content
    act(staff, "wallet", "remove", wallet)

    wallet.refresh_from_db()
    assert not wallet.is_active
    assert Event.objects.get(type="wallet.removed").actor == f"user:{staff.person.pk}"
