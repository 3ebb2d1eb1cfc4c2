"""The gap-free record of which blocks were read, and the search for the block where a fork began."""

from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction

from chains.base import Block
from payments.models import ScannedRange

REMEMBERED: Final = 20_000  # ranges kept per network; a reorg beneath them is read again blindly


def add_range(range_: ScannedRange, *, base: Block | None) -> None:
    """
    Append a range to the record, in place of what it overlaps there; ``base`` is the block before it.

    :raises RuntimeError: when blocks would be missing between the record and the range
    """
    ranges = ScannedRange.objects.filter(network=range_.network)
    ranges.filter(first__gte=range_.first).delete()
    if base is not None:
        ranges.filter(last__gte=range_.first).update(last=base.height, hash=base.hash)
    newest = ranges.order_by("-last").values_list("last", flat=True).first()
    if newest is not None and newest != range_.first - 1:
        raise RuntimeError(f"{range_} does not adjoin block {newest}, where the record ends")
    range_.previous = newest
    range_.save(force_insert=True)


def last_shared(network: str, *, below: int, block_at: Callable[[int], Block]) -> Block | None:
    """
    Return the newest end of a range beneath ``below`` that the node still has; None when there is none.

    A chain that differs at one block differs in all above it, so half of the ranges are ruled out with each question.

    :raises ChainUnavailable: when the node does not answer
    """
    known = list(
        ScannedRange.objects.filter(network=network, last__lt=below).order_by("last").values_list("last", "hash")
    )
    if not known:
        return None

    same: dict[int, Block] = {}  # not asked again: by then the node may be on yet another fork

    def differs(place: int) -> bool:
        height, hash_ = known[place]
        block = block_at(height)
        if block.hash == hash_:
            same[place] = block
        return block.hash != hash_

    # The newest is the likeliest: most forks are one block deep.
    newest = len(known) - 1
    if differs(newest):
        newest = bisect_left(range(newest), True, key=differs) - 1
    return same.get(newest)


def witness(network: str, height: int) -> ScannedRange | None:
    """Return the range whose end vouches for the blocks up to ``height``: the lowest end that is not beneath it."""
    return ScannedRange.objects.filter(network=network, last__gte=height).order_by("last").first()


def oldest_known(network: str) -> int | None:
    """Return the first block of the record, or None when nothing was read yet."""
    return ScannedRange.objects.filter(network=network, previous=None).values_list("first", flat=True).first()


@transaction.atomic
def fold(network: str, *, now: datetime) -> int:  # noqa: ARG001 - every service is told the time
    """Melt the oldest ranges that passed the second pass into one, so that the record stays small; return how many."""
    ranges = ScannedRange.objects.select_for_update().filter(network=network).order_by("last")
    rows = list(ranges.values_list("pk", "first", "last", "verified_at"))
    surplus = rows[: max(len(rows) - REMEMBERED, 0)]
    unverified = next((place for place, row in enumerate(surplus) if row[3] is None), len(surplus))
    melted = surplus[:unverified]
    if len(melted) < 2:
        return 0
    first, kept = melted[0][1], melted[-1][0]
    ScannedRange.objects.filter(pk__in=[row[0] for row in melted[:-1]]).delete()
    ScannedRange.objects.filter(pk=kept).update(first=first, previous=None)
    return len(melted) - 1
