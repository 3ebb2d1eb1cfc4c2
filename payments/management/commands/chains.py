"""``manage.py chains status``: how far each chain has been read, and what needs a look."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from payments.overview import NetworkStatus, network_statuses

_HEADINGS = ("network", "tip", "read", "lag", "final", "age", "verified", "unverified", "findings", "inbox", "open")


class Command(BaseCommand):
    """Exits with 1 when a network needs a look, so that a monitor can run it."""

    help = "Show how far each chain has been read, and what needs a look."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["status"])
        parser.add_argument("--json", action="store_true", help="for programs: one object a line")

    def handle(self, *_: Any, **options: Any) -> None:
        statuses = network_statuses(now=timezone.now())
        if options["json"]:
            for status in statuses:
                self.stdout.write(json.dumps(asdict(status) | {"problems": status.problems}))
        else:
            self._print_table(statuses)
        if any(status.problems for status in statuses):
            raise SystemExit(1)

    def _print_table(self, statuses: list[NetworkStatus]) -> None:
        rows = [_HEADINGS, *(_row(status) for status in statuses)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
        for row in rows:
            name, *numbers = row
            aligned = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
            self.stdout.write("  ".join([name.ljust(widths[0]), *aligned]).rstrip())
        for status in statuses:
            for problem in status.problems:
                self.stdout.write(f"{status.network}: {problem}")


def _row(status: NetworkStatus) -> tuple[str, ...]:
    numbers = (
        status.tip,
        status.height,
        status.lag,
        status.finalized,
        None if status.age_seconds is None else f"{status.age_seconds} s",
        status.verified,
        status.unverified,
        status.findings,
        status.in_review,
        status.unsettled,
    )
    return status.network, *("–" if number is None else str(number) for number in numbers)
