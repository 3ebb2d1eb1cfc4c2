"""``manage.py backup``: copy the database while everything runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from operations.backups import drop_old, note_of, read_note, write_backup
from operations.errors import BackupFailed


class Command(BaseCommand):
    """Writes a dump that ``manage.py restore`` reads, and a note of what is in it. Safe at any time."""

    help = "Copy the database into a folder. SECRET_KEY, SECRET_ENCRYPTION_KEYS and VAULT_KEYS are not in the copy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, required=True, help="where the copy is written")
        parser.add_argument("--keep", type=int, metavar="N", help="afterwards remove all but the newest N copies")

    def handle(self, *_: Any, folder: Path, keep: int | None, **_options: Any) -> None:
        if keep is not None and keep < 1:
            raise CommandError("Keep at least one.")
        try:
            copy = write_backup(folder=folder, now=timezone.now())
            note = read_note(copy)
        except BackupFailed as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(
            f"{copy}: {note.bytes:,} bytes, {sum(note.rows.values()):,} rows; its note is {note_of(copy).name}"
        )
        for old in drop_old(folder=folder, keep=keep) if keep else ():
            self.stdout.write(f"removed {old}")
