"""Staff of three groups, and what they send to act."""

from collections.abc import Mapping

from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

CONFIRMED: Mapping[str, str] = {"confirmed": "1", "reason": "The customer wrote to us"}


def staff_of(*groups: str) -> Client:
    """Return the browser of somebody of these groups; ``.person`` is who."""
    email = f"{'-'.join(groups) or 'nobody'}@example.com"
    person = User.objects.create_user(email, email, "a long password", is_staff=True)
    person.groups.set(Group.objects.filter(name__in=groups))
    client = Client()
    client.force_login(person)
    client.person = person
    return client


def page_of(model, view="changelist", *rest) -> str:
    """Return the address of a page about ``model``."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=rest)


def act(client: Client, name: str, /, *rows, **fields):
    """Confirm an act on rows; return the page that follows."""
    order = {"action": name, **CONFIRMED, "_selected_action": [str(row.pk) for row in rows], **fields}
    return client.post(page_of(type(rows[0])), order, follow=True)
