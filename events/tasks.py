"""Celery's door to the log, and the nudge that has it opened at once after a commit."""

import time
from typing import Final

import structlog
from celery import shared_task
from django.db import connection
from django.utils import timezone
from redis.exceptions import RedisError

from core import valkey
from events import checking, outbox, retention, sealing, sink

log = structlog.get_logger(__name__)

_NUDGE_KEY: Final = "outbox:nudge"
_NUDGE_MS: Final = 1000  # one message at a time is enough: a dispatcher takes everything that waits
_PAUSE_SECONDS: Final = 5.0
_ARCHIVE_LOCK: Final = 0x617263686976  # "archiv"

_quiet_until = 0.0


def nudge_dispatcher() -> None:
    """
    Ask a worker to dispatch now. Never raises; without a broker it does nothing, as beat asks again in seconds.

    Costs one round trip to Valkey; a task is sent only when none is on its way.
    """
    global _quiet_until  # noqa: PLW0603 - one per process: after a failure callers do not wait again and again
    if time.monotonic() < _quiet_until:
        return
    try:
        if valkey.ask_one("SET", _NUDGE_KEY, b"1", "NX", "PX", _NUDGE_MS):
            dispatch_events.apply_async(retry=False, ignore_result=True)
    except Exception as problem:  # noqa: BLE001 - the commit has happened; its caller must not see a failure
        _quiet_until = time.monotonic() + _PAUSE_SECONDS
        log.warning("nudge_failed", error=repr(problem))


@shared_task(ignore_result=True)
def dispatch_events() -> int:
    """Number and hand out everything that waits; return how many events."""
    try:
        # Before the first look, so that whatever commits during it sends a message of its own.
        valkey.client().delete(_NUDGE_KEY)
    except RedisError as problem:
        log.warning("nudge_not_cleared", error=repr(problem))
    return outbox.dispatch_all()


@shared_task(ignore_result=True)
def retry_failed() -> int:
    """Hand events again to the subscribers that failed on them; return how many succeeded."""
    return outbox.retry_failed()


@shared_task(ignore_result=True)
def seal_log() -> int:
    """Put everything that was numbered into the chains of the audit log; return how many events."""
    return sealing.seal_all(now=timezone.now())


@shared_task(ignore_result=True)
def check_log() -> int:
    """Check all chains of the audit log against what stands there; return how many problems, which the log tells."""
    return len(checking.check_all(now=timezone.now()).problems)


@shared_task(ignore_result=True)
def feed_sink() -> int:
    """Feed Kafka with what it has not had; return how many events. With the brokers away the clock asks again."""
    try:
        return sink.feed(now=timezone.now())
    except sink.SinkUnavailable as problem:
        log.warning("event_sink_unavailable", problem=str(problem), lag=sink.lag())
        return 0


@shared_task(ignore_result=True)
def archive() -> int:
    """Write old entries to a file and delete what is in files, as ARCHIVE_AFTER_DAYS says; one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ARCHIVE_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return retention.archive_due(now=timezone.now())
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ARCHIVE_LOCK])
