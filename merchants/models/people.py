"""Who may work in a merchant's dashboard, and the mails owed to them."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from core.models import Record
from merchants.models.merchant import Merchant


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Member(Record):
    """
    A person with a login and a role in a merchant.

    ``invited_at`` is set when the mail with the link to choose a password has been handed over. ``notifications``
    holds by topic what they chose to be mailed of otherwise than their role is (merchants.notifications).
    """

    PREFIX = "mem"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=9, choices=Role.choices)
    invited_at = models.DateTimeField(null=True, blank=True)
    notifications = models.JSONField(default=dict, blank=True)
    notifies_of_test = models.BooleanField(default=False)

    class Meta:
        constraints = [
            CheckConstraint(name="member_role_known", condition=Q(role__in=Role.values)),
            UniqueConstraint(name="member_once", fields=["user", "merchant"]),
        ]
        indexes = [Index(name="member_uninvited", fields=["id"], condition=Q(invited_at=None))]


class Invitation(Record):
    """
    A seat in a merchant that waits for the person who reads ``email`` (kept in small letters).

    The mail is owed while ``sent_at`` is None. The link holds the signed id and nothing that is stored; it works until
    ``expires_at``, once, and not after it was withdrawn.
    """

    PREFIX = "ivt"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=9, choices=Role.choices)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(name="invitation_role_known", condition=Q(role__in=Role.values)),
            CheckConstraint(name="invitation_ends_once", condition=Q(accepted_at=None) | Q(withdrawn_at=None)),
            UniqueConstraint(
                name="invitation_open_once",
                fields=["merchant", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
            ),
        ]
        indexes = [
            Index(
                name="invitation_unsent",
                fields=["id"],
                condition=Q(sent_at=None, accepted_at=None, withdrawn_at=None),
            )
        ]


class OwedMail(Record):
    """
    A mail about an event that a member is owed; several about one topic go out as one.

    Whoever sends holds the row until ``leased_until``. A sender that dies leaves it to the next one: a mail may come
    twice, and none is lost.
    """

    PREFIX = "eml"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="owed_mails")
    topic = models.CharField(max_length=20)
    livemode = models.BooleanField()
    event_id = models.UUIDField()
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [UniqueConstraint(name="owedmail_once", fields=["member", "event_id"])]
        indexes = [
            Index(name="owedmail_waiting", fields=["member", "topic"], condition=Q(sent_at=None)),
            Index(F("member"), F("topic"), F("sent_at"), name="owedmail_sent", condition=Q(sent_at__isnull=False)),
        ]
