"""The mail about an endpoint that we disabled: what it says, where it leads, and that it is not lost."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from events.models import Event
from merchants.mail_texts import sentence
from webhooks import services
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db


def fail(happen, receiver, status, *, at):
    """Let one delivery come to nothing."""
    receiver.status = status
    services.deliver(delivery_id=Delivery.objects.get(event=happen()).pk, now=at)


def test_it_names_the_address_and_what_happened_last_and_leads_to_its_page(endpoint, happen, receiver, now, settings):
    settings.DASHBOARD_BASE_URL = "https://merchants.example"
    fail(happen, receiver, 410, at=now)
    disabled = Event.objects.get(type="webhook_endpoint.disabled", object_id=endpoint.public_id)

    services.tell_owners()

    [message] = mail.outbox
    assert message.subject == "[Test] A webhook endpoint was disabled – Acme VPN Services"
    assert message.body == (
        "This is test mode: nothing of it is real money.\n\n"
        f"Nothing is sent to {endpoint.url} any more. It answered that it is gone for good.\n\n"
        f"What came of the last attempt, on {disabled.created_at:%Y-%m-%d %H:%M} UTC: The receiver answered 410.\n\n"
        "When it works again, enable it and replay what it missed:\n"
        f"https://merchants.example/dashboard/webhooks/{endpoint.public_id}/\n"
    )


def test_one_that_only_failed_is_told_with_its_last_failure_not_with_one_before(make_endpoint, happen, receiver, now):
    make_endpoint(livemode=True)
    for status, days in [(500, 0), (502, 3), (503, 5.1)]:
        receiver.status = status
        services.deliver(
            delivery_id=Delivery.objects.get(event=happen(livemode=True)).pk, now=now + timedelta(days=days)
        )

    services.tell_owners()

    [message] = mail.outbox
    assert message.subject == "A webhook endpoint was disabled – Acme VPN Services"
    assert "For five days it did nothing but fail." in message.body
    assert "The receiver answered 503." in message.body
    assert "test mode" not in message.body


def test_a_mail_server_that_is_away_costs_time_and_no_mail(endpoint, happen, receiver, now, monkeypatch):
    fail(happen, receiver, 410, at=now)

    def refuse(self, messages):
        raise SMTPServerDisconnected("Connection unexpectedly closed")

    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        assert services.tell_owners() == 0

    assert services.tell_owners() == 1
    assert len(mail.outbox) == 1


def test_an_hour_of_failures_is_worded_with_the_last_of_them(endpoint, happen, receiver, now):
    fail(happen, receiver, 500, at=now)
    fail(happen, receiver, 503, at=now + timedelta(hours=1.5))

    [event] = Event.objects.filter(type="webhook_endpoint.failing")

    assert sentence(event) == (
        f"{endpoint.url} has failed for an hour, last so: The receiver answered 503. After five days it is disabled."
    )
