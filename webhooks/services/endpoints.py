"""Endpoints: made, changed, rotated, disabled, deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from core import secrets
from events.outbox import Happening, emit
from merchants.errors import PlanLimitReached
from merchants.models import Merchant
from webhooks import selectors, signing
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.orders import EndpointChanges, EndpointOrder, Rotation, check, check_rotation, named
from webhooks.services import circuits
from webhooks.states import IS_DISABLED, DeliveryStatus, DisabledReason

DISABLED: Final = "webhook_endpoint.disabled"


@transaction.atomic
def create_endpoint(
    *, merchant: Merchant, livemode: bool, order: EndpointOrder, now: datetime
) -> tuple[WebhookEndpoint, str | None]:
    """
    Create an endpoint; return it, and the secret if it was made here: it is shown this once.

    :raises Invalid: naming each field that is wrong
    :raises PlanLimitReached: when the plan allows no more
    """
    check(order, livemode=livemode)
    _check_limit(merchant)
    endpoint = WebhookEndpoint.objects.create(
        merchant=merchant,
        livemode=livemode,
        url=order.url,
        events=_in_order(order.events),
        format=order.format,
        secret_encrypted=secrets.encrypt(order.secret or (made := signing.new_secret())),
        allowed_ips=list(order.allowed_ips),
        max_retries=order.max_retries,
        retry_backoff=order.retry_backoff,
        timeout=order.timeout,
        disabled_reason="" if order.enabled else DisabledReason.BY_MERCHANT,
        created_at=now,
    )
    _log_change("webhook_endpoint.created", endpoint, url=endpoint.url, events=endpoint.events)
    return endpoint, None if order.secret else made


@transaction.atomic
def update_endpoint(
    *, merchant: Merchant, livemode: bool, endpoint_id: str, changes: EndpointChanges
) -> WebhookEndpoint:
    """
    Change an endpoint's settings. Enabling one that was disabled gives it a fresh start.

    :raises EndpointNotFound: when the merchant has no such endpoint
    :raises Invalid: naming each field that is wrong
    """
    endpoint = selectors.lock_endpoint(merchant=merchant, livemode=livemode, public_id=endpoint_id)
    check(changes, livemode=livemode)
    wanted = named(changes)
    before = {name: getattr(endpoint, name) for name in wanted}
    enabled = wanted.pop("enabled", None)
    if "events" in wanted:
        wanted["events"] = _in_order(wanted["events"])
    for name, value in wanted.items():
        setattr(endpoint, name, value)
    endpoint.save(update_fields=list(wanted))
    if "url" in wanted or enabled:
        circuits.close(endpoint.public_id)  # what was learnt of it does not hold any more
    if enabled is False and endpoint.enabled:
        disable(endpoint, DisabledReason.BY_MERCHANT)
    elif enabled is True and not endpoint.enabled:
        endpoint.disabled_reason, endpoint.failing_since, endpoint.owners_told = "", None, True
        endpoint.save(update_fields=["disabled_reason", "failing_since", "owners_told"])
    _log_change(
        "webhook_endpoint.updated",
        endpoint,
        changed=sorted(before),
        changes={name: getattr(endpoint, name) for name in before},
        previous=before,
    )
    return endpoint


@transaction.atomic
def delete_endpoint(*, merchant: Merchant, livemode: bool, endpoint_id: str, now: datetime) -> WebhookEndpoint:
    """
    Delete an endpoint; what still waited for it is given up, and its past deliveries can still be seen.

    :raises EndpointNotFound: when the merchant has no such endpoint
    """
    endpoint = selectors.lock_endpoint(merchant=merchant, livemode=livemode, public_id=endpoint_id)
    endpoint.deleted_at = now
    endpoint.save(update_fields=["deleted_at"])
    _give_up_pending(endpoint, "The endpoint was deleted.")
    _log_change("webhook_endpoint.deleted", endpoint)
    return endpoint


@transaction.atomic
def rotate_secret(
    *, merchant: Merchant, livemode: bool, endpoint_id: str, rotation: Rotation, now: datetime
) -> tuple[WebhookEndpoint, str | None]:
    """
    Give an endpoint a new secret; both sign until the overlap ends. Return it, and the secret if it was made here.

    :raises EndpointNotFound: when the merchant has no such endpoint
    :raises Invalid: naming the field that is wrong
    """
    endpoint = selectors.lock_endpoint(merchant=merchant, livemode=livemode, public_id=endpoint_id)
    check_rotation(rotation)
    secret = rotation.secret or signing.new_secret()
    endpoint.previous_secret_encrypted = endpoint.secret_encrypted if rotation.overlap else ""
    endpoint.previous_expires_at = now + rotation.overlap if rotation.overlap else None
    endpoint.secret_encrypted = secrets.encrypt(secret)
    endpoint.save(update_fields=["secret_encrypted", "previous_secret_encrypted", "previous_expires_at"])
    _log_change("webhook_endpoint.secret_rotated", endpoint)
    return endpoint, None if rotation.secret else secret


def disable(endpoint: WebhookEndpoint, reason: DisabledReason, *, last: str = "") -> None:
    """
    Stop sending to an endpoint the caller holds the lock of; what waits is given up, where it can be seen.

    ``last`` says what came of the last attempt, if that is why.
    """
    endpoint.disabled_reason = reason
    endpoint.owners_told = reason == DisabledReason.BY_MERCHANT
    endpoint.save(update_fields=["disabled_reason", "owners_told"])
    _give_up_pending(endpoint, IS_DISABLED)
    _log_change(DISABLED, endpoint, reason=str(reason), **({"last": last} if last else {}))


def tell_of_trouble(endpoint: WebhookEndpoint, *, last: str) -> None:
    """Say once that an endpoint the caller holds the lock of has done nothing but fail for a while."""
    endpoint.is_trouble_told = True
    endpoint.save(update_fields=["is_trouble_told"])
    _log_change("webhook_endpoint.failing", endpoint, url=endpoint.url, last=last)


def _give_up_pending(endpoint: WebhookEndpoint, why: str) -> None:
    Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING).give_up(why=why)


def _log_change(what: str, endpoint: WebhookEndpoint, **data: Any) -> None:
    emit(
        Happening(
            type=what,
            merchant_id=endpoint.merchant_id,
            livemode=endpoint.livemode,
            data={"id": endpoint.public_id, **data},
            object_id=endpoint.public_id,
        )
    )


def _check_limit(merchant: Merchant) -> None:
    # The lock makes two requests for the last free place one after the other.
    locked = Merchant.objects.select_for_update(no_key=True, of=("self",)).select_related("plan").get(pk=merchant.pk)
    limit = locked.plan.max_webhook_endpoints
    if selectors.count_endpoints(merchant=merchant) >= limit:
        raise PlanLimitReached(
            "Your plan allows no more webhook endpoints. Delete one you no longer use.",
            constraints={"max_webhook_endpoints": limit},
        )


def _in_order(events: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(events))
