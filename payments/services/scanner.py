"""Read what is new on a chain. The network is asked first, outside any transaction; then all is written at once.

Restart, duplicate, gap and reorg are one code path: compare hashes, go back to the last block
that is still the same, and read again from there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from chains import registry
from chains.base import Block, ChainReader, ChainUnavailable, Ends, Transfer
from payments.models import Cursor, ScannedRange
from payments.services.ledger import Reading, record_glimpse, record_reading
from payments.services.ranges import last_shared, oldest_known
from payments.watchlist import IssuedAddresses, first_issued_at

log = structlog.get_logger(__name__)

FIRST_LOOK_BACK: Final = 64  # blocks read before the tip when a network is scanned for the first time

CLOCKS_DIFFER: Final = timedelta(minutes=2)  # ours, and that of whoever made a block


@dataclass(frozen=True, slots=True)
class _Start:
    """From which block on to read, and the last one that is known to be the same on the node."""

    base: Block | None  # None: nothing was ever read
    height: int  # first block to read
    is_fork: bool = False


def scan(*, network: str, now: datetime, reader: ChainReader | None = None, max_rounds: int = 50) -> int:
    """
    Read a network up to its tip and record what arrived; return how many blocks were read.

    A long way behind, it first looks at the newest blocks, because the open invoices are paid
    there, and then works in ranges, each recorded on its own, until caught up or until
    ``max_rounds`` ranges are done (the next call goes on).

    :raises ChainUnavailable: when the node does not answer reliably; nothing is lost, try again later
    """
    reader = reader or registry.reader(network)
    tip = reader.block_at(None)
    _glimpse_newest(network, reader, tip, now)
    read = 0
    for round_ in range(max_rounds):
        reading = _read_next(network, reader, reader.block_at(None) if round_ else tip, now)
        if reading is None:
            break
        if not record_reading(reading, now=now):
            log.info("scan_overtaken", network=network)  # another worker was faster; its work stands
            break
        read += max(reading.last.height - reading.first + 1, 0)
        if reading.last.height >= reading.tip.height:
            break
    return read


def _glimpse_newest(network: str, reader: ChainReader, tip: Block, now: datetime) -> None:
    """Record what the newest blocks hold when there is more than one range to read before them."""
    cursor = Cursor.objects.filter(network=network).first()
    first = tip.height - reader.max_range + 1
    if cursor is None or first <= cursor.height + 1:
        return
    newest = reader.transfers(
        first=first, last=tip.height, watchlist=IssuedAddresses(network), ends=Ends(last=tip.hash)
    )
    transfers = list(newest)
    if reader.block_at(tip.height).hash == tip.hash:
        record_glimpse(network, transfers, tip=tip, now=now)


def _read_next(network: str, reader: ChainReader, tip: Block, now: datetime) -> Reading | None:
    cursor = Cursor.objects.filter(network=network).first()
    start = _first_start(network, reader, tip, now) if cursor is None else _start_after(cursor, reader, tip)
    if start is None:
        return None
    last_height = min(tip.height, start.height + reader.max_range - 1)
    last = tip if last_height == tip.height else reader.block_at(last_height)
    watchlist = IssuedAddresses(network)
    transfers: list[Transfer] = []
    if start.height <= last_height:
        ends = Ends(before=start.base.hash if start.base else "", last=last.hash)
        transfers = list(reader.transfers(first=start.height, last=last_height, watchlist=watchlist, ends=ends))
    is_at_tip = last_height == tip.height
    waiting = list(reader.mempool(watchlist=watchlist)) if is_at_tip else None
    finalized = reader.finalized_height()
    _check_nothing_moved(reader, start, last)
    return Reading(
        network=network,
        expected=cursor,
        base=start.base,
        first=start.height,
        last=last,
        tip=tip,
        # Another node may have answered, or a block have come since: what was not read is not final as it was read.
        finalized_height=None if finalized is None else min(finalized, last.height),
        transfers=tuple(transfers),
        waiting=None if waiting is None else tuple(waiting),
        is_fork=start.is_fork,
        source=reader.source,
    )


def _first_start(network: str, reader: ChainReader, tip: Block, now: datetime) -> _Start:
    """Begin far enough back to have every block since the first invoice on this network was made."""
    look_back = FIRST_LOOK_BACK
    oldest = first_issued_at(network)
    if oldest is not None:
        look_back += 2 * max(int((now - oldest) / registry.network(network).block_time), 0)
    while (below := tip.height - look_back - 1) >= 0:
        base = reader.block_at(below)
        # Blocks may come much faster than they usually do; only what they say themselves counts.
        if oldest is None or base.timestamp <= oldest - CLOCKS_DIFFER:
            return _Start(base=base, height=below + 1)
        look_back *= 2
    return _Start(base=None, height=0)


def _start_after(cursor: Cursor, reader: ChainReader, tip: Block) -> _Start | None:
    """Return where to go on; None when the node only lags behind what was read."""
    if tip.height >= cursor.height:
        block = reader.block_at(cursor.height) if tip.height > cursor.height else tip
        if block.hash == cursor.hash:
            return _Start(base=block, height=cursor.height + 1)
        return _after_fork(cursor, reader, below=cursor.height)
    known = ScannedRange.objects.filter(network=cursor.network, last=tip.height).first()
    if known is None or known.hash == tip.hash:
        log.warning("node_behind", network=cursor.network, node=tip.height, scanned=cursor.height)
        return None
    return _after_fork(cursor, reader, below=tip.height)


def _after_fork(cursor: Cursor, reader: ChainReader, *, below: int) -> _Start:
    """Find the newest block we read that the node still has, and start after it."""
    shared = last_shared(cursor.network, below=below, block_at=reader.block_at)
    if shared is not None:
        log.warning("reorg", network=cursor.network, fork=shared.height, scanned=cursor.height)
        return _Start(base=shared, height=shared.height + 1, is_fork=True)
    # Deeper than anything we remember: read everything again from there on.
    oldest = oldest_known(cursor.network)
    log.error("reorg_beyond_memory", network=cursor.network, oldest=oldest)
    height = max((below if oldest is None else oldest) - reader.max_range, 0)
    return _Start(base=reader.block_at(height - 1) if height else None, height=height, is_fork=True)


def _check_nothing_moved(reader: ChainReader, start: _Start, last: Block) -> None:
    """
    Make sure the range was read from one chain: its end is still there, and it still grows from our base.

    :raises ChainUnavailable: when the chain changed while it was being read
    """
    if reader.block_at(last.height).hash != last.hash:
        raise ChainUnavailable("the chain changed while it was being read")
    if start.base is None or start.height > last.height:
        return
    first = reader.block_at(start.height)
    if first.parent_hash != start.base.hash:
        raise ChainUnavailable("the chain changed while it was being read")
