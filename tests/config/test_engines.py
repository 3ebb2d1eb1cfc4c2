"""Engines of our own, on directories of our own; the session's engines stay out of this."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from config.engines import start_postgres, start_valkey

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def private(tmp_path):
    """A directory below one that nobody else may enter, as a home often is."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "var").mkdir()
    return home / "var"


@pytest.fixture
def started():
    engines = []
    yield lambda engine: engines.append(engine) or engine
    for engine in engines:
        engine.stop()


def test_postgresql_starts_below_a_private_home_and_opens_no_directory(private, started):
    engine = started(start_postgres(private / "postgres", password="s3cret", careless=True))

    with psycopg.connect(engine.url) as connection:
        version = connection.execute("SHOW server_version").fetchone()[0]

    assert version.startswith("18")
    assert stat.S_IMODE(private.parent.stat().st_mode) == 0o700
    if IS_ROOT:
        status = Path(f"/proc/{engine.process.pid}/status").read_text()
        assert "Uid:\t65534\t65534\t65534\t65534" in status


def test_the_application_is_no_superuser_but_may_create_what_it_needs(private, started):
    engine = started(start_postgres(private / "postgres", password="s3cret", careless=True))

    with psycopg.connect(engine.url, autocommit=True) as connection:
        is_super = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0]
        connection.execute("CREATE EXTENSION pg_trgm")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY (SELECT 1) TO PROGRAM 'true'")

    assert is_super is False


def test_a_wrong_password_opens_nothing(private, started):
    database = started(start_postgres(private / "postgres", password="s3cret", careless=True))
    cache = started(start_valkey(private / "valkey", password="s3cret"))

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database.url.replace("s3cret", "guess"))
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(cache.url.replace("s3cret", "guess")).ping()


def test_a_restart_keeps_the_data_of_both(private, started):
    database = start_postgres(private / "postgres", password="s3cret")
    cache = start_valkey(private / "valkey", password="s3cret")
    with psycopg.connect(database.url) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('kept')")
    redis.Redis.from_url(cache.url).set("note", "kept")
    database.stop()
    cache.stop()

    database = started(start_postgres(private / "postgres", password="s3cret"))
    cache = started(start_valkey(private / "valkey", password="s3cret"))

    with psycopg.connect(database.url) as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]
    assert redis.Redis.from_url(cache.url).get("note") == b"kept"


def test_when_the_starter_is_killed_the_engines_end_and_the_next_start_succeeds(private, started):
    script = (
        "import sys, time; from pathlib import Path; from config.engines import *\n"
        "database = start_postgres(Path(sys.argv[1]) / 'postgres', password='s3cret')\n"
        "cache = start_valkey(Path(sys.argv[1]) / 'valkey', password='s3cret')\n"
        "print(database.process.pid, cache.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", script, str(private)], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    starter.send_signal(signal.SIGKILL)
    starter.wait()

    engine = started(start_postgres(private / "postgres", password="s3cret"))

    with psycopg.connect(engine.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert len(pids) == 2
    deadline = time.monotonic() + 30
    while any(_is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [_is_alive(pid) for pid in pids] == [False, False]


def test_the_mark_of_a_killed_server_whose_number_another_process_has_now_is_no_obstacle(private, started):
    engine = start_postgres(private / "postgres", password="s3cret", careless=True)
    mark = private / "postgres" / "data" / "postmaster.pid"
    text = mark.read_text()
    engine.stop()
    mark.write_text(text.replace(str(engine.process.pid), str(os.getppid()), 1))

    engine = started(start_postgres(private / "postgres", password="s3cret", careless=True))

    with psycopg.connect(engine.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_cluster_that_was_half_made_is_made_anew(private, started):
    (private / "postgres" / "data.draft" / "base").mkdir(parents=True)
    (private / "postgres" / "password.draft").write_text("old")

    engine = started(start_postgres(private / "postgres", password="s3cret", careless=True))

    with psycopg.connect(engine.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not (private / "postgres" / "password.draft").exists()


def _is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False
