"""Before the programs of `make run` start: bring the database up to date, create the demo once, build the pages."""

import os
import sys
import time

import django
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection


def main() -> None:
    """Do what is missing; on a second start that is nothing."""
    os.umask(0o077)
    django.setup()
    from django.core.management import call_command

    _wait_for_database()
    if _is_behind():
        call_command("migrate", interactive=False, verbosity=1)
    from api.site import build
    from config import env

    build()
    if env.flag("DEMO", default=True):
        call_command("demo")


def _wait_for_database(seconds: int = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.ensure_connection()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def _is_behind() -> bool:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


if __name__ == "__main__":
    try:
        main()
    except ImproperlyConfigured as failure:
        sys.exit(str(failure))
