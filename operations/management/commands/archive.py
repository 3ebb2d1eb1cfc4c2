"""``manage.py archive write|check|read|prune``: old entries of the audit log into files, and out of them again."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core import exact_json
from core.ids import parse_public_id
from events.archive import check_archive, read_archive, write_archive
from events.errors import ArchiveBroken
from events.retention import YOUNGEST, cut_off, prune_events


class Command(BaseCommand):
    """What is archived is read back before anything is deleted, and stays proven by the seals that stay."""

    help = "Write old entries of the audit log to a file (write), check files (check), print them (read)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        write = actions.add_parser("write", help="write what happened before a day, then delete what nobody needs")
        write.add_argument("--before", required=True, type=date.fromisoformat, help="a day (UTC), such as 2026-01-01")
        write.add_argument("--to", required=True, type=Path, help="the folder for the file")
        write.add_argument("--keep", action="store_true", help="delete nothing; `archive prune` does it later")
        check = actions.add_parser("check", help="check files from the first line to the last")
        check.add_argument("files", nargs="+", type=Path)
        read = actions.add_parser("read", help="print entries as lines of JSON")
        read.add_argument("files", nargs="+", type=Path)
        read.add_argument("--merchant", default="", help="only this merchant's (mer_…)")
        read.add_argument("--invoice", default="", help="only this invoice's (inv_…)")
        actions.add_parser("prune", help="delete what is in files and needed no more since")

    def handle(self, *_: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except ArchiveBroken as problem:
            raise CommandError(str(problem)) from problem

    def _write(self, options: dict[str, Any]) -> None:
        now, day = timezone.now(), options["before"]
        before = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if before > now - YOUNGEST:
            raise CommandError(f"The last {YOUNGEST.days} days stay in the database.")
        archive = write_archive(before=before, directory=options["to"])
        if archive is None:
            self.stdout.write("Nothing is that old and in no file yet.")
            return
        cut_off(archive=archive, now=now)
        self.stdout.write(f"{archive.path}: entries {archive.first} to {archive.last}")
        if not options["keep"]:
            self._prune(options)

    def _prune(self, _options: dict[str, Any]) -> None:
        self.stdout.write(f"{prune_events()} events deleted")

    def _check(self, options: dict[str, Any]) -> None:
        for path in options["files"]:
            found = check_archive(path)
            whose = "signed here" if found.is_ours else "NOT signed by this installation"
            self.stdout.write(f"{path}: entries {found.first} to {found.last}, {whose}, head {found.last}:{found.hash}")
            if not found.is_ours:
                raise CommandError(f"{path.name} was signed by somebody else.")

    def _read(self, options: dict[str, Any]) -> None:
        wanted = {
            name: _key(prefix, options[option])
            for name, prefix, option in (("merchant_id", "mer", "merchant"), ("invoice_id", "inv", "invoice"))
            if options[option]
        }
        for path in options["files"]:
            for entry in read_archive(path):
                if all(entry[name] == key for name, key in wanted.items()):
                    self.stdout.write(exact_json.canonical(entry))


def _key(prefix: str, public: str) -> str:
    key = parse_public_id(prefix, public)
    if key is None:
        raise CommandError(f"{public} is no id of the form {prefix}_….")
    return str(key)
