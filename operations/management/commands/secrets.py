"""``manage.py secrets check|rotate``: what needs older keys, and writing it again under the first ones."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.rekeying import rekey


class Command(BaseCommand):
    """``check`` ends with 1 while an older key is needed; ``rotate`` does what makes that go away."""

    help = "Count stored secrets that are not under the first keys (check), or write them again (rotate)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("check", help="exit 1 while something is under an older key, or under none that is there")
        actions.add_parser("rotate", help="write what older keys wrote again; safe to stop and to run again")

    def handle(self, *_: Any, action: str, **__: Any) -> None:
        applies = action == "rotate"
        waiting = unreadable = 0
        for tally in rekey(applies=applies):
            done = "rewritten" if applies else "under an older key"
            lost = f", {tally.unreadable} under no key that is there" if tally.unreadable else ""
            self.stdout.write(f"{tally.place}: {tally.current} current, {tally.renewed} {done}{lost}")
            waiting += 0 if applies else tally.renewed
            unreadable += tally.unreadable
        if unreadable:
            raise CommandError(f"{unreadable} stored secrets cannot be read: a key is missing, or they were altered.")
        if waiting:
            raise CommandError(f"{waiting} stored secrets need an older key: run `secrets rotate` before it goes.")
        self.stdout.write("Keys other than the first of each setting are needed no more.")
