"""What the operator wants to know of each chain: how far it was read, how old that is, and what needs a look."""

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F, Max, Min, Q, Sum
from redis.exceptions import RedisError

from chains import registry
from chains.health import EndpointHealth
from core import valkey
from payments.models import Cursor, Finding, Payment, ScannedRange
from payments.states import UNSETTLED, Review
from payments.vault_overview import VaultStatus, vault_statuses

_HEALTH_KEY: Final = "chains:endpoints:{}"
_HEALTH_SECONDS: Final = 900
STALE_BLOCKS: Final = 5  # a node's blocks may come that much slower than usual before it is called silent


@dataclass(frozen=True, slots=True)
class NetworkStatus:
    """
    One network as the gateway sees it; heights are None while it was never read.

    ``lag`` counts blocks between the tip and what was read, ``age_seconds`` the time since the last
    reading that was recorded, ``unverified`` the blocks that the second pass has not reached,
    ``missing`` the blocks between the oldest and the newest that no range holds (0, or the record is
    broken), ``unmatched`` the payments in the inbox that belong to no invoice.
    """

    network: str
    name: str
    tip: int | None
    height: int | None
    finalized: int | None
    lag: int
    age_seconds: int | None
    ranges: int
    oldest: int | None
    verified: int | None
    unverified: int
    findings: int
    in_review: int
    unsettled: int
    block_seconds: int
    missing: int = 0
    unmatched: int = 0
    endpoints: tuple[EndpointHealth, ...] = ()
    vaults: VaultStatus | None = None

    @property
    def problems(self) -> list[str]:
        """What somebody should look at, in words; empty when all is well."""
        found = []
        if self.age_seconds is None:
            found.append("never read")
        elif self.age_seconds > _silent_after(self.block_seconds):
            found.append(f"not read for {self.age_seconds} s")
        if self.lag > STALE_BLOCKS:
            found.append(f"{self.lag} blocks behind")
        found += [f"{each.name} rests: {each.reason}" for each in self.endpoints if not each.is_awake]
        if self.missing:
            found.append(f"{self.missing} blocks were never read")
        if self.findings:
            found.append(f"{self.findings} findings of the second pass")
        if self.vaults:
            found += self.vaults.problems
        return found


def network_statuses(*, now: datetime) -> list[NetworkStatus]:
    """Return the state of every network that is read, or was."""
    cursors = {cursor.network: cursor for cursor in Cursor.objects.all()}
    ranges = _by_network(
        ScannedRange.objects.values("network").annotate(
            count=Count("pk"), oldest=Min("first"), newest=Max("last"), blocks=Sum(F("last") - F("first") + 1)
        )
    )
    waiting = _by_network(
        ScannedRange.objects.filter(verified_at=None)
        .values("network")
        .annotate(blocks=Sum(F("last") - F("first") + 1), first=Min("first"))
    )
    findings = _by_network(Finding.objects.filter(resolved_at=None).values("network").annotate(count=Count("pk")))
    review = _by_network(
        Payment.objects.filter(review=Review.OPEN)
        .values("network")
        .annotate(count=Count("pk"), unmatched=Count("pk", filter=Q(invoice=None)))
    )
    unsettled = _by_network(Payment.objects.filter(status__in=UNSETTLED).values("network").annotate(count=Count("pk")))
    vaults = vault_statuses(now=now)
    statuses = []
    for network in registry.networks():
        cursor = cursors.get(network.code)
        if cursor is None and not network.is_enabled:
            continue
        own, open_ = ranges.get(network.code, {}), waiting.get(network.code, {})
        statuses.append(
            NetworkStatus(
                network=network.code,
                name=network.name,
                tip=cursor.tip_height if cursor else None,
                height=cursor.height if cursor else None,
                finalized=cursor.finalized_height if cursor else None,
                lag=max(cursor.tip_height - cursor.height, 0) if cursor else 0,
                age_seconds=max(int((now - cursor.scanned_at).total_seconds()), 0) if cursor else None,
                ranges=own.get("count", 0),
                oldest=own.get("oldest"),
                verified=open_["first"] - 1 if open_ else own.get("newest"),
                unverified=open_.get("blocks", 0),
                findings=findings.get(network.code, {}).get("count", 0),
                in_review=review.get(network.code, {}).get("count", 0),
                unsettled=unsettled.get(network.code, {}).get("count", 0),
                block_seconds=network.block_seconds,
                missing=own["newest"] - own["oldest"] + 1 - own["blocks"] if own else 0,
                unmatched=review.get(network.code, {}).get("unmatched", 0),
                endpoints=_endpoints_of(network.code),
                vaults=vaults.get(network.code),
            )
        )
    return statuses


def problems(*, now: datetime) -> list[str]:
    """Return what somebody should look at, of all networks."""
    return [f"{status.name}: {problem}." for status in network_statuses(now=now) for problem in status.problems]


def late_networks(*, now: datetime) -> list[tuple[str, bool]]:
    """Return each network with real money, by name, and whether payments on it are seen late. One small query."""
    cursors = {cursor.network: cursor for cursor in Cursor.objects.all()}
    return [
        (network.name, _is_late(cursors.get(network.code), network.block_seconds, now))
        for network in registry.networks(livemode=True, enabled_only=True)
    ]


def _is_late(cursor: Cursor | None, block_seconds: int, now: datetime) -> bool:
    if cursor is None:
        return True
    age = (now - cursor.scanned_at).total_seconds()
    return age > _silent_after(block_seconds) or cursor.tip_height - cursor.height > STALE_BLOCKS


def _silent_after(block_seconds: int) -> int:
    return max(STALE_BLOCKS * block_seconds, 120)


def publish_endpoints(network: str, endpoints: Sequence[EndpointHealth]) -> None:
    """Tell the other processes how the endpoints of a network are doing; without Valkey nobody hears of it."""
    text = json.dumps([asdict(endpoint) for endpoint in endpoints])
    with contextlib.suppress(RedisError):
        valkey.client().set(_HEALTH_KEY.format(network), text, ex=_HEALTH_SECONDS)


def _endpoints_of(network: str) -> tuple[EndpointHealth, ...]:
    try:
        text = valkey.client().get(_HEALTH_KEY.format(network))
    except RedisError:
        return ()
    return tuple(EndpointHealth(**fields) for fields in json.loads(text)) if text else ()


def _by_network(rows: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {row["network"]: row for row in rows}
