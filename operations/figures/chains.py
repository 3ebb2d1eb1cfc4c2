"""How chains and rates stand: what was read, from whom, and how old prices are."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chains import registry
from invoices.models import RateSheet
from invoices.rates import fixed, history
from operations.figures.base import Figure, Level, Morning, age_text, level_of
from payments.models import Cursor, Finding, Rescan, RescanStatus, ScannedRange
from payments.overview import STALE_BLOCKS, NetworkStatus

SILENT_SECONDS: Final = 120  # as payments.overview has it
_RULE_OF_NETWORKS: Final = gettext_lazy(
    "Red: not read for two minutes and five of its blocks, or no node answers. Amber: more than five blocks behind, or "
    "one of its nodes rests."
)
_RULE_OF_FINDINGS: Final = gettext_lazy("Red: any. A second reading saw other transfers than the first.")
_RULE_OF_RATES: Final = gettext_lazy(
    "Red: older than RATE_MAX_AGE_SECONDS; invoices in this coin are refused. Amber: older than half of that."
)


def of_networks(statuses: list[NetworkStatus]) -> list[Figure]:
    """Return a figure for each network, and what two readings disagree about."""
    figures = [_of_network(status) for status in statuses]
    open_findings = sum(status.findings for status in statuses)
    gap = sum(status.unverified for status in statuses)
    return [
        *figures,
        Figure(
            gettext_lazy("Differences between two readings"),
            str(open_findings),
            Finding,
            {"resolved_at__isempty": 1},
            level=level_of(open_findings, red=1),
            rule=_RULE_OF_FINDINGS,
        ),
        Figure(
            gettext_lazy("Blocks read once so far"),
            f"{gap:,}",
            ScannedRange,
            {"verified_at__isempty": 1},
            note=_("What was read has no gaps: the database refuses them."),
        ),
    ]


def _of_network(status: NetworkStatus) -> Figure:
    awake = sum(endpoint.is_awake for endpoint in status.endpoints)
    nodes = _("%(awake)d of %(all)d nodes") % {"awake": awake, "all": len(status.endpoints)}
    read = _("never read")
    if status.age_seconds is not None:
        read = _("read %(age)s ago") % {"age": age_text(timedelta(seconds=status.age_seconds))}
    return Figure(
        status.name,
        _("%(lag)d behind") % {"lag": status.lag},
        Cursor,
        {"q": status.network},
        note=", ".join([read, *([nodes] if status.endpoints else [])]),
        level=_level_of_network(status, awake),
        rule=_RULE_OF_NETWORKS,
    )


def _level_of_network(status: NetworkStatus, awake: int) -> Level:
    silent = max(STALE_BLOCKS * status.block_seconds, SILENT_SECONDS)
    if status.age_seconds is None or status.age_seconds > silent or (status.endpoints and not awake):
        return Level.RED
    return Level.AMBER if status.lag > STALE_BLOCKS or awake < len(status.endpoints) else Level.FINE


def of_rates(morning: Morning) -> list[Figure]:
    """Return the age of the newest price of each coin that can be paid with; nothing where all prices are fixed."""
    if settings.RATE_SOURCES == [fixed.NAME]:
        return []
    networks = registry.networks(livemode=True, enabled_only=True)
    bases = sorted({asset.code for network in networks for asset in network.assets})
    newest = history.newest(bases)
    most = settings.RATE_MAX_AGE_SECONDS
    figures = []
    for base in bases:
        seconds = (morning.now - newest[base]).total_seconds() if base in newest else None
        figures.append(
            Figure(
                base,
                _("none") if seconds is None else age_text(timedelta(seconds=seconds)),
                RateSheet,
                {"base": base},
                level=Level.RED if seconds is None else level_of(seconds, amber=most / 2, red=most),
                rule=_RULE_OF_RATES,
            )
        )
    return figures


def of_rescans() -> list[Figure]:
    """Return what is being read again just now; nothing when that is nothing."""
    waiting = Rescan.objects.filter(status=RescanStatus.WAITING)
    return [
        Figure(
            gettext_lazy("Rescan"),
            f"{rescan.percent} %",
            Rescan,
            {"status__exact": RescanStatus.WAITING},
            note=rescan.error or rescan.network,
            level=Level.AMBER if rescan.error else Level.FINE,
            rule=gettext_lazy("Amber: its node does not answer; it is tried again."),
        )
        for rescan in waiting
    ]
