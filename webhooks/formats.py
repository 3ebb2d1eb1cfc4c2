"""
How a delivery is worded and signed: one format for each kind of receiver.

The native one is here. The wire formats in ``api/`` register theirs when the process starts: data walks one
way, so this app knows them by name only. A receiver keeps the format it was made with.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core import exact_json
from events.models import Event
from events.payload import payload
from events.types import DELIVERABLE, WEBHOOK_TEST
from webhooks import signing

NATIVE: Final = "native"
MAX_NAME: Final = 16


@dataclass(frozen=True, slots=True)
class Message:
    """What is signed: the body as it is sent; ``live_secrets``, the newest first. ``attempt`` counts from 1."""

    id: str
    event_type: str
    body: bytes
    live_secrets: Sequence[str]
    attempt: int
    now: datetime


@dataclass(frozen=True, slots=True)
class DeliveryFormat:
    """
    ``types`` are those of our event types that it tells of; ``body`` words such an event, once, and its text is
    sent in every attempt; ``headers`` are made for each attempt. Every format has words for a test.
    """

    name: str
    types: Collection[str]
    body: Callable[[Event], str]
    headers: Callable[[Message], dict[str, str]]

    def tells(self, event_type: str) -> bool:
        """Return whether a receiver in this format hears of events of this type."""
        return event_type == WEBHOOK_TEST or event_type in self.types


_formats: dict[str, DeliveryFormat] = {}


def register(wanted: DeliveryFormat) -> None:
    """
    Let receivers have this format.

    :raises LookupError: when it tells of an event that does not exist, or its name is too long
    """
    unknown = sorted(set(wanted.types) - DELIVERABLE)
    if unknown or len(wanted.name) > MAX_NAME:
        raise LookupError(f"format {wanted.name!r}: {', '.join(unknown) or 'the name is too long'}")
    _formats[wanted.name] = wanted


def is_known(name: str) -> bool:
    """Return whether there is a format of this name."""
    return name in _formats


def names() -> list[str]:
    """Return the names of all formats, the native one first."""
    return list(_formats)


def format_called(name: str) -> DeliveryFormat:
    """
    Return a format by its name.

    :raises LookupError: when this installation has none of this name
    """
    return _formats[name]


def _native_body(event: Event) -> str:
    return exact_json.dumps(payload(event))


def _native_headers(message: Message) -> dict[str, str]:
    return signing.headers(
        message_id=message.id,
        event_type=message.event_type,
        body=message.body,
        live_secrets=message.live_secrets,
        now=message.now,
    )


register(DeliveryFormat(NATIVE, DELIVERABLE, _native_body, _native_headers))
