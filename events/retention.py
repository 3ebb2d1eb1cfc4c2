"""
Old events leave the database after they were written to a file, and the audit log still verifies.

Their seals stay: so the chains go on, and each seal tells that there was an entry. What may be missing is said by a
``Cut``, which is signed; whatever is missing behind it was taken away. Events that somebody still needs stay, however
old: those above this package name them with ``also_keep``.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from core import secrets
from events.archive import Archive, check_archive, signed_text, write_archive
from events.errors import ArchiveBroken
from events.models import Cut, Event, FailedDispatch

BATCH: Final = 5_000
YOUNGEST: Final = timedelta(days=30)  # streams, webhooks sent again and reports look back no further by themselves
_BETWEEN_FILES: Final = timedelta(days=28)

# Takes ids of events and of the invoices they are about; returns those of either kind that are needed.
Keeper = Callable[[Collection[UUID], Collection[UUID]], Collection[UUID]]
KEEPERS: Final[list[Keeper]] = []


def also_keep(keeper: Keeper) -> None:
    """Let a package above say which events, or the events of which invoices, it still needs."""
    if keeper not in KEEPERS:
        KEEPERS.append(keeper)


def _failed(events: Collection[UUID], _invoices: Collection[UUID]) -> Collection[UUID]:
    return set(FailedDispatch.objects.filter(event__in=events).values_list("event_id", flat=True))


also_keep(_failed)


def cut_off(*, archive: Archive, now: datetime) -> Cut:
    """
    Say with a signature that everything up to the end of ``archive`` is in files. Deletes nothing yet.

    :raises ArchiveBroken: when the file is not ours, was changed, or does not go on where the last one ended
    """
    found = check_archive(archive.path)
    with transaction.atomic():
        before = Cut.objects.select_for_update().order_by("-position").first()
        if found != archive or not found.is_ours or found.first != (before.position if before else 0) + 1:
            raise ArchiveBroken(f"{archive.path.name} is not the file that goes on where the last one ended.")
        return Cut.objects.create(
            position=found.last,
            hash=found.hash,
            signature=secrets.signature(signed_text(found.last, found.hash)),
            file=found.path.name,
            cut_at=now,
        )


def archive_due(*, now: datetime) -> int:
    """
    Do what ARCHIVE_AFTER_DAYS orders; return how many events were deleted, 0 days order nothing.

    A file is begun once the last one is four weeks old. What is in files and needed no more goes each time.

    :raises ArchiveBroken: when an entry is not what was sealed, or files and cuts do not fit; nothing is deleted then
    """
    if not settings.ARCHIVE_AFTER_DAYS:
        return 0
    before = now - max(timedelta(days=settings.ARCHIVE_AFTER_DAYS), YOUNGEST)
    if not Cut.objects.filter(cut_at__gt=now - _BETWEEN_FILES).exists():
        archive = write_archive(before=before, directory=settings.ARCHIVE_DIR)
        if archive is not None:
            cut_off(archive=archive, now=now)
    return prune_events()


def prune_events() -> int:
    """
    Delete the events that are in files and that nobody needs, in batches of their own; return how many.

    The newest event of the log always stays: the next one is numbered after it.
    """
    cut = Cut.objects.order_by("-position").first()
    newest = Event.objects.aggregate(newest=Max("position"))["newest"]
    if cut is None or newest is None:
        return 0
    if not secrets.is_signed(cut.signed_text, cut.signature):
        raise ArchiveBroken("The last cut of the audit log was not signed by this installation.")
    total, position = 0, 0
    while True:
        rows = Event.objects.filter(position__gt=position, position__lte=min(cut.position, newest - 1))
        batch = list(rows.order_by("position").values_list("pk", "invoice_id", "position")[:BATCH])
        if not batch:
            return total
        position = batch[-1][2] or 0
        total += _delete([(key, invoice) for key, invoice, _ in batch])


@transaction.atomic
def _delete(batch: list[tuple[UUID, UUID | None]]) -> int:
    events, invoices = {key for key, _ in batch}, {invoice for _, invoice in batch if invoice}
    needed = {key for keeper in KEEPERS for key in keeper(events, invoices)}
    gone = [key for key, invoice in batch if key not in needed and invoice not in needed]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL events.pruning = 'on'")
        cursor.execute("DELETE FROM events_event WHERE id = ANY(%s)", [gone])
        deleted = int(cursor.rowcount)
        cursor.execute("SET LOCAL events.pruning = ''")
    return deleted
