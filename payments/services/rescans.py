"""Rescans that staff ordered: read by workers, piece by piece, so that each can be watched, stopped and continued."""

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from chains import registry
from chains.base import ChainReader, ChainUnavailable
from core.errors import CheckoutError, Conflict, Invalid
from core.nudges import nudge
from events.outbox import Happening, emit
from payments.models import Cursor, Rescan, RescanStatus
from payments.services.rescan import rescan

log = structlog.get_logger(__name__)

MOST_BLOCKS: Final = 1_000_000
MOST_FAILURES: Final = 20  # in a row, with the clock's pause between them
_RANGES: Final = 50  # before a worker turns to other work


@transaction.atomic
def order_rescan(*, network: str, first: int, last: int, now: datetime) -> Rescan:
    """
    Have workers read blocks ``first`` … ``last`` again and credit what is not recorded.

    :raises Invalid: when these are no blocks, or more than a million
    :raises Conflict: when the scan itself has not come that far, or a rescan of the network waits already
    """
    if not 0 <= first <= last:
        raise Invalid("The first block is at least 0, and the last one is not below it.", field="first")
    if last - first >= MOST_BLOCKS:
        raise Invalid(f"At most {MOST_BLOCKS:,} blocks at once.", field="last")
    cursor = Cursor.objects.select_for_update().filter(network=network).first()
    if cursor is None or last > cursor.height:
        reached = "not begun" if cursor is None else f"at block {cursor.height}"
        raise Conflict(f"The scan of {network} is {reached}; it reads the blocks above by itself.")
    if Rescan.objects.filter(network=network, status=RescanStatus.WAITING).exists():
        raise Conflict("A rescan of this network is under way. Stop it, or let it end.")
    ordered = Rescan.objects.create(network=network, first=first, last=last, created_at=now)
    _tell(ordered, "rescan.ordered")
    transaction.on_commit(_nudge, robust=True)
    return ordered


@transaction.atomic
def stop_rescan(*, rescan_id: UUID, now: datetime) -> Rescan:
    """
    Read no more of it. What was read and credited stays.

    :raises Conflict: when it is over
    """
    ordered = Rescan.objects.select_for_update().get(pk=rescan_id)
    if ordered.status != RescanStatus.WAITING:
        raise Conflict(f"This rescan is {ordered.status} already.")
    return _end(ordered, RescanStatus.STOPPED, now=now)


def continue_rescans(*, now: datetime) -> int:
    """Read a piece of every rescan that waits; return how many can go on at once. Only one caller at a time."""
    going_on = 0
    for ordered in Rescan.objects.filter(status=RescanStatus.WAITING).order_by("created_at"):
        try:
            going_on += _read_piece(ordered, registry.reader(ordered.network), now=now)
        except (ChainUnavailable, CheckoutError, LookupError) as problem:
            log.warning("rescan_interrupted", rescan=ordered.public_id, reason=str(problem))
            _note_failure(ordered.pk, str(problem), now=now)
    return going_on


def _read_piece(ordered: Rescan, reader: ChainReader, *, now: datetime) -> bool:
    """Return whether there is more to read."""
    first = ordered.next_height
    last = min(first + _RANGES * reader.max_range - 1, ordered.last)
    found = ordered.found
    for progress in rescan(network=ordered.network, first=first, last=last, reader=reader, now=now):
        if not _note_progress(ordered.pk, progress.height, found + progress.found, now=timezone.now()):
            return False
    return last < ordered.last


@transaction.atomic
def _note_progress(key: UUID, height: int, found: int, *, now: datetime) -> bool:
    """Write down how far a rescan has come; return whether it goes on."""
    ordered = Rescan.objects.select_for_update().get(pk=key)
    if ordered.status != RescanStatus.WAITING:
        return False
    ordered.height, ordered.found, ordered.failures, ordered.error = height, found, 0, ""
    if height >= ordered.last:
        _end(ordered, RescanStatus.DONE, now=now)
    else:
        ordered.save()
    return True


@transaction.atomic
def _note_failure(key: UUID, problem: str, *, now: datetime) -> None:
    ordered = Rescan.objects.select_for_update().get(pk=key)
    if ordered.status != RescanStatus.WAITING:
        return
    ordered.failures += 1
    ordered.error = problem[:300]
    if ordered.failures >= MOST_FAILURES:
        _end(ordered, RescanStatus.FAILED, now=now)
    else:
        ordered.save()


def _end(ordered: Rescan, status: RescanStatus, *, now: datetime) -> Rescan:
    ordered.status, ordered.ended_at = status, now
    ordered.save()
    _tell(ordered, f"rescan.{status}")
    return ordered


def _tell(ordered: Rescan, event_type: str) -> None:
    emit(
        Happening(
            type=event_type,
            merchant_id=None,
            livemode=True,
            data={
                "id": ordered.public_id,
                "network": ordered.network,
                "first": ordered.first,
                "last": ordered.last,
                "found": ordered.found,
            },
            object_id=ordered.public_id,
        )
    )


def _nudge() -> None:
    from payments.tasks import continue_rescans as task  # the task imports this module

    nudge(task)
