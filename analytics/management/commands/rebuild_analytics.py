"""Operators' door: bring the reports in line with the log again."""

from typing import Any

from django.core.management.base import BaseCommand

from analytics import services


class Command(BaseCommand):
    help = "Take in the whole event log again. Safe at any time; reports stay readable meanwhile."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"{services.rebuild()} events taken in")
