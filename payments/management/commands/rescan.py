"""``manage.py rescan NETWORK FROM TO``: read blocks again and credit what is missing."""

import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chains import registry
from chains.base import ChainUnavailable
from core.errors import CheckoutError
from payments.services import rescan

_BAR: Final = 30  # characters


class Command(BaseCommand):
    """Safe at any time: nothing is credited twice, nothing is taken back, and the scan goes on beside it."""

    help = "Read blocks FROM … TO of a network again and credit what is not recorded yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("network", help="its code, for example ethereum")
        parser.add_argument("first", type=int, metavar="FROM", help="the first block")
        parser.add_argument("last", type=int, metavar="TO", help="the last block")

    def handle(self, *_: Any, **options: Any) -> None:
        network, first, last = options["network"], options["first"], options["last"]
        if not 0 <= first <= last:
            raise CommandError("FROM is at least 0, and TO is not below it.")
        try:
            reader = registry.reader(network)
        except LookupError as problem:
            raise CommandError(str(problem)) from problem
        found, height = 0, first - 1
        try:
            for progress in rescan(network=network, first=first, last=last, reader=reader, now=timezone.now()):
                found, height = progress.found, progress.height
                self._draw(height - first + 1, last - first + 1, found)
        except CheckoutError as refusal:
            raise CommandError(refusal.detail) from refusal
        except ChainUnavailable as problem:
            done = f"Blocks {first} to {height} are done; go on from {height + 1}." if height >= first else ""
            raise CommandError(f"The node failed: {problem}. {done}".rstrip()) from problem
        self.stdout.write(f"{last - first + 1:,} blocks of {network} read again, {found:,} payments found.")

    def _draw(self, done: int, total: int, found: int) -> None:
        if not sys.stderr.isatty():
            return
        filled = done * _BAR // total
        bar = "#" * filled + "." * (_BAR - filled)
        self.stderr.write(f"\r[{bar}] {done:,}/{total:,} blocks, {found:,} found", ending="\n" if done == total else "")
        self.stderr.flush()
