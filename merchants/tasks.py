"""Celery's door to the mails that are owed to members."""

from celery import shared_task
from django.utils import timezone

from merchants import services


@shared_task(ignore_result=True)
def invite_members() -> int:
    """Mail everybody who joined and has not been told how to get in; return how many."""
    return services.invite_waiting(now=timezone.now())


@shared_task(ignore_result=True)
def tell_of_wallets() -> int:
    """Mail merchants whose wallets need something; return how many mails."""
    return services.tell_of_wallets(now=timezone.now())


@shared_task(ignore_result=True)
def send_notifications() -> int:
    """Mail members of what they chose to be told of; return how many mails."""
    return services.send_mails(now=timezone.now())
