"""Sessions that are over leave, with what they tell of people's devices; those that go on stay."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from dashboard.accounts import sessions
from merchants.services import confirm_address
from tests.dashboard.people import PASSWORD, sign_in

pytestmark = pytest.mark.django_db
ACCOUNT = "/dashboard/account/"


@pytest.fixture
def devices():
    """Three on which Ada is signed in."""
    confirm_address(user=get_user_model().objects.create_user("ada@example.com", "ada@example.com", PASSWORD))
    clients = [Client() for _ in range(3)]
    assert [sign_in(client).status_code for client in clients] == [302] * 3
    return clients


def test_those_that_are_over_leave_with_their_devices(devices, monkeypatch):
    monkeypatch.setattr(sessions, "_AT_ONCE", 1)
    now, laptop = timezone.now(), devices[2]
    over = [client.session.session_key for client in devices[:2]]
    Session.objects.filter(pk__in=over).update(expire_date=now)
    UserSession.objects.update(created_at=now - timedelta(days=14))

    assert sessions.prune(now=now + timedelta(seconds=1)) == 4

    assert UserSession.objects.get().session_key == laptop.session.session_key
    assert [client.get(ACCOUNT).status_code for client in devices] == [302, 302, 200]


def test_a_device_whose_session_is_only_being_written_stays(devices):
    Session.objects.all().delete()

    assert sessions.prune(now=timezone.now()) == 0
    assert sessions.prune(now=timezone.now() + timedelta(days=2)) == 3
