"""What a session says to the server, as libpq writes it down."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection


@contextmanager
def counted_trips(directory: Path) -> Iterator[list[int]]:
    """
    Count how often the server is waited for within the block: each trip ends with a sync, or is a simple query.

    The list gets the number at the end; ``directory / "trace"`` has all that was said (libpq's ``PQtrace``).
    """
    made: list[int] = []
    path = directory / "trace"
    libpq = connection.connection.pgconn
    with path.open("wb") as trace:
        libpq.trace(trace.fileno())
        try:
            yield made
        finally:
            libpq.untrace()
    sent = [line.split("\t") for line in path.read_text().splitlines()]
    made.append(sum(parts[1] == "F" and parts[3] in ("Sync", "Query") for parts in sent))
