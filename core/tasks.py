"""Celery's door to the housekeeping of this package."""

from celery import shared_task
from django.utils import timezone

from core import idempotency


@shared_task(ignore_result=True)
def prune() -> int:
    """Delete what is kept for a limited time and return how many rows went."""
    return idempotency.prune(now=timezone.now())
