"""Two who want the same at once: one holds it, and goes on as soon as the other waits for it."""

import time
from threading import Thread

from django.db import connection

_SECONDS = 20  # after which a test that hangs fails
_IS_WAITED_FOR = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))
"""


def wait_until_held_up(rival: Thread) -> None:
    """Return when ``rival`` waits for what this connection has locked, or has ended without waiting for it."""
    deadline = time.monotonic() + _SECONDS
    while rival.is_alive():
        with connection.cursor() as cursor:
            cursor.execute(_IS_WAITED_FOR)
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < deadline, f"after {_SECONDS} s the rival neither waits nor is done"
        time.sleep(0.02)
