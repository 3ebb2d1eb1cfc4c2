"""The staff's admin acts through services, in the name of whoever is signed in, and only where they may."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from events.models import Event
from tests.factories import make_invoice, make_merchant

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
        reverse("admin:invoices_invoice_changelist"), {"action": "cancel", "_selected_action": str(invoice.pk)}
    )


def test_an_action_is_logged_under_the_person_who_took_it(client, invoice):
    user = signed_in(client, "view_invoice", "change_invoice")

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
