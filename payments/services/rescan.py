"""Blocks read once more because somebody says so: what was missed is credited, nothing is taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from chains.base import Block, ChainReader, ChainUnavailable, Ends, Transfer, Watchlist
from core.errors import Conflict
from payments.models import Cursor, Payment, ScannedRange
from payments.services.ledger import record_glimpse
from payments.services.ranges import witness
from payments.watchlist import IssuedAddresses


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rescan has come: ``height`` is the last block read, ``found`` counts payments new to us."""

    height: int
    found: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks ``first`` … ``last`` of a network, and which addresses to look for in them."""

    network: str
    first: int
    last: int
    watchlist: Watchlist


def rescan(*, network: str, first: int, last: int, reader: ChainReader, now: datetime) -> Iterator[Progress]:
    """
    Read blocks ``first`` … ``last`` again and credit what is not recorded; yields after each range.

    :raises Conflict: when the scan itself has not come that far
    :raises ChainUnavailable: when the node does not answer reliably, or is on another fork than the scan;
        what was yielded is done
    """
    cursor = Cursor.objects.filter(network=network).first()
    if cursor is None or last > cursor.height:
        reached = "not begun" if cursor is None else f"at block {cursor.height}"
        raise Conflict(f"The scan of {network} is {reached}; it reads the blocks above by itself.")
    found = 0
    for start in range(first, last + 1, reader.max_range):
        end = min(start + reader.max_range - 1, last)
        found += len(read_again(Blocks(network, start, end, IssuedAddresses(network)), reader=reader, now=now))
        yield Progress(end, found)


def read_again(blocks: Blocks, *, reader: ChainReader, now: datetime) -> list[Payment]:
    """
    Read one range that the scan has passed and credit what is not recorded; return the payments new to us.

    :raises ChainUnavailable: when the node does not answer reliably, or is on another fork than the scan
    """
    tip, border = reader.block_at(None), reader.block_at(blocks.last)
    known = witness(blocks.network, blocks.last)
    ends = Ends(last=known.hash if known is not None and known.last == blocks.last else border.hash)
    transfers = list(reader.transfers(first=blocks.first, last=blocks.last, watchlist=blocks.watchlist, ends=ends))
    if reader.block_at(blocks.last).hash != border.hash:
        raise ChainUnavailable("the chain changed while it was being read")
    if known is None or reader.block_at(known.last).hash != known.hash:
        raise ChainUnavailable(f"the node has other blocks up to {blocks.last} than those that were scanned")
    return _record(known, transfers, tip=tip, now=now)


@transaction.atomic
def _record(known: ScannedRange, transfers: list[Transfer], *, tip: Block, now: datetime) -> list[Payment]:
    """Credit what is new, unless a fork has meanwhile replaced the range that vouches for it."""
    Cursor.objects.select_for_update().get(network=known.network)  # the scan waits, or is waited for
    if not ScannedRange.objects.filter(network=known.network, last=known.last, hash=known.hash).exists():
        raise ChainUnavailable("the record of these blocks changed while they were being read")
    return record_glimpse(known.network, transfers, tip=tip, now=now)
