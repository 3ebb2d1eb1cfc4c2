"""Before the programs of `make run` start: bring the database up to date, create the demo once, build the pages."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection


def main() -> None:
    """Do what is missing; on a second start that is nothing."""
    os.umask(0o077)
    django.setup()
    from api.site import build

    with ThreadPoolExecutor(1) as beside:  # another program makes the pages, while the database is made
        pages = beside.submit(build)
        _prepare_database()
    problem = pages.exception()
    if problem is not None:  # nobody's payments should wait for the documentation
        sys.stderr.write(f"The documentation at /docs/ was not built: {problem}\n")


def _prepare_database() -> None:
    from django.core.management import call_command

    from config import env

    _wait_for_database()
    missing = _missing_steps()
    if missing and not connection.introspection.table_names():
        sys.stdout.write(f"Making the tables of a new database ({missing} steps).\n")
        sys.stdout.flush()
        call_command("migrate", interactive=False, verbosity=0)
    elif missing:
        call_command("migrate", interactive=False, verbosity=1)
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


def _missing_steps() -> int:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


if __name__ == "__main__":
    try:
        main()
    except ImproperlyConfigured as failure:
        sys.exit(str(failure))
