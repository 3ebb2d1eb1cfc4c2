"""
What merchants' programs asked of the API, kept for REQUEST_LOG_DAYS, for whoever looks for a mistake of theirs.

Noting a request costs it no statement: entries wait in memory until a thread of the process writes those
of about a second at once. The log is for people and nothing rests on it, so a process that is killed
may lose its last second of it, and a database that cannot keep up loses the oldest entries.
"""

import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import quote

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q, Value
from django.db.models.functions import Left, StrIndex

from core import context
from core.logs import mask
from merchants.models import APIKey, LoggedRequest, Merchant

_log = structlog.get_logger(__name__)

PAUSE_SECONDS: Final = 1
_MOST_WAITING: Final = 10_000
_LONGEST_PATH: Final = 500
# A tenth of what the same rows cost as model instances: this is paid for each request of the API.
_COPY: Final = """
COPY merchants_loggedrequest (
    created_at, merchant_id, livemode, api_key_id, request_id, ip_address,
    method, path, status, error, milliseconds, request_bytes, response_bytes
) FROM STDIN
"""
_PATH: Final = 7  # its place among these columns
_PRUNE: Final = """
DELETE FROM merchants_loggedrequest WHERE id IN (
    SELECT id FROM merchants_loggedrequest WHERE created_at < %s ORDER BY created_at LIMIT 5000)
"""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. Sizes are of the bodies, in bytes; ``error`` is the code of a refusal."""

    method: str
    path: str
    status: int
    milliseconds: int
    request_bytes: int
    response_bytes: int
    error: str = ""


_Entry = tuple[Any, ...]  # the values of _COPY's columns


@dataclass(slots=True)
class _Waiting:
    entries: deque[_Entry] = field(default_factory=lambda: deque(maxlen=_MOST_WAITING))
    lock: Lock = field(default_factory=Lock)
    is_collected: bool = False  # a writer is going to take what is added now
    writer: Thread | None = None


_waiting = _Waiting()


def note(*, key: APIKey, exchange: Exchange, now: datetime) -> None:
    """Have the exchange written to the log of the key's merchant soon. Does nothing when nothing is kept."""
    if not settings.REQUEST_LOG_DAYS:
        return
    caller = context.current()
    _waiting.entries.append(
        (
            now,
            key.merchant_id,
            key.livemode,
            key.pk,
            caller.request_id,
            caller.ip_address or None,
            exchange.method[:10],
            exchange.path[:_LONGEST_PATH],
            exchange.status,
            exchange.error[:64],
            exchange.milliseconds,
            exchange.request_bytes,
            exchange.response_bytes,
        )
    )
    if not _waiting.is_collected:
        _start_writer()


def settle() -> None:
    """Wait until everything noted so far has been written, or given up."""
    writer = _waiting.writer
    if writer is not None:
        writer.join()


def forget(*, merchant: Merchant, word: str) -> int:
    """Cut the query off the logged requests in whose URL ``word`` stands; return how many."""
    requests = LoggedRequest.objects.filter(merchant=merchant, path__contains="?")
    named = requests.filter(Q(path__icontains=word) | Q(path__icontains=quote(word)))
    return named.update(path=Left("path", StrIndex("path", Value("?"))))


def prune(*, now: datetime) -> int:
    """Delete what is older than REQUEST_LOG_DAYS and return how many entries went."""
    total = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_PRUNE, [now - timedelta(days=settings.REQUEST_LOG_DAYS)])
            if not cursor.rowcount:
                return total
            total += cursor.rowcount


def _start_writer() -> None:
    with _waiting.lock, suppress(RuntimeError):  # no thread starts any more while a process ends
        if not _waiting.is_collected:
            # Not a daemon: a process that ends in peace waits for its last entries.
            _waiting.writer = Thread(target=_write_soon, name="request-log")
            _waiting.writer.start()
            _waiting.is_collected = True


def _write_soon() -> None:
    time.sleep(PAUSE_SECONDS)
    with _waiting.lock:
        _waiting.is_collected = False
        batch = [_waiting.entries.popleft() for _ in range(len(_waiting.entries))]
    try:
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            for entry in batch:
                copy.write_row((*entry[:_PATH], mask(entry[_PATH]), *entry[_PATH + 1 :]))
    except DatabaseError as problem:
        _log.warning("The request log could not be written.", lost=len(batch), reason=str(problem))
    finally:
        connection.close()
