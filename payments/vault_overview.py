"""What the operator wants to know of the vaults on each network: what they send, what waits for what, what is stuck."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min, Q, QuerySet

from merchants.models import NoticeKind, Wallet, WalletKind, WalletNotice
from payments.models import Payout, PayoutStatus, Waiting
from payments.models.payouts import OVER, UNDER_WAY

STUCK_AFTER: Final = timedelta(minutes=30)  # signed, and in no block
_OPEN: Final = tuple(status for status in PayoutStatus if status not in {PayoutStatus.CONFIRMED, *OVER})


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """
    The payouts of one network that are not over, counted by status and by what they wait for.

    ``stuck``: signed more than half an hour ago, and in no block. ``oldest_seconds``: the age of the oldest.
    ``dry_vaults``: those whose gas address had too little coin when it was last looked at.
    """

    by_status: dict[str, int] = field(default_factory=dict)
    by_reason: dict[str, int] = field(default_factory=dict)
    stuck: int = 0
    oldest_seconds: int = 0
    dry_vaults: int = 0

    @property
    def problems(self) -> list[str]:
        """What somebody of the staff should look at, in words."""
        counts = (
            (self.by_status.get(PayoutStatus.QUARANTINED, 0), "in quarantine"),
            (self.stuck, "signed, and in no block for half an hour"),
            (self.by_reason.get(Waiting.STAFF, 0), "waiting for approval"),
            (self.by_reason.get(Waiting.PROBLEM, 0), "with a problem"),
        )
        return [f"{count} payouts {what}" for count, what in counts if count]


def vault_statuses(*, now: datetime) -> dict[str, VaultStatus]:
    """Return how vaults stand on each network that has or had one. Five queries, none to a node."""
    counted = Payout.objects.filter(status__in=_OPEN).order_by()
    by_status = _counts(counted, "status")
    by_reason = _counts(counted.exclude(waiting_reason=""), "waiting_reason")
    totals = counted.values("network").annotate(
        oldest=Min("created_at"),
        stuck=Count("pk", filter=Q(status__in=UNDER_WAY, block_height=None, signed_at__lt=now - STUCK_AFTER)),
    )
    sums = {row["network"]: row for row in totals}
    vaults = Wallet.objects.filter(kind=WalletKind.VAULT).order_by().values_list("network", flat=True).distinct()
    low = WalletNotice.objects.filter(kind=NoticeKind.GAS_LOW, over_at=None, wallet__is_active=True).order_by()
    dry = dict(low.values_list("wallet__network").annotate(count=Count("pk")))
    return {
        network: VaultStatus(
            by_status={status.value: by_status[network].get(status, 0) for status in _OPEN},
            by_reason={reason.value: by_reason[network].get(reason, 0) for reason in Waiting},
            stuck=sums[network]["stuck"] if network in sums else 0,
            oldest_seconds=max(int((now - sums[network]["oldest"]).total_seconds()), 0) if network in sums else 0,
            dry_vaults=dry.get(network, 0),
        )
        for network in sorted({*vaults, *sums})
    }


def _counts(payouts: QuerySet[Payout], name: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for network, value, count in payouts.values_list("network", name).annotate(count=Count("pk")):
        found[network][value] = count
    return found
