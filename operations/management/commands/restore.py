"""``manage.py restore``: fill an empty database from a copy that ``manage.py backup`` wrote."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.backups import read_note, restore_backup, unreadable_secrets
from operations.errors import BackupFailed


class Command(BaseCommand):
    """All or nothing. Stop web, worker and beat before: what they write meanwhile would be lost."""

    help = "Fill the database of DATABASE_URL from a copy; it must be empty, unless --replace is said."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("copy", type=Path, help="the file that manage.py backup wrote, with its note beside it")
        parser.add_argument("--replace", action="store_true", help="remove everything that is in the database now")

    def handle(self, *_: Any, copy: Path, replace: bool, **_options: Any) -> None:
        try:
            note = read_note(copy)
            restore_backup(copy, note=note, replace=replace)
        except BackupFailed as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(f"{sum(note.rows.values()):,} rows are as they were at {note.made_at}.")
        if lost := unreadable_secrets():
            raise CommandError(
                f"The secrets of {lost} merchants cannot be read: SECRET_ENCRYPTION_KEYS lacks the key of that time."
            )
        self.stdout.write("Next: manage.py migrate, audit verify, doctor; then start, and the scan goes on from there.")
