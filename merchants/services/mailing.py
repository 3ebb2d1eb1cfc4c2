"""
Mail members of what they chose. The dispatcher writes down who is owed a mail; a worker sends them, network and all.

Of one topic a member gets a mail at once and then at most one in five minutes, which tells of everything since.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation

from events.models import Event
from merchants.audit import log_change
from merchants.mail_texts import compose
from merchants.models import Member, Merchant, OwedMail
from merchants.notifications import DEFAULTS, OF_ONES_OWN_BEGINNING, Topic, topic_of, wanted, wants

PAUSE: Final = timedelta(minutes=5)
LEASE: Final = timedelta(minutes=5)
KEPT: Final = timedelta(days=30)
BATCH: Final = 200  # mails in one run
_PRUNED_AT_ONCE: Final = 5_000
_MOST: Final = 1_000  # events that one mail tells of
_BEGINNING: Final = timedelta(minutes=1)

log = structlog.get_logger(__name__)


@transaction.atomic
def choose_notifications(*, member: Member, topics: Collection[Topic], of_test: bool) -> Member:
    """Set what a member is mailed of; what agrees with their role is not stored, and changes with it."""
    fresh = member.locked()
    previous = {"topics": sorted(wanted(fresh)), "test": fresh.notifies_of_test}
    usual = DEFAULTS[fresh.role]
    fresh.notifications = {topic.value: topic in topics for topic in Topic if (topic in topics) != (topic in usual)}
    fresh.notifies_of_test = of_test
    changes = {"topics": sorted(wanted(fresh)), "test": of_test}
    if changes != previous:
        fresh.save(update_fields=["notifications", "notifies_of_test"])
        log_change(
            "member.notifications_changed", merchant=fresh.merchant, about=fresh, changes=changes, previous=previous
        )
    return fresh


def owe_mails(*, event: Event) -> None:
    """Write down who is mailed of ``event``; belongs in the transaction that hands it out. Safe to repeat."""
    topic = topic_of(event)
    if topic is None or event.merchant_id is None:
        return
    members = Member.objects.filter(merchant_id=event.merchant_id, user__is_active=True)
    if not event.livemode:
        members = members.filter(notifies_of_test=True)
    if topic in OF_ONES_OWN_BEGINNING:
        members = members.filter(created_at__lt=event.created_at - _BEGINNING)
    owed = [
        OwedMail(member=member, topic=topic, livemode=event.livemode, event_id=event.pk)
        for member in members
        if wants(member, topic)
    ]
    OwedMail.objects.bulk_create(owed, ignore_conflicts=True)


def send_mails(*, now: datetime) -> int:
    """Send what is owed and may go out now; return how many mails."""
    waiting = _waiting(now).order_by("member_id", "topic").values_list("member_id", "topic", "livemode").distinct()
    return sum(_send(member, Topic(topic), livemode, now=now) for member, topic, livemode in list(waiting[:BATCH]))


def prune_mails(*, now: datetime) -> int:
    """Delete what was sent long ago, in batches of their own; return how many rows."""
    total = 0
    while gone := list(OwedMail.objects.filter(sent_at__lt=now - KEPT).values_list("pk", flat=True)[:_PRUNED_AT_ONCE]):
        total += OwedMail.objects.filter(pk__in=gone).delete()[0]
    return total


def owed_events(events: Collection[UUID], _invoices: Collection[UUID]) -> Collection[UUID]:
    """Return those of ``events`` that somebody is still owed a mail about."""
    return set(OwedMail.objects.filter(event_id__in=events, sent_at=None).values_list("event_id", flat=True))


def _send(member_id: UUID, topic: Topic, livemode: bool, *, now: datetime) -> bool:
    """Send one member one mail about one topic, unless they had one just now."""
    claimed = _claim(member_id, topic, livemode, now)
    if not claimed:
        return False
    member = Member.objects.select_related("user", "merchant").get(pk=member_id)
    events = list(Event.objects.filter(pk__in=[each.event_id for each in claimed]).order_by("position"))
    keys = [each.pk for each in claimed]
    try:
        if events and member.user.is_active and member.user.email:
            _mail(member, topic, events, livemode=livemode).send()
    except OSError as problem:  # the mail server is away: smtplib's errors are OSErrors
        log.warning("A notification could not be sent; it stays owed.", member=member.public_id, reason=repr(problem))
        OwedMail.objects.filter(pk__in=keys).update(leased_until=None)
        return False
    OwedMail.objects.filter(pk__in=keys).update(sent_at=now, leased_until=None)
    return True


@transaction.atomic
def _claim(member_id: UUID, topic: Topic, livemode: bool, now: datetime) -> list[OwedMail]:
    # The member's row is the turn: of two senders the second sees what the first has claimed.
    member = Member.objects.select_for_update(skip_locked=True).filter(pk=member_id).first()
    of_topic = OwedMail.objects.filter(member_id=member_id, topic=topic, livemode=livemode)
    if member is None or of_topic.filter(Q(sent_at__gt=now - PAUSE) | Q(leased_until__gt=now)).exists():
        return []
    claimed = list(of_topic.filter(sent_at=None).order_by("id")[:_MOST])
    OwedMail.objects.filter(pk__in=[each.pk for each in claimed]).update(leased_until=now + LEASE)
    return claimed


def _waiting(now: datetime) -> QuerySet[OwedMail]:
    return OwedMail.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), sent_at=None)


def _mail(member: Member, topic: Topic, events: list[Event], *, livemode: bool) -> EmailMessage:
    choice = f"{settings.DASHBOARD_BASE_URL}{reverse('dashboard:notifications')}"
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = compose(topic, events, merchant=_plain(member.merchant), livemode=livemode, choice=choice)
    # RFC 2369: mail programs offer it as a way to get no more of these.
    return EmailMessage(subject, text, to=[member.user.email], headers={"List-Unsubscribe": f"<{choice}>"})


def _plain(merchant: Merchant) -> str:
    """Return the name in one line: it stands in the subject."""
    return " ".join(merchant.business_name.split())
