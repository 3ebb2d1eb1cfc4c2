"""Celery's door to sending."""

from celery import shared_task
from django.utils import timezone

from webhooks import senders, services


@shared_task(ignore_result=True)
def deliver_due() -> int:
    """Start sending what is due, go on with replays, tell owners of disabled endpoints; return how many deliveries."""
    services.tell_owners()
    services.continue_replays(now=timezone.now())
    return senders.hand_out()
