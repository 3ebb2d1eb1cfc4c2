"""Celery's door to this app."""

from celery import shared_task
from django.utils import timezone

from invoices.rates import book
from invoices.services import claims, life


@shared_task
def expire_due() -> int:
    """Close invoices past their deadline, batch after batch."""
    total = 0
    while count := life.expire_due(now=timezone.now()):
        total += count
    return total


@shared_task
def release_claims() -> int:
    """Let go of the amounts of invoices that have ended for good."""
    return claims.release_claims(now=timezone.now())


@shared_task
def fetch_rates() -> int:
    """Ask the rate sources once."""
    return book.fetch_all(now=timezone.now())
