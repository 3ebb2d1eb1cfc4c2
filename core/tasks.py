"""Celery's door to the housekeeping of this package."""

from collections.abc import Callable
from typing import Final

from celery import shared_task
from django.utils import timezone

from core import idempotency

Pruning = Callable[..., int]  # takes ``now: datetime``, deletes, returns how many rows went
PRUNINGS: Final[list[Pruning]] = [idempotency.prune]


def also_prune(pruning: Pruning) -> None:
    """Let the packages above, which this one does not know, have their own rows pruned with the rest."""
    if pruning not in PRUNINGS:
        PRUNINGS.append(pruning)


@shared_task(ignore_result=True)
def prune() -> int:
    """
    Delete what is kept for a limited time and return how many rows went. One that fails keeps no other from it.

    :raises ExceptionGroup: at the end, of all that failed
    """
    total, failed = 0, []
    for prune_some in PRUNINGS:
        try:
            total += prune_some(now=timezone.now())
        except Exception as problem:  # noqa: BLE001 - told below
            failed.append(problem)
    if failed:
        raise ExceptionGroup("not everything was pruned", failed)
    return total
