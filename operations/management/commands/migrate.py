"""
``manage.py migrate``: Django's, which waits for nobody else's lock for long.

A statement that waits for the lock of a table stands in front of everybody who comes after it: behind one
long transaction it would stop the whole service. So it waits for LOCK_SECONDS, lets the others through and
tries again. A migration that fails so is undone as a whole. One without a transaction (an index that is
built beside the work) holds nobody up while it waits, and waits as long as it takes.
"""

import time
from typing import Any, Final

import psycopg
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError
from django.db.migrations.migration import Migration
from django.utils.translation import gettext as _

from core.timelimits import Bounds, bound_session

LOCK_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 5.0
ATTEMPTS: Final = 60
_STARTS: Final = frozenset({"apply_start", "unapply_start"})


class Command(migrate.Command):
    """Each attempt goes on behind the last migration that was done."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-seconds", type=float, default=LOCK_SECONDS, help="how long to wait for the lock of a table"
        )
        parser.add_argument(
            "--pause-seconds", type=float, default=PAUSE_SECONDS, help="how long to let others work before trying again"
        )
        parser.add_argument("--attempts", type=int, default=ATTEMPTS, help="how often to try")

    def handle(self, *arguments: Any, **options: Any) -> None:
        lock, pause, attempts = (options.pop(name) for name in ("lock_seconds", "pause_seconds", "attempts"))
        self._lock_seconds = lock
        try:
            for left in reversed(range(attempts)):
                try:
                    super().handle(*arguments, **options)
                except OperationalError as problem:
                    if not isinstance(problem.__cause__, psycopg.errors.LockNotAvailable):
                        raise
                    self._explain(pause, left)
                    time.sleep(pause)
                else:
                    return
        finally:
            bound_session(Bounds())

    def migration_progress_callback(self, action: str, migration: Migration | None = None, fake: bool = False) -> None:
        """Bound the session to what the migration that begins may wait."""
        if action in _STARTS and migration is not None:
            bound_session(Bounds(lock=self._lock_seconds if migration.atomic else 0))
        super().migration_progress_callback(action, migration, fake)

    def _explain(self, pause: float, left: int) -> None:
        if not left:
            raise CommandError(
                _(
                    "Another transaction holds a table that a migration needs. Nothing of that migration was done."
                    " Look at pg_stat_activity for what has been open for long, and run this again."
                )
            )
        self.stderr.write(
            _("Another transaction holds a table. Trying again in %(seconds)s s, %(left)s times at most.")
            % {"seconds": f"{pause:g}", "left": left}
        )
