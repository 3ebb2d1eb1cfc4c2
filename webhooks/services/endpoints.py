"""Endpoints: made, changed, rotated, disabled, deleted."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from core import http, secrets
from core.errors import Invalid, SeveralInvalid
from events.outbox import Happening, emit
from events.types import DELIVERABLE, EVERYTHING
from merchants.errors import PlanLimitReached
from merchants.models import Merchant
from webhooks import selectors, signing
from webhooks.errors import InvalidSetting, UnknownEventType, UnsafeWebhookURL
from webhooks.formats import NATIVE, is_known, names
from webhooks.models import MAX_TIMEOUT, Circuit, Delivery, WebhookEndpoint
from webhooks.states import MAX_RETRIES, Backoff, DeliveryStatus, DisabledReason

SECRET_LENGTHS: Final = (8, 255)
MAX_ALLOWED_IPS: Final = 50
OVERLAP: Final = timedelta(days=1)
LONGEST_OVERLAP: Final = timedelta(days=7)
DISABLED: Final = "webhook_endpoint.disabled"


@dataclass(frozen=True, slots=True)
class EndpointOrder:
    """What a merchant asks for. ``timeout`` is in seconds; without ``secret`` one is made; ``format`` stays."""

    url: str
    events: Sequence[str]
    secret: str | None = None
    allowed_ips: Sequence[str] = ()
    max_retries: int = 5
    retry_backoff: str = Backoff.EXPONENTIAL
    timeout: int = MAX_TIMEOUT
    enabled: bool = True
    format: str = NATIVE


@dataclass(frozen=True, slots=True)
class EndpointChanges:
    """What a merchant wants changed; None leaves a setting as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    allowed_ips: Sequence[str] | None = None
    max_retries: int | None = None
    retry_backoff: str | None = None
    timeout: int | None = None
    enabled: bool | None = None


@transaction.atomic
def create_endpoint(
    *, merchant: Merchant, livemode: bool, order: EndpointOrder, now: datetime
) -> tuple[WebhookEndpoint, str | None]:
    """
    Create an endpoint; return it, and the secret if it was made here: it is shown this once.

    :raises Invalid: naming each field that is wrong
    :raises PlanLimitReached: when the plan allows no more
    """
    _check(order, livemode=livemode)
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
    _check(changes, livemode=livemode)
    wanted = _wanted(changes)
    before = {name: getattr(endpoint, name) for name in wanted}
    enabled = wanted.pop("enabled", None)
    if "events" in wanted:
        wanted["events"] = _in_order(wanted["events"])
    for name, value in wanted.items():
        setattr(endpoint, name, value)
    endpoint.save(update_fields=list(wanted))
    if "url" in wanted or enabled:
        Circuit.objects.filter(lane=endpoint.public_id).delete()  # what was learnt of it does not hold any more
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


@dataclass(frozen=True, slots=True)
class Rotation:
    """A wish for a new secret: a given one or one made here; the old one lives on for ``overlap``."""

    secret: str | None = None
    overlap: timedelta = OVERLAP


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
    _raise_all([*_secret_failures(rotation.secret), *_overlap_failures(rotation.overlap)])
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
    _give_up_pending(endpoint, "The endpoint is disabled.")
    _log_change(DISABLED, endpoint, reason=str(reason), **({"last": last} if last else {}))


def tell_of_trouble(endpoint: WebhookEndpoint, *, last: str) -> None:
    """Say once that an endpoint the caller holds the lock of has done nothing but fail for a while."""
    endpoint.is_trouble_told = True
    endpoint.save(update_fields=["is_trouble_told"])
    _log_change("webhook_endpoint.failing", endpoint, url=endpoint.url, last=last)


def _give_up_pending(endpoint: WebhookEndpoint, reason: str) -> None:
    Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING).update(
        status=DeliveryStatus.FAILED, next_attempt_at=None, lease_token=None, leased_until=None, failure=reason
    )


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


def _wanted(order: EndpointOrder | EndpointChanges) -> dict[str, Any]:
    pairs = ((each.name, getattr(order, each.name)) for each in fields(order))
    return {name: value for name, value in pairs if value is not None}


def _in_order(events: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(events))


def _check(order: EndpointOrder | EndpointChanges, *, livemode: bool) -> None:
    wanted = _wanted(order)
    failures: list[Invalid] = []
    if "url" in wanted:
        failures += _url_failures(wanted["url"], livemode=livemode)
    failures += _event_failures(wanted.get("events"))
    failures += _secret_failures(wanted.get("secret"))
    failures += _address_failures(wanted.get("allowed_ips", ()))
    failures += _range_failures("max_retries", wanted.get("max_retries", 0), 0, MAX_RETRIES)
    if wanted.get("retry_backoff", Backoff.LINEAR) not in Backoff.values:
        failures.append(InvalidSetting("Choose exponential or linear.", field="retry_backoff"))
    failures += _range_failures("timeout", wanted.get("timeout", 1), 1, MAX_TIMEOUT)
    if not is_known(wanted.get("format", NATIVE)):
        failures.append(InvalidSetting(f"Choose one of these: {', '.join(names())}.", field="format"))
    _raise_all(failures)


def _raise_all(failures: Sequence[Invalid]) -> None:
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise SeveralInvalid(failures)


def _url_failures(url: str, *, livemode: bool) -> list[Invalid]:
    try:
        http.check_url(url)
    except http.UnsafeURL as reason:
        return [UnsafeWebhookURL(str(reason), field="url")]
    parts = urlsplit(url)
    if livemode and parts.scheme != "https" and not _is_own_network(parts.hostname or ""):
        return [UnsafeWebhookURL("Live webhooks are sent to https addresses only.", field="url")]
    return []


def _is_own_network(host: str) -> bool:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.OUTBOUND_ALLOWED_NETWORKS)


def _event_failures(events: Sequence[str] | None) -> list[Invalid]:
    if events is None:
        return []
    if not events:
        return [UnknownEventType("Name at least one event, or * for all.", field="events")]
    return [
        UnknownEventType(
            f"There is no event {event[:64]!r}.", field=f"events[{index}]", constraints={"events": sorted(DELIVERABLE)}
        )
        for index, event in enumerate(events)
        if event not in DELIVERABLE and event != EVERYTHING
    ]


def _secret_failures(secret: str | None) -> list[Invalid]:
    if secret is None:
        return []
    shortest, longest = SECRET_LENGTHS
    if shortest <= len(secret) <= longest and secret.isascii() and secret.isprintable() and " " not in secret:
        return []
    return [
        InvalidSetting(
            f"A secret has {shortest} to {longest} printable ASCII characters and no spaces.",
            field="secret",
            constraints={"min_length": shortest, "max_length": longest},
        )
    ]


def _overlap_failures(overlap: timedelta) -> list[Invalid]:
    return _range_failures("overlap_seconds", int(overlap.total_seconds()), 0, int(LONGEST_OVERLAP.total_seconds()))


def _address_failures(addresses: Sequence[str]) -> list[Invalid]:
    if len(addresses) > MAX_ALLOWED_IPS:
        return [InvalidSetting(f"At most {MAX_ALLOWED_IPS} addresses.", field="allowed_ips")]
    failures: list[Invalid] = []
    for index, text in enumerate(addresses):
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            failures.append(InvalidSetting("Not an IP address or network.", field=f"allowed_ips[{index}]"))
    return failures


def _range_failures(field: str, value: int, lowest: int, highest: int) -> list[Invalid]:
    if lowest <= value <= highest:
        return []
    return [
        InvalidSetting(
            f"Choose a number from {lowest} to {highest}.", field=field, constraints={"min": lowest, "max": highest}
        )
    ]
