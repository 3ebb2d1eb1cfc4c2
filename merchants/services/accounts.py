"""Change a merchant: by itself (name, address, settings) or by the staff (status, plan)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from core import secrets
from core.money import has_at_most
from merchants import selectors
from merchants.audit import log_change
from merchants.errors import InvalidPlatformFee, InvalidTransition, MerchantChanged, UnknownPlan
from merchants.models import Merchant, MerchantStatus
from merchants.secrets import new_webhook_secret
from merchants.services.logos import keep_logo
from merchants.settings import merge

_PICTURE: Final = "data:image/"
PLATFORM_FEE_RANGE: Final = (Decimal("0.1"), Decimal(5))


@dataclass(frozen=True, slots=True)
class MerchantChanges:
    """
    What is to change; None leaves it. ``settings`` is merged deeply into what is there.

    ``seen_at`` is the ``updated_at`` that the change was thought out with: it is refused when there was another since.
    """

    business_name: str | None = None
    contact_email: str | None = None
    settings: Mapping[str, Any] | None = None
    seen_at: datetime | None = None


@transaction.atomic
def update_merchant(*, merchant: Merchant, changes: MerchantChanges, now: datetime) -> Merchant:
    """
    Change a merchant's own data.

    :raises MerchantChanged: when it was changed since ``seen_at``
    :raises Invalid: for a setting that is unknown or out of range
    """
    fresh = merchant.locked()
    if changes.seen_at is not None and changes.seen_at != fresh.updated_at:
        raise MerchantChanged
    before = {"business_name": fresh.business_name, "contact_email": fresh.contact_email, "settings": fresh.settings}
    fresh.business_name = changes.business_name or fresh.business_name
    fresh.contact_email = changes.contact_email or fresh.contact_email
    if changes.settings is not None:
        fresh.settings = merge(fresh.settings, changes.settings)
    after = {"business_name": fresh.business_name, "contact_email": fresh.contact_email, "settings": fresh.settings}
    changed = {name: value for name, value in after.items() if value != before[name]}
    if changed:
        fresh.updated_at = now
        fresh.save(update_fields=[*changed, "updated_at"])
        if fresh.settings.get("logo") != before["settings"].get("logo"):
            keep_logo(fresh)
        previous = {name: before[name] for name in changed}
        if "settings" in changed:
            previous["settings"], changed["settings"] = _apart(before["settings"], fresh.settings)
        log_change("merchant.updated", merchant=fresh, about=fresh, changes=changed, previous=previous)
    return fresh


def _apart(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return of both what the other has not, as the log keeps it: of a picture its digest."""
    return (
        {name: _kept(value) for name, value in before.items() if value != after.get(name)},
        {name: _kept(value) for name, value in after.items() if value != before.get(name)},
    )


def _kept(value: Any) -> Any:
    is_picture = isinstance(value, str) and value.startswith(_PICTURE)
    return f"sha256:{secrets.digest(value)}" if is_picture else value


@transaction.atomic
def rotate_webhook_secret(*, merchant: Merchant, livemode: bool, now: datetime) -> str:
    """Replace the secret that signs deliveries to the ``webhook_url`` of single invoices; return the new one."""
    secret = new_webhook_secret()
    column = "webhook_secret_live" if livemode else "webhook_secret_test"
    Merchant.objects.filter(pk=merchant.pk).update(**{column: secrets.encrypt(secret), "updated_at": now})
    log_change("merchant.webhook_secret_rotated", merchant=merchant, about=merchant, livemode=livemode)
    return secret


def suspend(*, merchant: Merchant, reason: str, now: datetime) -> Merchant:
    """
    Take a merchant off the API. Its open invoices stay payable: the money of its customers is never lost sight of.

    :raises InvalidTransition: when it is suspended already
    """
    return _move(merchant, MerchantStatus.SUSPENDED, event="merchant.suspended", reason=reason, now=now)


def reactivate(*, merchant: Merchant, reason: str, now: datetime) -> Merchant:
    """
    Let a suspended merchant back.

    :raises InvalidTransition: when it is active already
    """
    return _move(merchant, MerchantStatus.ACTIVE, event="merchant.reactivated", reason=reason, now=now)


@transaction.atomic
def change_plan(*, merchant: Merchant, plan_code: str, now: datetime) -> Merchant:
    """
    Give a merchant another plan. What already exists beyond its limits stays; nothing can be added.

    :raises UnknownPlan: when there is no such plan
    """
    plan = selectors.find_plan(plan_code)
    if plan is None:
        raise UnknownPlan(field="plan_type")
    fresh = merchant.locked()
    previous = fresh.plan_id
    fresh.plan = plan
    fresh.updated_at = now
    fresh.save(update_fields=["plan", "updated_at"])
    log_change("merchant.plan_changed", merchant=fresh, about=fresh, previous=previous, plan_type=plan.pk)
    return fresh


@transaction.atomic
def set_platform_fee(*, merchant: Merchant, percent: Decimal, now: datetime) -> Merchant:
    """
    Set the platform's share of what a merchant's invoices bring, in percent. What is settled stays as it is.

    :raises InvalidPlatformFee: when it is not from 0.1 to 5 with at most two digits after the point
    """
    if not PLATFORM_FEE_RANGE[0] <= percent <= PLATFORM_FEE_RANGE[1] or not has_at_most(percent, 2):
        raise InvalidPlatformFee(field="platform_fee_percent")
    fresh = merchant.locked()
    previous = fresh.platform_fee_percent
    fresh.platform_fee_percent = percent
    fresh.updated_at = now
    fresh.save(update_fields=["platform_fee_percent", "updated_at"])
    log_change("merchant.platform_fee_changed", merchant=fresh, about=fresh, previous=previous, percent=percent)
    return fresh


@transaction.atomic
def _move(merchant: Merchant, status: MerchantStatus, *, event: str, reason: str, now: datetime) -> Merchant:
    fresh = merchant.locked()
    if fresh.status == status:
        raise InvalidTransition(f"This merchant is {status} already.")
    fresh.status = status
    fresh.updated_at = now
    fresh.save(update_fields=["status", "updated_at"])
    log_change(event, merchant=fresh, about=fresh, reason=reason)
    return fresh
