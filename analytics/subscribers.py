"""From the event log to facts."""

from analytics import services
from events import outbox
from events.models import Event


def register() -> None:
    """Listen to the log; called once when the app is ready."""
    outbox.subscribe("analytics.facts", take_in, types=services.FACTUAL)


def take_in(event: Event) -> None:
    """Take in one event."""
    services.take_in(event=event)
