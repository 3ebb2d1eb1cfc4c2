"""No block is skipped, and what is recorded of blocks is what was read of them."""

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext_lazy as _

from chains import registry
from chains.base import ChainUnavailable
from operations.doctor.base import Check, Moment, Row, asks
from payments import reconciliation
from payments.models import ScannedRange
from payments.reconciliation import Scope
from payments.watchlist import first_issued_at

_GAPS: Final = """
SELECT network, before, first FROM (
    SELECT network, first, lag(last) OVER (PARTITION BY network ORDER BY last) AS before FROM payments_scannedrange
) ranges
WHERE before IS NOT NULL AND first <> before + 1 ORDER BY network, first
"""
_CURSORS: Final = """
SELECT c.network, c.height, newest.last AS read
FROM payments_cursor c
JOIN LATERAL (SELECT last, hash FROM payments_scannedrange r
              WHERE r.network = c.network ORDER BY last DESC LIMIT 1) newest ON true
WHERE newest.last <> c.height OR newest.hash <> c.hash ORDER BY c.network
"""
_UNREAD: Final = """
SELECT p.id AS payment, p.network, p.block_height AS height, c.height AS read
FROM payments_payment p JOIN payments_cursor c ON c.network = p.network
WHERE p.status = 'confirmed' AND p.block_height > c.height ORDER BY p.id
"""
_OTHER_BLOCK: Final = """
SELECT p.id AS payment, p.network, p.block_height AS height
FROM payments_scannedrange r
JOIN payments_payment p ON p.network = r.network AND p.block_height = r.last
WHERE p.status IN ('detected', 'confirming', 'confirmed') AND p.block_hash <> r.hash ORDER BY p.id
"""


def _compared_with_chains(_moment: Moment) -> Iterator[Row]:
    for network in registry.networks():
        blocks = reconciliation.scanned(network.code, Scope())
        if blocks is None:
            continue
        try:
            for difference in reconciliation.chain_differences(network.code, blocks, Scope()):
                yield {"difference": difference}
        except (ChainUnavailable, LookupError) as problem:
            yield {"difference": f"{network.code}: {problem}"}


def _started_late(_moment: Moment) -> Iterator[Row]:
    for network in registry.networks():
        start = ScannedRange.objects.filter(network=network.code).order_by("first").first()
        issued = first_issued_at(network.code)
        if start is None or issued is None or not start.first:
            continue
        row = {"network": network.code, "first": start.first, "issued": issued}
        try:
            before = registry.reader(network.code).block_at(start.first - 1)
        except (ChainUnavailable, LookupError) as problem:
            yield {**row, "made": str(problem)}
            continue
        if before.timestamp > issued:
            yield {**row, "made": before.timestamp}


CHECKS: Final = (
    Check(
        "scan-gaps",
        _("Every block since the first one that was read has been read, once."),
        _("%(network)s: after block %(before)s comes a range that begins with block %(first)s."),
        _("`manage.py rescan NETWORK FROM TO` reads the blocks in between and credits what is missing."),
        asks(_GAPS),
    ),
    Check(
        "scan-cursor",
        _("Where a scan goes on is where the blocks that were read end."),
        _("%(network)s: the scan goes on after block %(height)s, what was read ends with block %(read)s."),
        _(
            "Set height and hash of the cursor to those of the newest range in payments_scannedrange; the scan reads "
            "on from there, and nothing is credited twice."
        ),
        asks(_CURSORS),
    ),
    Check(
        "scan-ahead",
        _("Nothing is confirmed by blocks that were not read in their turn."),
        _("Payment %(payment)s is confirmed in block %(height)s of %(network)s, which was read up to %(read)s."),
        _("`manage.py rescan` the blocks from there on; `manage.py reconcile` then says whether the payment is there."),
        asks(_UNREAD),
    ),
    Check(
        "payment-block",
        _("A payment stands in a block of the chain that was read."),
        _("Payment %(payment)s stands in another block %(height)s of %(network)s than was read."),
        _("`manage.py rescan` that block, then `manage.py reconcile --network`: a reorg passed it by."),
        asks(_OTHER_BLOCK),
    ),
)
WITH_NODES: Final = (
    Check(
        "scan-start",
        _("Blocks were read from before the first invoice on."),
        _("%(network)s is read from block %(first)s on (before it: %(made)s), its first invoice is of %(issued)s."),
        _("`manage.py rescan NETWORK FROM TO` the blocks from the first invoice on: payments there were never seen."),
        _started_late,
        has_views=True,
    ),
    Check(
        "chains",
        _("Ledger sums equal chain sums."),
        _("%(difference)s"),
        _("See docs/self-hosting.md on `reconcile`, which tells the same; `manage.py rescan` credits what is missing."),
        _compared_with_chains,
        has_views=True,
    ),
)
