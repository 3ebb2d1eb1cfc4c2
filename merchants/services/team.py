"""
The team of a merchant: invite, accept, change roles, remove, leave.

Whoever acts is a member too; that they may manage the team is looked at by the face. What holds whoever acts: only
owners make, change and remove owners, and one owner always stays. The merchant's row is locked, so that two owners who
remove each other do so one after the other.
"""

from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from merchants import selectors
from merchants.audit import log_change
from merchants.errors import AlreadyMember, InvitationForAnother, LastOwner, OwnersOnly
from merchants.models import Invitation, Member, Merchant, Role
from merchants.services.invitations import invite_soon

INVITATION_LIFE: Final = timedelta(days=7)


@transaction.atomic
def invite_member(*, merchant: Merchant, by: Member, email: str, role: Role, now: datetime) -> Invitation:
    """
    Offer a seat to whoever reads ``email``. Inviting again renews the offer and sends another mail.

    :raises OwnersOnly: when somebody who is no owner invites one
    :raises AlreadyMember: when a member has this address
    """
    merchant.locked()
    _check_may(by, role)
    address = email.lower()
    if merchant.members.filter(user__email__iexact=address).exists():
        raise AlreadyMember(field="email")
    waiting = selectors.list_invitations(merchant=merchant).filter(email=address).first()
    if waiting is not None:
        _check_may(by, waiting.role)
    invitation = waiting or Invitation(merchant=merchant, email=address, created_at=now)
    invitation.role, invitation.invited_by, invitation.sent_at = role, by.user, None
    invitation.expires_at = now + INVITATION_LIFE
    invitation.save()
    log_change("member.invited", merchant=merchant, about=invitation, email=address, role=role)
    invite_soon()
    return invitation


@transaction.atomic
def withdraw_invitation(*, merchant: Merchant, by: Member, invitation_id: str, now: datetime) -> Invitation:
    """
    Take an offer back; its link opens nothing any more.

    :raises InvitationNotFound: when none with this id waits
    :raises OwnersOnly: when somebody who is no owner withdraws an owner's
    """
    merchant.locked()
    invitation = selectors.get_invitation(merchant=merchant, public_id=invitation_id)
    _check_may(by, invitation.role)
    invitation.withdrawn_at = now
    invitation.save(update_fields=["withdrawn_at"])
    log_change("member.invitation_withdrawn", merchant=merchant, about=invitation, email=invitation.email)
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, user: User, now: datetime) -> Member:
    """
    Take the seat. The person came by the mailed link and has proved the same address.

    :raises InvitationNotFound: when the offer is over
    :raises InvitationForAnother: when it was mailed to another address than this person's
    """
    offer = selectors.invitation_of(token=token, now=now)
    merchant = offer.merchant.locked()
    invitation = selectors.invitation_of(token=token, now=now)  # as it is now that the lock is held
    if user.email.lower() != invitation.email:
        raise InvitationForAnother
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    member, is_new = Member.objects.get_or_create(
        user=user, merchant=merchant, defaults={"role": invitation.role, "invited_at": now, "created_at": now}
    )
    if is_new:
        log_change("member.added", merchant=merchant, about=member, role=member.role)
    return member


@transaction.atomic
def change_role(*, merchant: Merchant, by: Member, member_id: str, role: Role) -> Member:
    """
    Give a member another role.

    :raises MemberNotFound: when the merchant has none with this id
    :raises OwnersOnly: when somebody who is no owner makes or changes one
    :raises LastOwner: when nobody would be left to own the merchant
    """
    merchant.locked()
    member = selectors.get_member(merchant=merchant, public_id=member_id)
    _check_may(by, role, member.role)
    previous = member.role
    if previous == role:
        return member
    _check_owned_without(member)
    member.role = role
    member.save(update_fields=["role"])
    log_change("member.role_changed", merchant=merchant, about=member, previous=previous, role=role)
    return member


@transaction.atomic
def remove_member(*, merchant: Merchant, by: Member, member_id: str) -> None:
    """
    End a membership, at once; one's own too, which is leaving. The person's login stays.

    :raises MemberNotFound: when the merchant has none with this id
    :raises OwnersOnly: when somebody who is no owner removes one
    :raises LastOwner: when nobody would be left to own the merchant
    """
    merchant.locked()
    member = selectors.get_member(merchant=merchant, public_id=member_id)
    if member.pk != by.pk:
        _check_may(by, member.role)
    _check_owned_without(member)
    log_change("member.removed", merchant=merchant, about=member, role=member.role, email=member.user.email)
    member.delete()


def _check_may(by: Member, *roles: str) -> None:
    acting = Member.objects.filter(pk=by.pk).values_list("role", flat=True).first()
    if Role.OWNER in roles and acting != Role.OWNER:
        raise OwnersOnly


def _check_owned_without(member: Member) -> None:
    owners = Member.objects.filter(merchant_id=member.merchant_id, role=Role.OWNER, user__is_active=True)
    if member.role == Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise LastOwner
