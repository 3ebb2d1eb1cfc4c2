"""Blocks read once more because somebody says so: what was missed is credited, nothing is taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chains.base import ChainReader, ChainUnavailable, Watchlist
from core.errors import Conflict
from payments.models import Cursor, Payment
from payments.services.ledger import record_glimpse
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
    :raises ChainUnavailable: when the node does not answer reliably; what was yielded is done
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

    :raises ChainUnavailable: when the node does not answer reliably
    """
    tip, border = reader.block_at(None), reader.block_at(blocks.last)
    transfers = list(reader.transfers(first=blocks.first, last=blocks.last, watchlist=blocks.watchlist))
    if reader.block_at(blocks.last).hash != border.hash:
        raise ChainUnavailable("the chain changed while it was being read")
    return record_glimpse(blocks.network, transfers, tip=tip, now=now)
