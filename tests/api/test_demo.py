import json
from decimal import Decimal

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from invoices.models import Invoice
from invoices.selectors import get_public_invoice
from invoices.services import cancel_invoice
from merchants.models import APIKey, Merchant
from merchants.selectors import authenticate_key


@pytest.fixture
def file(settings, tmp_path):
    settings.DEMO_FILE = tmp_path / "var" / "demo.json"
    return settings.DEMO_FILE


def make_demo(file):
    call_command("demo")
    return json.loads(file.read_text())


def test_the_demo_is_a_merchant_with_a_working_test_key_an_invoice_and_a_staff_login(db, file):
    demo = make_demo(file)

    key = authenticate_key(demo["test_api_key"])
    assert key.livemode is False
    invoice = get_public_invoice(demo["invoice"])
    assert (invoice.merchant, invoice.network, invoice.total) == (key.merchant, "sandbox", Decimal("33.90"))
    admin = authenticate(username=demo["admin_user"], password=demo["admin_password"])
    assert admin.is_staff
    assert admin.is_superuser


def test_the_demos_owner_signs_in_to_the_dashboard(db, file):
    demo = make_demo(file)
    client = Client()

    answer = client.post("/dashboard/sign-in/", {"login": demo["owner"], "password": demo["owner_password"]})

    assert answer["Location"] == "/dashboard/"
    assert b"Demo Shop" in client.get("/dashboard/wallets/").content


def test_only_its_owner_can_read_the_file(db, file):
    make_demo(file)

    assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_time_nothing_changes(db, file):
    first = make_demo(file)

    second = make_demo(file)

    assert second == first
    assert (Merchant.objects.count(), Invoice.objects.count(), APIKey.objects.count()) == (1, 1, 2)


def test_an_invoice_that_can_no_longer_be_paid_is_followed_by_another(db, file):
    first = make_demo(file)
    invoice = get_public_invoice(first["invoice"])
    cancel_invoice(merchant=invoice.merchant, livemode=False, public_id=first["invoice"], reason="", now=timezone.now())

    second = make_demo(file)

    assert second["invoice"] != first["invoice"]
    assert second["test_api_key"] == first["test_api_key"]


def test_a_lost_file_is_made_again_with_new_secrets(db, file):
    first = make_demo(file)
    file.unlink()

    second = make_demo(file)

    assert authenticate(username="staff@demo.example", password=first["admin_password"]) is None
    assert authenticate(username="staff@demo.example", password=second["admin_password"]) is not None
    assert authenticate_key(second["test_api_key"]) is not None
    assert get_user_model().objects.filter(username="staff@demo.example").count() == 1
