"""Reads, tenant first. What belongs to another merchant, or to the live world when a test key asks, is not found."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import Count, Q, QuerySet

from chains import registry
from core import secrets
from core.statements import Lookup
from merchants.errors import APIKeyNotFound, InvitationNotFound, MemberNotFound, WalletNotFound
from merchants.models import (
    APIKey,
    Invitation,
    KeyStatus,
    LoggedRequest,
    Logo,
    Member,
    Merchant,
    NoticeKind,
    Plan,
    Usage,
    Wallet,
    WalletAddress,
    WalletKind,
)
from merchants.notifications import Topic, wants

INVITATION_SALT = "merchants.invitation"
_DIGEST = re.compile(r"[0-9a-f]{64}")

_with_owner = APIKey.objects.select_related("merchant__plan").order_by()
_by_hash = Lookup(lambda value: _with_owner.filter(key_hash=value), "a hash")
_by_id = Lookup(lambda value: _with_owner.filter(pk=value), UUID(int=0))


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What a merchant uses of the plan: active keys of both modes, invoices of this month in one mode."""

    api_keys: int
    monthly_invoices: int


def authenticate_key(raw: str) -> APIKey | None:
    """Return the key with merchant and plan, whatever its status, or None. One query."""
    return _by_hash(secrets.digest(raw))


def key_of_token(key_id: object) -> APIKey | None:
    """Return the key behind an access token, with merchant and plan, or None. One query."""
    key = APIKey.key_from(key_id)
    return _by_id(key) if key else None


def logo_of(merchant: Merchant) -> Logo | None:
    """Return the merchant's logo without its content, or None."""
    return Logo.objects.filter(merchant=merchant).defer("content").first()


def find_logo(digest: str) -> Logo | None:
    """Return the logo with this digest to anybody who knows it, or None."""
    return Logo.objects.filter(digest=digest).first() if _DIGEST.fullmatch(digest) else None


def list_api_keys(*, merchant: Merchant, livemode: bool) -> QuerySet[APIKey]:
    """Return the merchant's keys, newest first. In live mode all of them, in test mode only test keys."""
    keys = APIKey.objects.filter(merchant=merchant).order_by("-created_at", "-id")
    return keys if livemode else keys.filter(livemode=False)


def with_status(keys: QuerySet[APIKey], status: str, *, now: datetime) -> QuerySet[APIKey]:
    """Return those of ``keys`` that are ``active``, ``revoked`` or ``expired`` at ``now``."""
    is_over = Q(expires_at__isnull=False, expires_at__lte=now)
    return {
        KeyStatus.REVOKED: keys.filter(revoked_at__isnull=False),
        KeyStatus.EXPIRED: keys.filter(is_over, revoked_at=None),
        KeyStatus.ACTIVE: keys.filter(~is_over, revoked_at=None),
    }[KeyStatus(status)]


def get_api_key(*, merchant: Merchant, livemode: bool, public_id: str) -> APIKey:
    """
    Return one of the merchant's keys.

    :raises APIKeyNotFound: when there is none with this id
    """
    key = APIKey.key_from(public_id)
    found = list_api_keys(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if found is None:
        raise APIKeyNotFound
    return found


def count_active_keys(*, merchant: Merchant, now: datetime) -> int:
    """Return how many keys of both modes count towards the plan."""
    return with_status(APIKey.objects.filter(merchant=merchant), KeyStatus.ACTIVE, now=now).count()


def usage(*, merchant: Merchant, livemode: bool, now: datetime) -> UsageReport:
    """Return what the merchant uses of the plan."""
    month = Usage.objects.filter(merchant=merchant, livemode=livemode, month=now.date().replace(day=1))
    return UsageReport(
        api_keys=count_active_keys(merchant=merchant, now=now),
        monthly_invoices=month.values_list("invoices", flat=True).first() or 0,
    )


def list_usage(*, merchant: Merchant, livemode: bool) -> QuerySet[Usage]:
    """Return how many invoices the merchant made in each month that had any, newest first."""
    return Usage.objects.filter(merchant=merchant, livemode=livemode).order_by("-month")


def list_wallets(*, merchant: Merchant) -> QuerySet[Wallet]:
    """Return the merchant's wallets in use, newest first."""
    return Wallet.objects.filter(merchant=merchant, is_active=True).order_by("-created_at", "-id")


def get_wallet(*, merchant: Merchant, public_id: str) -> Wallet:
    """
    Return one of the merchant's wallets in use.

    :raises WalletNotFound: when there is none with this id
    """
    key = Wallet.key_from(public_id)
    found = list_wallets(merchant=merchant).filter(pk=key).first() if key else None
    if found is None:
        raise WalletNotFound
    return found


def low_vaults(*, merchant: Merchant) -> QuerySet[Wallet]:
    """Return the merchant's vaults whose gas address had little coin when it was last looked at."""
    is_low = Q(notices__kind=NoticeKind.GAS_LOW, notices__over_at=None)
    return list_wallets(merchant=merchant).filter(is_low, kind=WalletKind.VAULT).select_related("vault")


def addresses_left(*, wallets: Iterable[Wallet]) -> dict[UUID, int]:
    """Return how many addresses wait unused in each pool among ``wallets``."""
    pools = [wallet.pk for wallet in wallets if wallet.kind == WalletKind.POOL]
    if not pools:
        return {}
    unused = WalletAddress.objects.filter(wallet_id__in=pools, taken_at=None).order_by()
    counted = dict(unused.values_list("wallet_id").annotate(count=Count("id")))
    return {pool: counted.get(pool, 0) for pool in pools}


def payable_networks(merchant: Merchant, livemode: bool) -> list[str]:
    """Return the networks on which the merchant can be paid now, in the order of the registry."""
    if not livemode:
        return [network.code for network in registry.networks(livemode=False, enabled_only=True)]
    owned = set(list_wallets(merchant=merchant).values_list("network", flat=True))
    return [
        network.code for network in registry.networks(livemode=True) if network.is_enabled and network.code in owned
    ]


def find_plan(code: str) -> Plan | None:
    """Return the plan called ``code``, or None."""
    return Plan.objects.filter(pk=code).first()


def webhook_secret(*, merchant_id: UUID, livemode: bool) -> str:
    """Return the secret that signs deliveries to the ``webhook_url`` of single invoices, ``whsec_…``."""
    column = "webhook_secret_live" if livemode else "webhook_secret_test"
    return secrets.decrypt(Merchant.objects.values_list(column, flat=True).get(pk=merchant_id))


def addressees(*, merchant: Merchant, topic: Topic) -> list[str]:
    """Return whom to write to about a topic of the account: its contact address and who wants that, each once."""
    members = merchant.members.filter(user__is_active=True).select_related("user").order_by("created_at", "id")
    emails = [member.user.email for member in members if wants(member, topic) and member.user.email]
    return list(dict.fromkeys([merchant.contact_email, *emails]))


def list_logged_requests(*, merchant: Merchant, livemode: bool) -> QuerySet[LoggedRequest]:
    """Return what the merchant's programs asked of the API, newest first, each with its key."""
    found = LoggedRequest.objects.filter(merchant=merchant, livemode=livemode)
    return found.select_related("api_key").order_by("-created_at", "-id")


def list_members(*, merchant: Merchant) -> QuerySet[Member]:
    """Return the merchant's members with their logins, in the order in which they joined."""
    return Member.objects.filter(merchant=merchant).select_related("user").order_by("created_at", "id")


def get_member(*, merchant: Merchant, public_id: str) -> Member:
    """
    Return one of the merchant's members.

    :raises MemberNotFound: when there is none with this id
    """
    key = Member.key_from(public_id)
    found = list_members(merchant=merchant).filter(pk=key).first() if key else None
    if found is None:
        raise MemberNotFound
    return found


def list_invitations(*, merchant: Merchant) -> QuerySet[Invitation]:
    """Return the merchant's invitations that wait, newest first, also those that are too old."""
    return Invitation.objects.filter(merchant=merchant, accepted_at=None, withdrawn_at=None).order_by(
        "-created_at", "-id"
    )


def get_invitation(*, merchant: Merchant, public_id: str) -> Invitation:
    """
    Return one of the merchant's invitations that wait.

    :raises InvitationNotFound: when there is none with this id
    """
    key = Invitation.key_from(public_id)
    found = list_invitations(merchant=merchant).filter(pk=key).first() if key else None
    if found is None:
        raise InvitationNotFound
    return found


def invitation_of(*, token: str, now: datetime) -> Invitation:
    """
    Return the invitation behind a mailed link, with its merchant.

    :raises InvitationNotFound: when the link is not ours, or the offer is over
    """
    try:
        key = Invitation.key_from(Signer(salt=INVITATION_SALT).unsign(token))
    except BadSignature:
        key = None
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=now)
    found = waiting.select_related("merchant", "invited_by").filter(pk=key).first() if key else None
    if found is None or found.merchant.is_suspended:
        raise InvitationNotFound
    return found
