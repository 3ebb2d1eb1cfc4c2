"""Operators' door: bring the reports in line with the log again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics import services


class Command(BaseCommand):
    help = "Take in the whole event log again. Safe at any time; reports stay readable meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sums", action="store_true", help="only sum up the facts that are there, without the log")
        parser.add_argument("--check", action="store_true", help="only compare the sums with the facts")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["check"]:
            wrong = services.wrong_sums()
            if wrong:
                raise CommandError(f"{wrong} sums are not those of the facts; --sums makes them anew.")
            self.stdout.write("The sums are those of the facts.")
        elif options["sums"]:
            self.stdout.write(f"{services.sum_up()} sums made")
        else:
            self.stdout.write(f"{services.rebuild()} events taken in")
