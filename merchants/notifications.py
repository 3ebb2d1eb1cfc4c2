"""
What members can be mailed of: topics, which events are of which, and what each role gets unless its bearer chooses.

Only what differs from the role's own choice is stored with a member, so that a new role or topic brings its defaults.
"""

from collections.abc import Mapping
from typing import Final

from django.db import models

from events.models import Event
from merchants.models import Member, Role


class Topic(models.TextChoices):
    """What a mail is about."""

    PAID = "paid"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    LATE = "late"
    REVERSED = "reversed"
    DEPOSIT = "deposit"
    REFUND_CLAIMED = "refund_claimed"
    REFUND_SENT = "refund_sent"
    REFUND_TROUBLE = "refund_trouble"
    PAYOUT = "payout"
    WALLET = "wallet"
    WEBHOOK = "webhook"
    KEY = "key"
    TEAM = "team"


_DECIDING: Final = frozenset({Topic.DEPOSIT, Topic.REFUND_CLAIMED, Topic.REFUND_TROUBLE, Topic.PAYOUT})
_MONEY: Final = frozenset({Topic.UNDERPAID, Topic.OVERPAID, Topic.REVERSED, Topic.WALLET}) | _DECIDING
DEFAULTS: Final[Mapping[str, frozenset[Topic]]] = {
    Role.OWNER: _MONEY | {Topic.WEBHOOK, Topic.KEY, Topic.TEAM},
    Role.ADMIN: _DECIDING | {Topic.REVERSED, Topic.WALLET},
    Role.DEVELOPER: frozenset({Topic.WEBHOOK}),
    Role.VIEWER: frozenset(),
}
# Security: whoever just joined need not be told what made them join.
OF_ONES_OWN_BEGINNING: Final = frozenset({Topic.KEY, Topic.TEAM})

_DETECTED: Final = "payment.detected"
_CLAIMED: Final = "refund.address_set"
_BY_TYPE: Final[Mapping[str, Topic]] = {
    "invoice.paid": Topic.PAID,
    "invoice.partially_paid": Topic.UNDERPAID,
    "invoice.overpaid": Topic.OVERPAID,
    "invoice.reversed": Topic.REVERSED,
    "refund.completed": Topic.REFUND_SENT,
    "refund.held": Topic.REFUND_TROUBLE,
    "refund.mismatched": Topic.REFUND_TROUBLE,
    "refund.reversed": Topic.REFUND_TROUBLE,
    "payout.failed": Topic.PAYOUT,
    "payout.quarantined": Topic.PAYOUT,
    "payout.needs_approval": Topic.PAYOUT,
    "webhook_endpoint.failing": Topic.WEBHOOK,
    "api_key.created": Topic.KEY,
    "api_key.rotated": Topic.KEY,
    "api_key.exposed": Topic.KEY,
    "merchant.webhook_secret_rotated": Topic.KEY,
    "member.added": Topic.TEAM,
    "member.removed": Topic.TEAM,
    "member.role_changed": Topic.TEAM,
}
TYPES: Final = frozenset({*_BY_TYPE, _DETECTED, _CLAIMED})


def topic_of(event: Event) -> Topic | None:
    """Return what a mail about ``event`` is about, None when nobody is mailed of it."""
    if event.type == _DETECTED:
        if event.data.get("in_review"):
            return Topic.DEPOSIT
        return Topic.LATE if event.data.get("late") else None
    if event.type == _CLAIMED:  # the merchant's own naming of an address is no news to them
        return Topic.REFUND_CLAIMED if event.actor == "customer" else None
    return _BY_TYPE.get(event.type)


def wants(member: Member, topic: Topic) -> bool:
    """Return whether a member is mailed of a topic: as they chose, otherwise as their role does."""
    return bool(member.notifications.get(topic.value, topic in DEFAULTS[member.role]))


def wanted(member: Member) -> set[Topic]:
    """Return everything that a member is mailed of."""
    return {topic for topic in Topic if wants(member, topic)}
