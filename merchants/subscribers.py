"""From the event log to the mails that members are owed."""

from events import outbox
from events.models import Event
from merchants import services
from merchants.notifications import TYPES


def register() -> None:
    """Listen to the log."""
    outbox.subscribe("notifications", owe, types=TYPES)


def owe(event: Event) -> None:
    """Owe a mail to whoever wants one."""
    services.owe_mails(event=event)
