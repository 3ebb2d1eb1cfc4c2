"""The Celery application: `celery -A config.celery worker` and `… beat`."""

import os
from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery
from celery.signals import (
    setup_logging,
    task_failure,
    task_postrun,
    task_prerun,
    task_success,
    worker_process_init,
    worker_ready,
)

from config import heap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

_log = structlog.get_logger(__name__)
_recordings: dict[str, tuple[Any, Any]] = {}  # spans of tasks that are at work, by the task's id

app = Celery("checkout")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_options: Any) -> None:
    """Leave logging as Django's settings have set it up; Celery would install its own."""


@worker_ready.connect
@worker_process_init.connect
def settle(**_options: Any) -> None:
    """Pass by what a worker, or each of its processes, has loaded before its first task."""
    heap.settle()


@task_prerun.connect
def begin_span(*, sender: Any, task_id: str, **_rest: Any) -> None:
    """Record what a task does as a trace of its own, where traces are wanted."""
    from core import tracing

    span = tracing.begin(f"task {sender.name}", kind=tracing.Kind.CONSUMER, trace_id=tracing.trace_of(task_id))
    if span is not None:
        recording = tracing.recorded(span)
        recording.__enter__()
        _recordings[task_id] = (recording, span)


@task_postrun.connect
def end_span(*, task_id: str, state: str | None, **_rest: Any) -> None:
    """Send the span of a task that is over."""
    if task_id in _recordings:
        recording, span = _recordings.pop(task_id)
        span.has_failed = state != "SUCCESS"
        recording.__exit__(None, None, None)


@task_failure.connect
def keep_failure(*, sender: Any, args: Any, kwargs: Any, exception: BaseException, einfo: Any, **_rest: Any) -> None:
    """Keep a task that failed where staff sees it and can run it again."""
    from django.utils import timezone

    from events import dead_letters

    _try(
        lambda: dead_letters.record_failure(
            task=sender.name,
            args=args or (),
            kwargs=kwargs or {},
            error=f"{einfo}\n{exception!r}" if einfo else repr(exception),
            now=timezone.now(),
        )
    )


@task_success.connect
def let_go(*, sender: Any, **_rest: Any) -> None:
    """Let go of a failure of the task that has just succeeded."""
    from events import dead_letters

    request = sender.request
    _try(lambda: dead_letters.record_success(task=sender.name, args=request.args or (), kwargs=request.kwargs or {}))


def _try(record: Callable[[], None]) -> None:
    """Write down what became of a task; the task is over, so a database that is away must not fail it again."""
    try:
        record()
    except Exception:  # noqa: BLE001 - as above
        _log.exception("task_outcome_not_kept")
