"""Real PostgreSQL and Valkey for the whole session, started on a directory of its own.

Several sessions may run at once, each with its own engines. The workers of one session share its
PostgreSQL, where each has a database, and have a Valkey each.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import hypothesis
import pytest
from django.conf import settings

from config.engines import Engine, start_postgres, start_valkey

_FOLDER = Path(__file__).resolve().parent.parent / "var" / "test"
_PASSWORD = "tests"
_MIGRATED = "test_migrated"
# How long an example takes says something about the machine and nothing about the code.
hypothesis.settings.register_profile("steady", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("steady")

_running: list[Engine] = []
_locks: list[IO[str]] = []


def pytest_configure(config: pytest.Config) -> None:
    if not config.option.collectonly and _is_ours():
        directory = _own_directory()
        if "DATABASE_URL" not in os.environ:  # workers inherit the address of the one server
            _running.append(start_postgres(directory / "postgres", password=_PASSWORD, careless=True))
            os.environ["DATABASE_URL"] = _running[-1].url
        # Messages know no databases: each worker has a Valkey of its own, so that none hears another's.
        _running.append(start_valkey(directory / "valkey", password=_PASSWORD))
        os.environ["REDIS_URL"] = _running[-1].url
    _point_settings_at_engines()


def _is_ours() -> bool:
    """Return whether the engines are for us to start: the first process decides, its workers follow."""
    return os.environ.setdefault("TEST_ENGINES", "given" if "DATABASE_URL" in os.environ else "ours") == "ours"


def pytest_unconfigure() -> None:
    for engine in _running:
        engine.stop()
    for lock in _locks:
        shutil.rmtree(Path(lock.name).parent, ignore_errors=True)
        lock.close()


def _own_directory() -> Path:
    """Return a new directory, after removing those of sessions that were killed."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with (_FOLDER / "lock").open("w") as everyone:
        fcntl.flock(everyone, fcntl.LOCK_EX)
        for lock in _FOLDER.glob("*/lock"):
            with lock.open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                shutil.rmtree(lock.parent, ignore_errors=True)
        directory = _FOLDER / str(os.getpid())
        directory.mkdir()
        _locks.append((directory / "lock").open("w"))
        fcntl.flock(_locks[-1], fcntl.LOCK_EX)
    return directory


def _point_settings_at_engines() -> None:
    """Fill in the addresses: Django read its settings before this file was loaded."""
    from config import env
    from config.settings.base import cache_settings, database_settings

    if "DATABASE_URL" in os.environ:
        settings.DATABASES["default"].update(database_settings(env.database("DATABASE_URL")))
    if "REDIS_URL" in os.environ:
        settings.REDIS_URL = os.environ["REDIS_URL"]
        settings.CACHES["default"].update(cache_settings(settings.REDIS_URL))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any) -> None:
    """
    Let the workers of a session copy one migrated database: the first of them makes it, and the others wait for it.

    To migrate takes ten seconds of a processor, to copy less than one.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ or os.environ["TEST_ENGINES"] != "ours":
        return
    from django.db import connection

    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(1)")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_MIGRATED])
        if not cursor.fetchone():
            _migrate(f"{_MIGRATED}_soon")
            cursor.execute(f"ALTER DATABASE {_MIGRATED}_soon RENAME TO {_MIGRATED}")
        cursor.execute("SELECT pg_advisory_unlock(1)")
    connection.settings_dict["TEST"] |= {"TEMPLATE": _MIGRATED, "MIGRATE": False}


def _migrate(name: str) -> None:
    """Make a database of this name in which every migration has run."""
    from django.db import connection

    before, tested = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = before
    connection.settings_dict["TEST"]["NAME"] = tested


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """
    Let the test database be emptied: a test with real commits ends so, and the ledger's guards forbid it.

    Nothing but TRUNCATE is let through; tests/payments/test_ledger.py puts the guards back to test them.
    """
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_booking DISABLE TRIGGER booking_not_emptied")
        cursor.execute("ALTER TABLE payments_posting DISABLE TRIGGER posting_not_emptied")


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


@pytest.fixture
def valkey() -> Iterator[object]:
    """The shared client on this worker's own, empty Valkey."""
    from core.valkey import client

    client().flushdb()
    yield client()
    client().flushdb()


@pytest.fixture(autouse=True)
def _first_plans(request: pytest.FixtureRequest) -> None:
    """A test with real commits ends by emptying every table: whatever comes next needs the plans of the migration."""
    mark = request.node.get_closest_marker("django_db")
    if mark is None and not {"db", "transactional_db"} & set(request.fixturenames):
        return
    is_committing = "transactional_db" in request.fixturenames or bool(mark and mark.kwargs.get("transaction"))
    request.getfixturevalue("transactional_db" if is_committing else "db")
    from importlib import import_module

    from django.apps import apps
    from django.db import connection

    from merchants.models import Plan

    if not Plan.objects.exists():
        import_module("merchants.migrations.0002_first_plans").add_plans(apps, connection.schema_editor())
