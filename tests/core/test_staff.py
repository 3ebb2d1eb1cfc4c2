"""The staff's admin acts through services, in the name of whoever is signed in, and only where they may."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from events.models import Event
from tests.factories import make_invoice, make_merchant
from tests.staff import CONFIRMED

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(now):
    return make_invoice(make_merchant(now), now)


def signed_in(client, *permissions: str) -> User:
    user = User.objects.create_user("staff", "staff@example.com", "a long password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


def cancel(client, invoice):
    return client.post(
        reverse("admin:invoices_invoice_changelist"),
        {"action": "cancel", **CONFIRMED, "_selected_action": str(invoice.pk)},
    )


def test_an_action_is_logged_under_the_person_who_took_it(client, invoice):
    user = signed_in(client, "view_invoice", "cancel_invoice")

    cancel(client, invoice)

    invoice.refresh_from_db()
    assert invoice.status == "cancelled"
    assert Event.objects.get(type="invoice.cancelled").actor == f"user:{user.pk}"


def test_whoever_may_only_look_changes_nothing(client, invoice):
    signed_in(client, "view_invoice")

    cancel(client, invoice)

    invoice.refresh_from_db()
    assert invoice.status == "created"


def test_a_row_is_found_by_its_public_id(client, invoice):
    make_invoice(invoice.merchant, invoice.created_at, title="Another")
    signed_in(client, "view_invoice")

    page = client.get(reverse("admin:invoices_invoice_changelist"), {"q": f" {invoice.public_id} "})

    assert [row.pk for row in page.context["cl"].queryset] == [invoice.pk]


def test_an_invoice_shows_its_status_before_all_its_columns(client, invoice):
    signed_in(client, "view_invoice")

    page = client.get(reverse("admin:invoices_invoice_change", args=[invoice.pk]))

    shown = [name for _, options in page.context["adminform"].fieldsets for name in options["fields"]]
    assert shown[:4] == ["public_id", "state", "received", "created_at"]
    assert {"merchant", "title", "address", "total"} <= set(shown)
    assert "Crypto Checkout" in page.content.decode()
    assert "Django admin" not in page.content.decode()


def test_a_merchant_shows_its_status_but_no_secret(client, invoice):
    signed_in(client, "view_merchant")

    page = client.get(reverse("admin:merchants_merchant_change", args=[invoice.merchant_id]))

    shown = [name for _, options in page.context["adminform"].fieldsets for name in options["fields"]]
    assert shown[:2] == ["business_name", "status"]
    assert not [name for name in shown if "secret" in name]


@pytest.mark.parametrize("path", ["invoices/invoice/?status__exact=%00", "merchants/merchant/?q=a%00b"])
def test_a_filter_that_no_row_could_match_is_refused(client, path):
    signed_in(client, "view_invoice", "view_merchant")

    assert client.get(f"/admin/{path}").status_code == 400


@pytest.mark.parametrize(
    ("path", "action", "key"),
    [
        ("merchants/merchant/", "suspend", "\0"),
        ("merchants/merchant/", "suspend", "1"),
        ("merchants/plan/", "limit", "\0"),
    ],
)
def test_a_row_that_cannot_be_is_not_acted_upon(client, path, action, key):
    client.force_login(User.objects.create_superuser("root"))

    answer = client.post(f"/admin/{path}", {"action": action, "_selected_action": key, "index": "0"})

    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["merchants/plan/%00/change/", "payments/cursor/a%00b/change/"])
def test_an_id_that_no_row_could_have_leads_back(client, path):
    signed_in(client, "view_plan", "view_cursor")

    assert client.get(f"/admin/{path}").status_code == 302
