"""
Tasks that failed are kept until the same task succeeds, so that none is lost in the logs.

Tasks of ours take ids and look for work that is due: running one again is always safe.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import F

from events.errors import UnknownTask
from events.models import FailedTask

_ERROR_LENGTH: Final = 4000


@transaction.atomic
def record_failure(*, task: str, args: Sequence[Any], kwargs: Mapping[str, Any], error: str, now: datetime) -> None:
    """Keep a task that failed, or count it once more."""
    arguments = _written(args, kwargs)
    facts = {"error": error[:_ERROR_LENGTH], "failed_at": now}
    kept, is_new = FailedTask.objects.get_or_create(task=task[:200], arguments=arguments, defaults=facts)
    if not is_new:
        FailedTask.objects.filter(pk=kept.pk).update(failures=F("failures") + 1, **facts)


def record_success(*, task: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Let go of a task that failed before: it has been done now."""
    FailedTask.objects.filter(task=task[:200], arguments=_written(args, kwargs)).delete()


@transaction.atomic
def run_again(*, failure_id: UUID) -> None:
    """
    Send a task that failed to the workers once more; it is let go of when it succeeds.

    :raises UnknownTask: when the program has no such task any more
    """
    failure = FailedTask.objects.filter(pk=failure_id).first()
    if failure is None:
        return
    if failure.task not in current_app.tasks:
        raise UnknownTask
    args, kwargs = json.loads(failure.arguments)
    task = current_app.tasks[failure.task]
    transaction.on_commit(lambda: task.apply_async(args=args, kwargs=kwargs, ignore_result=True))


def forget(*, failure_id: UUID) -> None:
    """Let go of a task that failed and need not be run again."""
    FailedTask.objects.filter(pk=failure_id).delete()


def _written(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    return json.dumps([list(args), dict(kwargs)], sort_keys=True, default=str)
