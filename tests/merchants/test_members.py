"""The owner's way in: a mail, a link, a password."""

import re
from smtplib import SMTPServerDisconnected

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from merchants import services, tasks
from merchants.models import Member, Merchant
from merchants.notifications import Topic
from merchants.selectors import addressees
from merchants.services import choose_notifications


def link_in(message):
    return re.search(r"http://testserver(/dashboard/password/\S+/)", message.body)[1]


def test_the_owner_chooses_a_password_with_the_mailed_link(account):
    assert tasks.invite_members() == 1
    message = mail.outbox[0]
    assert message.to == ["admin@acme.example"]
    client = Client()
    page = client.get(link_in(message), follow=True)
    assert page.status_code == 200
    assert b"Choose a password" in page.content
    assert b"style=" not in page.content
    assert b"<script" not in page.content

    form = {"new_password1": "four unrelated words", "new_password2": "four unrelated words"}
    done = client.post(page.request["PATH_INFO"], form, follow=True)

    assert b"Your password is saved" in done.content
    assert User.objects.get().check_password("four unrelated words")
    again = Client().get(link_in(message), follow=True)
    assert b"This link no longer works" in again.content


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Acme VPN Services", "Acme VPN Services"),
        ("Äcme & Söhne, Inc. – No. 5", "Äcme & Söhne, Inc. – No. 5"),
        ("You won!\n\nCome and\r\nfetch it", "You won! Come and fetch it"),
        ("\u202emcA", "mcA"),
        ("You won: https://evil.example/claim", "A business"),
        ("evil.example", "A business"),
        ("\u200b", "A business"),
        ("write to win@evil", "A business"),
    ],
)
def test_nobody_makes_us_mail_a_text_of_theirs_by_the_name_they_choose(db, now, name, told):
    services.sign_up(request=services.SignUp(business_name=name, contact_email="somebody@example.com"), now=now)

    tasks.invite_members()

    assert (
        mail.outbox[0].body.splitlines()[0] == f"{told} now has an account for crypto payments, and you are its owner."
    )


def test_a_weak_password_is_refused_with_the_reason(account):
    tasks.invite_members()
    client = Client()
    page = client.get(link_in(mail.outbox[0]), follow=True)

    answer = client.post(page.request["PATH_INFO"], {"new_password1": "12345", "new_password2": "12345"})

    assert b"This password is too short" in answer.content
    assert b'aria-invalid="true"' in answer.content
    assert not User.objects.get().has_usable_password()


def test_a_mail_is_sent_once(account):
    assert [tasks.invite_members(), tasks.invite_members()] == [1, 0]
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_delays_the_mail_and_loses_none(account, settings, monkeypatch):
    def fail(*_, **__):
        raise SMTPServerDisconnected("away")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
        assert tasks.invite_members() == 0

    assert tasks.invite_members() == 1
    assert len(mail.outbox) == 1


def test_a_person_who_is_known_keeps_their_login(db, now):
    person = User.objects.create_user("ann", "Ann@Example.com", "four unrelated words")

    merchant = services.sign_up(
        request=services.SignUp(business_name="Second", contact_email="ann@example.com"), now=now
    ).merchant
    tasks.invite_members()

    assert Member.objects.get(merchant=merchant).user == person
    person.refresh_from_db()
    assert person.check_password("four unrelated words")
    assert "/dashboard/password/" not in mail.outbox[0].body


def test_an_address_too_long_for_a_login_name_is_still_an_address(db, now):
    address = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example"

    services.sign_up(request=services.SignUp(business_name="Long", contact_email=address), now=now)

    assert User.objects.get().email == address


def test_the_contact_and_who_wants_it_are_written_to_once_each(merchant):
    assert addressees(merchant=merchant, topic=Topic.WALLET) == ["admin@acme.example"]
    Merchant.objects.filter(pk=merchant.pk).update(contact_email="billing@acme.example")
    for role in ("developer", "viewer"):
        user = User.objects.create_user(f"{role}@acme.example", f"{role}@acme.example")
        Member.objects.create(user=user, merchant=merchant, role=role)

    merchant.refresh_from_db()

    assert addressees(merchant=merchant, topic=Topic.WALLET) == [
        "billing@acme.example",
        "admin@acme.example",
    ]
    assert addressees(merchant=merchant, topic=Topic.WEBHOOK) == [
        "billing@acme.example",
        "admin@acme.example",
        "developer@acme.example",
    ]
    owner = Member.objects.get(merchant=merchant, role="owner")
    choose_notifications(member=owner, topics=[], of_test=False)
    assert addressees(merchant=merchant, topic=Topic.WALLET)[0] == "billing@acme.example"


@pytest.mark.django_db(transaction=True)
def test_signing_up_does_not_wait_for_the_mail(now):
    services.sign_up(request=services.SignUp(business_name="Acme", contact_email="a@example.com"), now=now)

    assert mail.outbox == []
    assert Member.objects.get().invited_at is None
