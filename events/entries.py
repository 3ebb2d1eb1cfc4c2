"""
An event as an entry of the audit log: one text for one entry, and a hash that ties it to the entry before.

The text is canonical JSON and holds the hash of the entry before it in the same chain; the hash of an entry is the
SHA-256 of its text. Whoever has the texts can check them without us: docs/audit.md.
"""

import hashlib
from datetime import UTC, datetime
from typing import Final

from core import exact_json
from events.models import Event

BEGINNING: Final = "0" * 64  # stands before the first entry

_SELLING: Final = ("invoice.", "payment.", "settlement.", "webhook.")


def entry_text(event: Event, *, number: int, previous: str) -> str:
    """Return what is hashed: everything the log knows of ``event``, its ``number`` in the chain, the hash before it."""
    return exact_json.canonical(
        {
            "number": number,
            "previous": previous,
            "id": str(event.pk),
            "position": event.position,
            "created_at": _exactly(event.created_at),
            "type": event.type,
            "merchant_id": str(event.merchant_id) if event.merchant_id else None,
            "livemode": event.livemode,
            "invoice_id": str(event.invoice_id) if event.invoice_id else None,
            "object_id": event.object_id,
            "data": event.data,
            "actor": event.actor,
            "ip_address": event.ip_address,
            "user_agent": event.user_agent,
            "request_id": event.request_id,
            "trace_id": event.trace_id,
        }
    )


def entry_hash(text: str) -> str:
    """Return the SHA-256 of an entry's text in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def folded(whole: str, added: str) -> str:
    """Return the hash of the whole log after one more entry: one figure that stands for every entry of everybody."""
    return hashlib.sha256(f"{whole}{added}".encode()).hexdigest()


def is_change(event: Event) -> bool:
    """Return whether people did it or it was set up, as against what customers and networks do all day."""
    return event.actor.startswith("user:") or not event.type.startswith(_SELLING)


def line(text: str, digest: str, *, redacted: str = "", signature: str = "") -> str:
    """
    Return an entry as a line of JSON; after ``"entry":`` its text stands as it was hashed, byte by byte.

    ``redacted`` is the text's own hash when personal data was taken out of it after it was sealed with ``digest``;
    ``signature`` vouches that it was this program that took it out.
    """
    more = f'"redacted":"{redacted}","signature":"{signature}",' if redacted else ""
    return f'{{"hash":"{digest}",{more}"entry":{text}}}\n'


def _exactly(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
