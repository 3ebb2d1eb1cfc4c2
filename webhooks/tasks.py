"""Celery's door to sending."""

from celery import shared_task

from webhooks import senders, services


@shared_task(ignore_result=True)
def deliver_due() -> int:
    """Start sending what is due, and tell owners of endpoints that were disabled; return how many deliveries."""
    services.tell_owners()
    return senders.hand_out()
