"""Celery's door to the mails that are owed to members."""

from celery import shared_task
from django.utils import timezone

from merchants import services


@shared_task(ignore_result=True)
def invite_members() -> int:
    """Mail everybody who joined and has not been told how to get in; return how many."""
    return services.invite_waiting(now=timezone.now())
