"""Reads of the sandbox chain for whoever commands it."""

from collections.abc import Collection

from django.db.models import Q

from chains.sandbox.models import SandboxBlock, SandboxTransfer


def recent_blocks(*, count: int) -> list[SandboxBlock]:
    """Return the last ``count`` blocks of the chain as it stands, the newest first."""
    return list(SandboxBlock.objects.filter(is_canonical=True).order_by("-height")[:count])


def recent_transfers(*, above: int, limit: int = 1000) -> list[SandboxTransfer]:
    """Return everybody's transfers in blocks above a height and in the mempool, newest first, with their blocks."""
    within = Q(block__height__gt=above, block__is_canonical=True) | Q(block=None, is_dropped=False)
    return list(SandboxTransfer.objects.filter(within).select_related("block").order_by("-pk")[:limit])


def addresses_of(txids: Collection[str]) -> dict[str, str]:
    """Return the recipient's address of each of ``txids`` that is known; a caller checks whose it is before a drop."""
    return dict(SandboxTransfer.objects.filter(txid__in=txids).values_list("txid", "address"))
