"""The sandbox chain as the gateway reads it: the same interface as a node, over two tables."""

from collections.abc import Iterator
from typing import Final

from django.db.models import QuerySet

from chains.base import ANY_ENDS, Block, ChainUnavailable, Ends, Transfer, Watchlist
from chains.health import EndpointHealth
from chains.sandbox.models import SandboxBlock, SandboxTransfer
from chains.sandbox.services import GENESIS

NETWORK: Final = "sandbox"


class SandboxReader:
    """Reads canonical blocks; a block that a reorg replaced is as gone as on any node."""

    max_range = 1000
    source = ""

    def health(self) -> list[EndpointHealth]:
        """Return nothing: the sandbox has no endpoints."""
        return []

    def block_at(self, height: int | None = None) -> Block:
        """
        Return the block at ``height``, or the tip.

        :raises ChainUnavailable: when no block has that height, or it was empty and long ago
        """
        blocks = SandboxBlock.objects.filter(is_canonical=True).order_by("-height")
        found = blocks.first() if height is None else blocks.filter(height=height).first()
        if found is not None:
            return found.as_block()
        if not height:
            return GENESIS
        raise ChainUnavailable(f"the sandbox chain has no block {height}")

    def finalized_height(self) -> int | None:
        """Return None: the sandbox counts confirmations only."""
        return None

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        """Yield the transfers to watched addresses in blocks ``first..last``, in chain order."""
        mined = SandboxTransfer.objects.filter(block__is_canonical=True, block__height__range=(first, last))
        found = _watched(mined.select_related("block").order_by("block__height", "pk"), watchlist)
        ends.check_by(self.block_at, first, last)
        return found

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        """Yield transfers to watched addresses that wait for a block."""
        return _watched(SandboxTransfer.objects.filter(block=None, is_dropped=False).order_by("pk"), watchlist)

    def has_failed(self, txid: str) -> bool:  # noqa: ARG002 - part of the interface
        """Return False: nothing reverts here."""
        return False

    def height_of(self, txid: str) -> int | None:
        """Return the height of the block that holds the transaction."""
        mined = SandboxTransfer.objects.filter(txid=txid, block__is_canonical=True)
        return mined.values_list("block__height", flat=True).first()


def _watched(transfers: QuerySet[SandboxTransfer], watchlist: Watchlist) -> Iterator[Transfer]:
    found = list(transfers)
    ours = watchlist.among({transfer.address for transfer in found}) if found else set()
    return (_as_transfer(transfer) for transfer in found if transfer.address in ours)


def _as_transfer(transfer: SandboxTransfer) -> Transfer:
    return Transfer(
        network=NETWORK,
        asset=transfer.asset,
        txid=transfer.txid,
        ordinal=0,  # a sandbox transaction holds one transfer
        sender=transfer.sender,
        recipient=transfer.address,
        units=int(transfer.units),
        block=transfer.block.as_block() if transfer.block else None,
    )
