"""The mails that bring people in: choose a password, take a seat in a team. Owed at once, sent by a worker."""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.core.signing import Signer
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from core.nudges import nudge
from merchants import selectors
from merchants.audit import log_change
from merchants.models import Invitation, Member, Merchant

_log = structlog.get_logger(__name__)

_ADDRESS: Final = re.compile(r"://|@|\.[^\W\d_]{2}")  # what mail programs make links of: https://…, evil.example


def invite_soon() -> None:
    """Have a worker send what is owed once the transaction has committed; beat asks again if the call is lost."""
    transaction.on_commit(_nudge, robust=True)


def invite_waiting(*, now: datetime) -> int:
    """Mail everybody who has not been told; return how many. One mail each: a claim comes before it."""
    joined = Member.objects.filter(invited_at=None).order_by("pk").values_list("pk", flat=True)[:100]
    offered = Invitation.objects.filter(sent_at=None, accepted_at=None, withdrawn_at=None).order_by("pk")
    return sum(_invite(key, now=now) for key in joined) + sum(
        _offer(key, now=now) for key in offered.values_list("pk", flat=True)[:100]
    )


@transaction.atomic
def invite_again(*, member_id: UUID, now: datetime) -> Member:  # noqa: ARG001 - as every service
    """Owe a member once more the link to choose a password; a worker mails it within a minute."""
    member = Member.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=member_id)
    member.invited_at = None
    member.save(update_fields=["invited_at"])
    log_change("member.invited_again", merchant=member.merchant, about=member)
    invite_soon()
    return member


def _invite(key: UUID, *, now: datetime) -> bool:
    if not Member.objects.filter(pk=key, invited_at=None).update(invited_at=now):
        return False
    member = Member.objects.select_related("user", "merchant").get(pk=key)
    try:
        send_mail(
            subject="Your account for crypto payments",
            message=_text(member),
            from_email=None,
            recipient_list=[member.user.email],
        )
    except OSError as problem:  # the mail server is away: smtplib's errors are OSErrors
        _log.warning("An invitation could not be sent; it stays owed.", member=member.public_id, reason=repr(problem))
        Member.objects.filter(pk=key).update(invited_at=None)
        return False
    return True


def _offer(key: UUID, *, now: datetime) -> bool:
    if not Invitation.objects.filter(pk=key, sent_at=None).update(sent_at=now):
        return False
    invitation = Invitation.objects.select_related("merchant", "invited_by").get(pk=key)
    business = _named(invitation.merchant)
    whoever = invitation.invited_by.email if invitation.invited_by else business
    try:
        send_mail(
            subject="An invitation to a team",
            message=(
                f"{whoever} invites you to the team of {business}, as {invitation.role}.\n\n"
                f"Take the seat here: {invitation_link(invitation)}\n\n"
                f"The link works once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC.\n\n"
                "If you did not expect this mail you need do nothing.\n"
            ),
            from_email=None,
            recipient_list=[invitation.email],
        )
    except OSError as problem:  # the mail server is away: smtplib's errors are OSErrors
        _log.warning("An invitation could not be sent; it stays owed.", member=str(key), reason=repr(problem))
        Invitation.objects.filter(pk=key).update(sent_at=None)
        return False
    return True


def invitation_link(invitation: Invitation) -> str:
    """Return the link that takes the seat; it holds the signed id and nothing else."""
    token = Signer(salt=selectors.INVITATION_SALT).sign(invitation.public_id)
    return f"{settings.DASHBOARD_BASE_URL}{reverse('dashboard:invitation', kwargs={'token': token})}"


def _text(member: Member) -> str:
    if member.user.has_usable_password():
        way_in = "Sign in with the password you have."
    else:
        way_in = f"Choose a password here: {password_link(member)}"
    return (
        f"{_named(member.merchant)} now has an account for crypto payments, and you are its {member.role}.\n\n"
        f"{way_in}\n\n"
        "If you did not expect this mail you need do nothing: without your password nobody can sign in as you.\n"
    )


def _named(merchant: Merchant) -> str:
    """
    Return the merchant's name as it stands in mails to people who may never have heard of it.

    Whoever signs up chooses the name and the address: else a stranger could have us mail anybody a text of their own.
    """
    name = "".join(sign if sign.isprintable() else " " for sign in merchant.business_name)
    return " ".join(name.split()) if name.strip() and not _ADDRESS.search(name) else "A business"


def password_link(member: Member) -> str:
    """Return the link with which the member chooses a password; it works once and for PASSWORD_RESET_TIMEOUT."""
    user = member.user
    path = reverse(
        "dashboard:password",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        },
    )
    return f"{settings.DASHBOARD_BASE_URL}{path}"


def _nudge() -> None:
    from merchants.tasks import invite_members  # the task imports this module

    nudge(invite_members)
