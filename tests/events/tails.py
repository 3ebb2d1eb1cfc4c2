"""Running a tail inside a test: its own database threads, whose connections are closed afterwards."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connections

from events import stream

_THREADS = 4


@contextmanager
def database_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the streams new database threads, and leave no connection to the test database behind."""
    pool = ThreadPoolExecutor(max_workers=_THREADS)
    monkeypatch.setattr(stream, "_threads", pool)
    yield
    everyone = threading.Barrier(_THREADS)

    def close() -> None:
        everyone.wait(10)  # so that no thread takes two of these
        connections.close_all()

    for done in [pool.submit(close) for _ in range(_THREADS)]:
        done.result(10)
    pool.shutdown()
