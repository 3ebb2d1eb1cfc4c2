"""A copy of the database comes back as it was, and one that cannot says so."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config import env
from operations import backups
from operations.backups import newest, note_of
from tests.operations.rows import make_rows

pytestmark = pytest.mark.django_db(transaction=True)


def url_of(database: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))


@pytest.fixture
def empty() -> Iterator[str]:
    """The URL of an empty database on the same server."""
    name = f"{connection.settings_dict['NAME']}_back"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield url_of(name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def restore(copy, url: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.development"}
    keys = {
        "SECRET_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "VAR_DIR": str(copy.parent / "var"),
    }
    return subprocess.run(
        [sys.executable, "manage.py", "restore", str(copy), *arguments],
        env=environment | keys | variables,
        cwd=env.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def everything_in(url: str) -> dict[str, tuple[int, str]]:
    """Return each table's number of rows, and a fingerprint of all that stands in them."""
    with psycopg.connect(url) as server:
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        return {
            table: server.execute(
                f"SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} t"
            ).fetchone()
            for (table,) in tables
        }


def rules_of(url: str) -> set[tuple[str, str]]:
    """Return the constraints, indexes and triggers of a database."""
    with psycopg.connect(url) as server:
        return set(
            server.execute(
                "SELECT conname::text, contype::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
                " UNION ALL SELECT indexname, tablename FROM pg_indexes WHERE schemaname = 'public'"
                " UNION ALL SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
            ).fetchall()
        )


def test_what_was_copied_comes_back_row_by_row_and_rule_by_rule(tmp_path, now, empty, capsys):
    make_rows(now)
    here = url_of(connection.settings_dict["NAME"])
    before = everything_in(here)

    call_command("backup", "--folder", str(tmp_path))
    copy = newest(tmp_path)
    done = restore(copy, empty)

    assert (done.returncode, done.stderr) == (0, "")
    assert f"{sum(count for count, _ in before.values()):,} rows are as they were" in done.stdout
    assert everything_in(empty) == before
    assert before["invoices_invoice"][0] == 1
    assert rules_of(empty) == rules_of(here)
    assert copy.stat().st_mode & 0o777 == 0o600
    again = restore(copy, empty)
    assert again.returncode == 1
    assert "The database has tables." in again.stderr


def test_what_is_not_whole_is_not_taken_for_whole(tmp_path, now, empty):
    make_rows(now)
    call_command("backup", "--folder", str(tmp_path))
    copy = newest(tmp_path)
    whole, note = copy.read_bytes(), note_of(copy).read_text()

    copy.write_bytes(whole[:-1])
    touched = restore(copy, empty)
    copy.write_bytes(whole)
    of_another_key = restore(copy, empty, SECRET_ENCRYPTION_KEYS="OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg=")
    note_of(copy).write_text(note.replace('"invoices_invoice": 1', '"invoices_invoice": 2'))
    with_rows_missing = restore(copy, empty, "--replace")

    assert (touched.returncode, of_another_key.returncode, with_rows_missing.returncode) == (1, 1, 1)
    assert "its checksum differs" in touched.stderr
    assert "The secrets of 1 merchants cannot be read" in of_another_key.stderr
    assert "Not everything is there again: invoices_invoice." in with_rows_missing.stderr


def test_a_copy_that_cannot_be_read_replaces_nothing(tmp_path, now, empty):
    make_rows(now)
    call_command("backup", "--folder", str(tmp_path))
    copy = newest(tmp_path)
    assert restore(copy, empty).returncode == 0
    before = everything_in(empty)

    foreign = b"PGDMP\x01\xff" + copy.read_bytes()[7:]  # as a PostgreSQL of years to come may write it
    note = json.loads(note_of(copy).read_text()) | {"sha256": hashlib.sha256(foreign).hexdigest()}
    copy.write_bytes(foreign)
    note_of(copy).write_text(json.dumps(note))
    done = restore(copy, empty, "--replace")

    assert (done.returncode, "pg_restore failed: " in done.stderr) == (1, True)
    assert everything_in(empty) == before


def test_a_restore_that_fails_half_way_leaves_nothing(tmp_path, empty):
    call_command("backup", "--folder", str(tmp_path))
    with psycopg.connect(empty, autocommit=True) as server:
        server.execute(
            "CREATE VIEW webhooks_webhookendpoint AS SELECT 1 AS one"
        )  # in the way of one of the last tables

    done = restore(newest(tmp_path), empty)

    assert (done.returncode, "already exists" in done.stderr) == (1, True)
    assert everything_in(empty) == {}


def test_what_is_written_while_it_copies_is_no_part_of_the_copy(tmp_path, empty, monkeypatch):
    def run_beside_others(*words):
        with psycopg.connect(url_of(connection.settings_dict["NAME"])) as other:
            other.execute("INSERT INTO auth_group (name) VALUES ('came meanwhile')")
        run(*words)

    run = backups._run
    monkeypatch.setattr(backups, "_run", run_beside_others)
    call_command("backup", "--folder", str(tmp_path))

    done = restore(newest(tmp_path), empty)

    assert (done.returncode, done.stderr) == (0, "")
    with psycopg.connect(empty) as server:
        assert server.execute("SELECT count(*) FROM auth_group WHERE name = 'came meanwhile'").fetchone() == (0,)


def test_old_copies_go_when_a_new_one_is_there(tmp_path):
    for day in (1, 2, 3):
        (tmp_path / f"checkout-2025010{day}T000000Z.dump").write_text("")
        (tmp_path / f"checkout-2025010{day}T000000Z.json").write_text("")
    (tmp_path / "mine.dump").write_text("")

    call_command("backup", "--folder", str(tmp_path), "--keep", "2")

    kept = sorted(path.name for path in tmp_path.iterdir())
    assert len(kept) == 5
    assert kept[:2] == ["checkout-20250103T000000Z.dump", "checkout-20250103T000000Z.json"]
    assert kept[-1] == "mine.dump"


def test_a_copy_that_fails_leaves_nothing_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "wrong")

    with pytest.raises(CommandError, match=r"pg_dump failed: .*password authentication failed"):
        call_command("backup", "--folder", str(tmp_path))

    assert list(tmp_path.iterdir()) == []
