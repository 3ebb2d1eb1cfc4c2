"""What merchants ask of their endpoints, and whether it can be: no table is read for it."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from core import http
from core.errors import Invalid, SeveralInvalid
from events.types import DELIVERABLE, EVERYTHING
from webhooks.errors import InvalidSetting, UnknownEventType, UnsafeWebhookURL
from webhooks.formats import NATIVE, is_known, names
from webhooks.models import MAX_TIMEOUT
from webhooks.states import MAX_RETRIES, Backoff

SECRET_LENGTHS: Final = (8, 255)
MAX_ALLOWED_IPS: Final = 50
OVERLAP: Final = timedelta(days=1)
LONGEST_OVERLAP: Final = timedelta(days=7)


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


@dataclass(frozen=True, slots=True)
class Rotation:
    """A wish for a new secret: a given one or one made here; the old one lives on for ``overlap``."""

    secret: str | None = None
    overlap: timedelta = OVERLAP


def named(order: EndpointOrder | EndpointChanges) -> dict[str, Any]:
    """Return the settings that are asked for, by name."""
    pairs = ((each.name, getattr(order, each.name)) for each in fields(order))
    return {name: value for name, value in pairs if value is not None}


def check(order: EndpointOrder | EndpointChanges, *, livemode: bool) -> None:
    """
    Look at every setting that is named.

    :raises Invalid: naming each field that is wrong
    """
    wanted = named(order)
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


def check_rotation(rotation: Rotation) -> None:
    """
    Look at a wish for a new secret.

    :raises Invalid: naming the field that is wrong
    """
    longest = int(LONGEST_OVERLAP.total_seconds())
    overlap = _range_failures("overlap_seconds", int(rotation.overlap.total_seconds()), 0, longest)
    _raise_all([*_secret_failures(rotation.secret), *overlap])


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
