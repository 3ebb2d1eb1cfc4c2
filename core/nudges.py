"""Asking a worker to do now what it would do in a while anyway.

A nudge is sent after a commit, so whoever sends it waits for nothing and hears of no failure: a lost one
costs seconds, and beat asks again.
"""

import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from core import valkey

if TYPE_CHECKING:
    from celery import Task

log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 5.0
_quiet_until = 0.0


def nudge(task: "Task[Any, Any]", *args: str) -> None:
    """
    Send ``task`` to a worker. Never raises; while the broker is away it does nothing.

    The broker's own connection may wait ten seconds and more for a server that hangs. So Valkey, which
    is the broker, is asked first with a short time-out, and after a failure left alone for a while.
    """
    global _quiet_until  # noqa: PLW0603 - one per process: after a failure callers do not wait again and again
    if time.monotonic() < _quiet_until:
        return
    try:
        valkey.client().ping()
        task.apply_async(args=args, retry=False, ignore_result=True)
    except Exception as problem:  # noqa: BLE001 - the commit has happened; its caller must not see a failure
        _quiet_until = time.monotonic() + _PAUSE_SECONDS
        log.warning("nudge_failed", task=task.name, error=repr(problem))
