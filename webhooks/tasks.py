"""Celery's door to sending. One task per delivery: a receiver that takes its time holds up its own task only."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from webhooks import services
from webhooks.services.delivering import Claim


def hand_out() -> int:
    """Claim what is due and give each claim a task of its own; return how many."""
    claims = services.claim_due(now=timezone.now())
    for claim in claims:
        # Should the broker lose the task, the lease lapses and the delivery is handed out again.
        send_delivery.apply_async((str(claim.delivery_id), str(claim.token)), retry=False, ignore_result=True)
    return len(claims)


@shared_task(ignore_result=True)
def deliver_due() -> int:
    """Hand out what is due, and tell owners of endpoints that were disabled."""
    services.tell_owners()
    return hand_out()


@shared_task(ignore_result=True)
def send_delivery(delivery_id: str, token: str) -> bool:
    """Attempt one delivery, then hand out what its place is now free for."""
    delivered = services.attempt(claim=Claim(UUID(delivery_id), UUID(token)), now=timezone.now())
    hand_out()
    return delivered
