"""``manage.py migrate`` beside a transaction that holds a table: it waits, but in nobody's way."""

import time
from collections.abc import Iterator
from io import StringIO
from threading import Thread

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from dashboard.models import SavedView

TABLE = SavedView._meta.db_table
WAITING = f"SELECT 1 FROM pg_locks WHERE relation = '{TABLE}'::regclass AND NOT granted"
HURRY = {"lock_seconds": 0.2, "pause_seconds": 0.1, "verbosity": 0}

pytestmark = pytest.mark.django_db(transaction=True)


def connected() -> psycopg.Connection:
    given = connection.get_connection_params()
    return psycopg.connect(**{name: given[name] for name in ("host", "port", "dbname", "user", "password")})


@pytest.fixture
def reader() -> Iterator[psycopg.Connection]:
    """Somebody who reads the table, and takes time over it."""
    with connected() as other:
        other.execute(f"SELECT count(*) FROM {TABLE}")
        yield other
        other.rollback()
    call_command("migrate", "dashboard", verbosity=0)


def is_there() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [TABLE])
        return cursor.fetchone()[0]


def test_it_tries_again_until_the_table_is_free_and_others_read_it_meanwhile(reader):
    said, waits = StringIO(), []

    def read_beside() -> None:
        with connected() as another:
            while not another.execute(WAITING).fetchone():
                another.rollback()
            begun = time.monotonic()
            another.execute(f"SELECT count(*) FROM {TABLE}")
            waits.append(time.monotonic() - begun)
        while not said.getvalue():
            time.sleep(0.01)
        reader.rollback()

    beside = Thread(target=read_beside)
    beside.start()
    call_command("migrate", "dashboard", "zero", stderr=said, **HURRY)
    beside.join()

    assert not is_there()
    assert "Trying again in 0.1 s" in said.getvalue()
    assert waits[0] < 10


def test_it_gives_up_in_the_end_with_nothing_done(reader):
    with pytest.raises(CommandError, match="Nothing of that migration was done"):
        call_command("migrate", "dashboard", "zero", attempts=2, stderr=StringIO(), **HURRY)

    assert is_there()
    assert ("dashboard", "0001_saved_views") in MigrationRecorder(connection).applied_migrations()
    assert connection.connection.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_an_index_that_is_built_beside_the_work_waits_as_long_as_it_takes(reader):
    """Ended half way it would leave an index behind that is not valid."""
    from operations.management.commands.migrate import Command

    command = Command(stdout=StringIO())
    command._lock_seconds, command.verbosity = 0.1, 0
    for atomic, told in ((True, "100ms"), (False, "0")):
        migration = type("Migration", (), {"atomic": atomic})()

        command.migration_progress_callback("apply_start", migration)

        assert connection.connection.execute("SHOW lock_timeout").fetchone() == (told,)
