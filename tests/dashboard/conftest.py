"""Members at their desks."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from merchants.models import Member
from tests.factories import make_merchant


@pytest.fixture(autouse=True)
def _fresh_limits(valkey):
    """Every test has all attempts to itself."""


@pytest.fixture(autouse=True)
def _nodes(settings):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}, "tron": {"rpc_urls": ["http://127.0.0.1:1"]}}


@pytest.fixture
def merchant(db):
    return make_merchant(timezone.now())


@pytest.fixture
def modes():
    """The mode in which members sit down; the fixture ``testing`` makes it test mode."""
    return {"test": False}


@pytest.fixture
def testing(modes):
    modes["test"] = True


@pytest.fixture
def seat(merchant, modes):
    """Sign somebody in with a role in a merchant."""

    def sign_in(role="owner", *, of=merchant, name="person"):
        user, _ = get_user_model().objects.get_or_create(username=f"{name}@example.com")
        Member.objects.get_or_create(user=user, merchant=of, defaults={"role": role})
        client = Client(enforce_csrf_checks=False)
        client.force_login(user)
        UserSession.objects.create(
            user=user, session_key=client.session.session_key, ip="127.0.0.1"
        )  # as the door does
        if modes["test"]:
            client.post("/dashboard/mode/", {"mode": "test"})
        return client

    return sign_in


@pytest.fixture
def owner(seat):
    return seat("owner")
