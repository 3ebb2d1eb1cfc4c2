"""Mails that members chose: owed with the event, sent by a worker, at least once, and never by the dozen."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from core import context
from events.models import Event
from events.outbox import Happening, dispatch_all, emit
from merchants import services, tasks
from merchants.mail_texts import _SENTENCES, SUBJECT, sentence
from merchants.models import Member, OwedMail
from merchants.notifications import DEFAULTS, TYPES, Topic, topic_of, wanted
from merchants.services import choose_notifications, mailing, owe_mails, send_mails
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db

SOLD = {
    "invoice_id": "inv_06bq3z5n8cz9v4w2k7r1t0x5ye",
    "title": "VPN\r\nBcc: x@example.com",
    "total_amount": Decimal("16.49"),
    "total_received": Decimal("16.50"),
    "currency": "USD",
}
DEPOSIT = {
    "invoice_id": None,
    "payment_id": "pay_06bq3z5n8cz9v4w2k7r1t0x5ye",
    "payment": {"amount": Decimal("1.50"), "crypto_currency": "USDT"},
    "network": "tron",
    "late": False,
    "in_review": True,
}


@pytest.fixture
def now():
    """The clock's own: events carry it too."""
    return timezone.now()


@pytest.fixture
def merchant(now):
    made = make_merchant(now)
    Member.objects.update(created_at=now - timedelta(days=1))
    dispatch_all()
    OwedMail.objects.all().delete()
    mail.outbox.clear()
    return made


@pytest.fixture
def owner(merchant):
    return Member.objects.get(merchant=merchant)


def join(merchant, role, email):
    user = get_user_model().objects.create_user(email, email)
    return Member.objects.create(user=user, merchant=merchant, role=role, created_at=timezone.now() - timedelta(days=1))


def happen(merchant, what="payment.detected", *, livemode=True, actor="system", **data):
    facts = {**(DEPOSIT if what == "payment.detected" else SOLD), **data}
    with transaction.atomic(), context.caller(actor=actor):
        event = emit(Happening(type=what, merchant_id=merchant.pk, livemode=livemode, data=facts))
    dispatch_all()
    return event


def sent(now):
    """Send what is due; return to whom and with which subject."""
    mail.outbox.clear()
    send_mails(now=now)
    return [(each.to[0], each.subject) for each in mail.outbox]


class TestTopics:
    @pytest.mark.parametrize(
        ("what", "actor", "data", "topic"),
        [
            ("payment.detected", "system", {"in_review": True}, Topic.DEPOSIT),
            ("payment.detected", "system", {"in_review": True, "late": True}, Topic.DEPOSIT),
            ("payment.detected", "system", {"in_review": False, "late": True}, Topic.LATE),
            ("payment.detected", "system", {"in_review": False, "late": False}, None),
            ("refund.address_set", "customer", {}, Topic.REFUND_CLAIMED),
            ("refund.address_set", "user:1", {}, None),
            ("invoice.paid", "system", {}, Topic.PAID),
            ("invoice.created", "system", {}, None),
        ],
    )
    def test_an_event_is_of_one_topic_or_none(self, what, actor, data, topic):
        assert topic_of(Event(type=what, actor=actor, data=data)) is topic

    def test_every_topic_and_every_type_has_words(self):
        assert set(SUBJECT) == set(Topic)
        assert set(_SENTENCES) == TYPES
        for what in TYPES:
            assert sentence(Event(type=what, data={})) != what

    def test_owners_hear_of_problems_and_security_and_nobody_of_each_sale(self):
        assert {Topic.DEPOSIT, Topic.PAYOUT, Topic.REVERSED, Topic.KEY, Topic.TEAM} <= DEFAULTS["owner"]
        assert not any(Topic.PAID in topics for topics in DEFAULTS.values())
        assert DEFAULTS["viewer"] == set()

    def test_only_what_differs_from_the_role_is_stored(self, owner):
        usual = DEFAULTS["owner"]

        choose_notifications(member=owner, topics=usual, of_test=False)
        owner.refresh_from_db()
        assert owner.notifications == {}

        choose_notifications(member=owner, topics=(usual | {Topic.PAID}) - {Topic.KEY}, of_test=True)
        owner.refresh_from_db()
        assert owner.notifications == {"paid": True, "key": False}
        assert wanted(owner) == (usual | {Topic.PAID}) - {Topic.KEY}
        told = Event.objects.get(type="member.notifications_changed").data
        assert (told["previous"]["test"], told["changes"]["test"]) == (False, True)


class TestOwing:
    def test_who_wants_it_gets_it_and_nobody_else(self, merchant, owner, now):
        join(merchant, "admin", "admin@example.com")
        join(merchant, "viewer", "viewer@example.com")
        gone = join(merchant, "admin", "gone@example.com")
        get_user_model().objects.filter(pk=gone.user_id).update(is_active=False)
        make_merchant(now, email="stranger@example.com")

        happen(merchant)

        assert sorted(sent(now)) == [
            ("admin@example.com", "Money in the inbox waits for you – Acme VPN Services"),
            ("owner@example.com", "Money in the inbox waits for you – Acme VPN Services"),
        ]

    def test_a_sale_is_mailed_only_to_who_asked_for_it(self, merchant, owner, now):
        happen(merchant, "invoice.paid")
        assert sent(now) == []

        choose_notifications(member=owner, topics={Topic.PAID}, of_test=False)
        happen(merchant, "invoice.paid")

        assert sent(now) == [("owner@example.com", "Paid – Acme VPN Services")]
        assert "VPN Bcc: x@example.com: 16.50 of 16.49 USD arrived" in mail.outbox[0].body
        assert f"/dashboard/invoices/{SOLD['invoice_id']}/" in mail.outbox[0].body

    def test_test_mode_is_off_until_asked_for_and_then_marked(self, merchant, owner, now):
        happen(merchant, livemode=False)
        assert sent(now) == []

        choose_notifications(member=owner, topics={Topic.DEPOSIT}, of_test=True)
        happen(merchant, livemode=False)

        assert sent(now) == [("owner@example.com", "[Test] Money in the inbox waits for you – Acme VPN Services")]
        assert "This is test mode" in mail.outbox[0].body

    def test_handing_an_event_out_twice_owes_one_mail(self, merchant, owner, now):
        event = happen(merchant)

        owe_mails(event=event)

        assert OwedMail.objects.count() == 1
        assert len(sent(now)) == 1
        owe_mails(event=event)
        assert sent(now + timedelta(hours=1)) == []

    def test_signing_up_does_not_flood_the_owner_with_their_own_keys(self, now):
        make_merchant(now, email="fresh@example.com")
        dispatch_all()

        assert not OwedMail.objects.exists()

    def test_a_key_that_is_made_later_is_told(self, merchant, owner, now):
        order = services.KeyOrder("Till", livemode=True, permissions=["*"])
        grant = services.Grant(livemode=True, permissions=["*"])
        services.create_api_key(merchant=merchant, order=order, grant=grant, now=now)
        dispatch_all()

        assert sent(now) == [("owner@example.com", "A key or a secret needs your eyes – Acme VPN Services")]
        assert "The API key Till was made." in mail.outbox[0].body


class TestSending:
    def test_many_become_one_mail_and_pauses_lie_between(self, merchant, owner, now):
        happen(merchant)
        assert len(sent(now)) == 1
        for number in range(30):
            happen(merchant, payment={"amount": Decimal(number), "crypto_currency": "USDT"})

        assert sent(now + timedelta(minutes=4)) == []
        later = now + timedelta(minutes=5, seconds=1)
        assert sent(later) == [("owner@example.com", "Money in the inbox waits for you (30 times) – Acme VPN Services")]
        body = mail.outbox[0].body
        assert "The last 20 of 30:" in body
        assert body.count("USDT arrived on tron.") == 20
        assert "29 USDT" in body
        assert sent(later + timedelta(hours=1)) == []

    def test_another_topic_does_not_wait(self, merchant, owner, now):
        happen(merchant)
        assert len(sent(now)) == 1
        happen(merchant, "invoice.overpaid")

        assert [subject for _to, subject in sent(now)] == ["Too much was paid – Acme VPN Services"]

    def test_it_says_how_to_get_no_more(self, merchant, owner, now):
        happen(merchant)
        sent(now)

        message = mail.outbox[0]
        assert "What you are mailed of: " in message.body
        assert message.extra_headers["List-Unsubscribe"].endswith("/dashboard/notifications/>")

    def test_while_the_mail_server_is_away_it_stays_owed(self, merchant, owner, now, monkeypatch):
        happen(merchant)

        def refuse(message):
            raise ConnectionRefusedError

        with monkeypatch.context() as away:
            away.setattr(mailing.EmailMessage, "send", refuse)
            assert sent(now) == []

        assert len(sent(now)) == 1

    def test_a_sender_that_died_leaves_it_to_the_next_one(self, merchant, owner, now, monkeypatch):
        happen(merchant)

        def die(message):
            raise KeyboardInterrupt

        with monkeypatch.context() as killed:
            killed.setattr(mailing.EmailMessage, "send", die)
            with pytest.raises(KeyboardInterrupt):
                send_mails(now=now)

        assert sent(now + timedelta(minutes=1)) == []
        assert len(sent(now + mailing.LEASE)) == 1

    def test_the_network_lies_outside_of_the_transactions(self, merchant, owner, now, monkeypatch):
        depth = len(connection.savepoint_ids)
        seen = []
        monkeypatch.setattr(mailing.EmailMessage, "send", lambda _: seen.append(len(connection.savepoint_ids) - depth))
        happen(merchant)

        tasks.send_notifications()

        assert seen == [0]

    def test_who_has_left_gets_nothing(self, merchant, owner, now):
        happen(merchant)
        owner.delete()

        assert sent(now) == []

    def test_old_ones_are_deleted_and_owed_ones_are_not(self, merchant, owner, now):
        happen(merchant)
        sent(now)
        happen(merchant)

        assert services.prune_mails(now=now + timedelta(days=31)) == 1
        assert OwedMail.objects.get().sent_at is None


@pytest.mark.django_db(transaction=True)
def test_while_one_worker_mails_another_leaves_it_alone(now, monkeypatch):
    merchant = make_merchant(now)
    Member.objects.update(created_at=now - timedelta(days=1))
    dispatch_all()
    OwedMail.objects.all().delete()
    happen(merchant)
    rival = []

    def send(_message):
        happen(merchant)  # of the same topic: it waits for the pause, too

        def send_too():
            rival.append(send_mails(now=now))
            connection.close()

        thread = threading.Thread(target=send_too)
        thread.start()
        thread.join(10)

    monkeypatch.setattr(mailing.EmailMessage, "send", send)

    assert send_mails(now=now) == 1
    assert rival == [0]
