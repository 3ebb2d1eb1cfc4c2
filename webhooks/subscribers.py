"""From the event log to deliveries, and from a finished dispatch to sending them."""

from django.utils import timezone

from events import outbox
from events.models import Event
from events.types import DELIVERABLE
from webhooks import senders, services

CUSTOMER_ERASED = "customer.erased"


def register() -> None:
    """Listen to the log."""
    outbox.subscribe("webhooks", owe, types=DELIVERABLE)
    outbox.subscribe("webhooks-forget", forget, types=frozenset({CUSTOMER_ERASED}))
    outbox.after_dispatch(send_at_once)


def owe(event: Event) -> None:
    """Owe the event to whoever listens."""
    services.owe(event=event, now=timezone.now())


def forget(event: Event) -> None:
    """Take a customer out of what was sent."""
    services.forget(event=event)


def send_at_once(events: list[Event]) -> None:
    """Start sending what has just become due; what is lost here is found by the clock."""
    if any(event.type in DELIVERABLE for event in events):
        senders.hand_out()
