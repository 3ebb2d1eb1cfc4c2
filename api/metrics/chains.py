"""What the database knows of the chains and of vaults."""

from collections.abc import Iterator
from typing import Final

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from payments.overview import NetworkStatus, network_statuses
from payments.vault_overview import VaultStatus

# Metric → what it counts, and which field of a network's status holds it.
_OF_NETWORKS: Final = {
    "checkout_chain_tip_block": ("Height of the newest block the node told of.", "tip"),
    "checkout_chain_read_block": ("Height up to which every block has been read.", "height"),
    "checkout_chain_lag_blocks": ("Blocks between the tip and what has been read.", "lag"),
    "checkout_chain_scan_age_seconds": ("Seconds since a reading was last recorded.", "age_seconds"),
    "checkout_chain_ranges": ("Ranges in the record of scanned blocks.", "ranges"),
    "checkout_chain_verified_block": ("Height up to which the second pass agrees.", "verified"),
    "checkout_chain_unverified_blocks": ("Blocks that the second pass has not reached.", "unverified"),
    "checkout_chain_findings": ("Open differences between the first reading and the second.", "findings"),
    "checkout_chain_missing_blocks": ("Blocks between the oldest and the newest that were never read.", "missing"),
    "checkout_deposits_unmatched": ("Payments in the inbox that belong to no invoice.", "unmatched"),
    "checkout_deposits_in_review": ("Payments in the inbox that wait for a decision.", "in_review"),
    "checkout_payments_unsettled": ("Payments that are seen and not confirmed yet.", "unsettled"),
}
# The same for the vaults of a network; the metrics of payouts have one more label.
_OF_VAULTS: Final = {
    "checkout_payouts_stuck": ("Payouts signed over half an hour ago that no block has.", "stuck"),
    "checkout_payouts_oldest_seconds": ("Age of the oldest payout that is not over.", "oldest_seconds"),
    "checkout_vaults_without_coin": ("Vaults whose gas address had little coin when last looked at.", "dry_vaults"),
}
_OF_PAYOUTS: Final = {
    "checkout_payouts": ("Payouts that are not over, by status.", "status", "by_status"),
    "checkout_payouts_waiting": ("Payouts that wait, by what they wait for.", "reason", "by_reason"),
}
_OF_ENDPOINTS: Final = ("network", "endpoint")


class Chains:
    """A collector: each scrape reads afresh, so that every web process tells the same."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield one family a metric, with a sample for each network."""
        statuses = network_statuses(now=timezone.now())
        for name, (meaning, field) in _OF_NETWORKS.items():
            yield _family(name, meaning, field, statuses)
        awake = GaugeMetricFamily(
            "checkout_endpoint_awake", "1 while the node's endpoint is asked, 0 while it rests.", labels=_OF_ENDPOINTS
        )
        delay = GaugeMetricFamily(
            "checkout_endpoint_milliseconds", "How long the endpoint takes to answer, smoothed.", labels=_OF_ENDPOINTS
        )
        for status in statuses:
            for endpoint in status.endpoints:
                awake.add_metric([status.network, endpoint.name], int(endpoint.is_awake))
                delay.add_metric([status.network, endpoint.name], endpoint.milliseconds)
        yield awake
        yield delay
        yield from _of_vaults([(status.network, status.vaults) for status in statuses if status.vaults])


def _family(name: str, meaning: str, field: str, statuses: list[NetworkStatus]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=["network"])
    for status in statuses:
        value = getattr(status, field)
        if value is not None:
            family.add_metric([status.network], value)
    return family


def _of_vaults(statuses: list[tuple[str, VaultStatus]]) -> Iterator[GaugeMetricFamily]:
    for name, (meaning, field) in _OF_VAULTS.items():
        family = GaugeMetricFamily(name, meaning, labels=["network"])
        for network, status in statuses:
            family.add_metric([network], getattr(status, field))
        yield family
    for name, (meaning, label, field) in _OF_PAYOUTS.items():
        family = GaugeMetricFamily(name, meaning, labels=["network", label])
        for network, status in statuses:
            for value, count in getattr(status, field).items():
                family.add_metric([network, value], count)
        yield family
