"""API keys: create, change, revoke, rotate. A key never grants what its creator lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from core import context
from events.models import Event
from merchants import selectors
from merchants.audit import log_change
from merchants.errors import (
    APIKeyInactive,
    APIKeyNotFound,
    InvalidExpiry,
    LiveModeRequired,
    PermissionNotHeld,
    PlanLimitReached,
    UnknownPermission,
)
from merchants.models import APIKey, KeyStatus, Merchant
from merchants.scopes import PERMISSIONS, beyond
from merchants.secrets import KeyFormat, NewKey, new_key

TOUCH_INTERVAL: Final = timedelta(minutes=1)
EXPOSED: Final = "api_key.exposed"
_QUIET: Final = timedelta(days=1)
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Grant:
    """What whoever asks may do: their mode and permissions."""

    livemode: bool
    permissions: Sequence[str]


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """A key that is wanted."""

    name: str
    livemode: bool
    permissions: Sequence[str]
    expires_at: datetime | None = None
    format: str = KeyFormat.NATIVE


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """What is to change of a key; None leaves it."""

    name: str | None = None
    permissions: Sequence[str] | None = None


@transaction.atomic
def create_api_key(*, merchant: Merchant, order: KeyOrder, grant: Grant, now: datetime) -> tuple[APIKey, str]:
    """
    Create a key; return it with its text, which is shown once and stored nowhere.

    :raises LiveModeRequired: when a test key asks for a live key
    :raises UnknownPermission: when a permission does not exist
    :raises PermissionNotHeld: when the new key could do what its creator cannot
    :raises InvalidExpiry: when it would have ended already
    :raises PlanLimitReached: when the plan allows no more active keys
    """
    if order.livemode and not grant.livemode:
        raise LiveModeRequired("A test key creates test keys only.", field="key_type")
    _check_permissions(order.permissions, grant)
    if order.expires_at is not None and order.expires_at <= now:
        raise InvalidExpiry(field="expires_at")
    # The lock makes concurrent creations count each other.
    owner = Merchant.objects.select_for_update(of=("self",)).select_related("plan").get(pk=merchant.pk)
    limit = owner.plan.max_api_keys
    if selectors.count_active_keys(merchant=owner, now=now) >= limit:
        raise PlanLimitReached(f"Your plan allows {limit} active API keys.", constraints={"max_api_keys": limit})
    return _issue(owner, order, now=now)


@transaction.atomic
def update_api_key(*, merchant: Merchant, key_id: str, changes: KeyChanges, grant: Grant, now: datetime) -> APIKey:
    """
    Change the name or the permissions of an active key.

    :raises APIKeyNotFound: when the merchant has none with this id
    :raises APIKeyInactive: when it is revoked or expired
    :raises UnknownPermission: when a permission does not exist
    :raises PermissionNotHeld: when the key can do, or would come to do, what its changer cannot
    """
    key = _lock_active(merchant, key_id, grant, now=now)
    changed: list[str] = []
    before = {"name": key.name, "permissions": key.permissions}
    if changes.permissions is not None:
        _check_permissions(changes.permissions, grant)
        _check_within(key, grant)
        key.permissions = list(changes.permissions)
        changed.append("permissions")
    if changes.name is not None:
        key.name = changes.name
        changed.append("name")
    if changed:
        key.save(update_fields=changed)
        previous = {name: before[name] for name in changed}
        _log(
            "api_key.updated", key, merchant, changes={name: getattr(key, name) for name in changed}, previous=previous
        )
    return key


@transaction.atomic
def revoke_api_key(*, merchant: Merchant, key_id: str, grant: Grant, now: datetime) -> APIKey:
    """
    End a key at once, and every token made from it. Revoking again changes nothing.

    :raises APIKeyNotFound: when the merchant has none with this id
    """
    key = _lock(merchant, key_id, grant)
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        _log("api_key.revoked", key, merchant)
    return key


@transaction.atomic
def rotate_api_key(
    *, merchant: Merchant, key_id: str, overlap: timedelta, grant: Grant, now: datetime
) -> tuple[APIKey, str]:
    """
    Replace a key by one with the same name, format, permissions and end; return the new one with its text.

    The old key works on for ``overlap``; it does not count towards the plan's limit, as it goes by itself.

    :raises APIKeyNotFound: when the merchant has none with this id
    :raises APIKeyInactive: when it is revoked or expired
    :raises PermissionNotHeld: when the key can do what its rotator cannot
    """
    old = _lock_active(merchant, key_id, grant, now=now)
    _check_within(old, grant)
    order = KeyOrder(
        name=old.name,
        livemode=old.livemode,
        permissions=old.permissions,
        expires_at=old.expires_at,
        format=old.format,
    )
    end = now + overlap
    if not overlap:
        old.revoked_at = now
    elif old.expires_at is None or old.expires_at > end:
        old.expires_at = end
    old.save(update_fields=["revoked_at", "expires_at"])
    key, text = _issue(merchant, order, now=now)
    _log("api_key.rotated", old, merchant, replaced_by=key.public_id)
    return key, text


def touch_api_key(*, key: APIKey, now: datetime) -> None:
    """Remember that the key was used, at most once a minute, however many processes serve it."""
    latest = now - TOUCH_INTERVAL
    if key.last_used_at is None or key.last_used_at <= latest:
        is_stale = Q(last_used_at=None) | Q(last_used_at__lte=latest)
        APIKey.objects.filter(is_stale, pk=key.pk).update(last_used_at=now)


@transaction.atomic
def report_exposure(*, key: APIKey, where: str, now: datetime) -> bool:
    """
    Tell the owner of a key that it stood where others read it: ``where``, with the key masked. Once a day.

    The key goes on working: what depends on it is known to its owner only.
    """
    told = Event.objects.filter(object_id=key.public_id, invoice_id=None, type=EXPOSED, created_at__gt=now - _QUIET)
    if told.exists():
        return False
    _log(EXPOSED, key, key.merchant, where=where[:_LONGEST])
    return True


def issue_first_key(*, merchant: Merchant, order: KeyOrder, now: datetime) -> tuple[APIKey, str]:
    """Create a key of a new merchant, whom no limit concerns yet; belongs in the transaction that creates it."""
    return _issue(merchant, order, now=now)


def _issue(merchant: Merchant, order: KeyOrder, *, now: datetime) -> tuple[APIKey, str]:
    made: NewKey = new_key(livemode=order.livemode, permissions=order.permissions, key_format=order.format)
    key = APIKey(
        merchant=merchant,
        livemode=order.livemode,
        name=order.name,
        format=order.format,
        key_hash=made.hash,
        key_prefix=made.prefix,
        last4=made.text[-4:],
        permissions=list(order.permissions),
        expires_at=order.expires_at,
        created_by=context.current().actor[:120],
        created_at=now,
    )
    key.save(force_insert=True)
    _log("api_key.created", key, merchant)
    return key, made.text


def _check_permissions(permissions: Sequence[str], grant: Grant) -> None:
    for index, permission in enumerate(permissions):
        if permission not in PERMISSIONS:
            raise UnknownPermission(field=f"permissions[{index}]", constraints={"allowed": list(PERMISSIONS)})
    missing = beyond(grant.permissions, permissions)
    if missing:
        raise PermissionNotHeld(
            f"You cannot grant what you lack: {', '.join(missing)}.",
            field=f"permissions[{list(permissions).index(missing[0])}]",
        )


def _check_within(key: APIKey, grant: Grant) -> None:
    missing = beyond(grant.permissions, key.permissions)
    if missing:
        raise PermissionNotHeld(f"This key has permissions that you lack: {', '.join(missing)}.")


def _lock(merchant: Merchant, key_id: str, grant: Grant) -> APIKey:
    keys = selectors.list_api_keys(merchant=merchant, livemode=grant.livemode).select_for_update()
    pk = APIKey.key_from(key_id)
    key = keys.filter(pk=pk).first() if pk else None
    if key is None:
        raise APIKeyNotFound
    return key


def _lock_active(merchant: Merchant, key_id: str, grant: Grant, *, now: datetime) -> APIKey:
    key = _lock(merchant, key_id, grant)
    status = key.status_at(now)
    if status is not KeyStatus.ACTIVE:
        raise APIKeyInactive(f"This API key is {status}.")
    return key


def _log(what: str, key: APIKey, merchant: Merchant, **data: Any) -> None:
    log_change(
        what,
        merchant=merchant,
        about=key,
        livemode=key.livemode,
        name=key.name,
        key_prefix=key.key_prefix,
        permissions=key.permissions,
        **data,
    )
