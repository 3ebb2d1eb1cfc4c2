"""
Take personal data out of entries of the audit log when somebody asks for it, and leave the chain of hashes whole.

The hash of an entry stays what it was when the entry was sealed, and so does every hash after it. Beside it stands what
the entry hashes to without the data, signed with a key that the database does not hold: so an entry that was shortened
by this program can be told from one that was changed by somebody else.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection

from core import secrets
from events.entries import BEGINNING, entry_hash, entry_text, line
from events.models import Event, Redaction, Seal
from events.sealing import wait_for_turn

Scrub = Callable[[Event], dict[str, Any]]  # an event → what its columns data, ip_address, user_agent are to hold


def redact(events: Iterable[Event], *, scrub: Scrub) -> int:
    """
    Change events as ``scrub`` says; return how many. Belongs in the transaction of its cause.

    :raises RuntimeError: outside a transaction
    """
    if not connection.in_atomic_block:
        raise RuntimeError("redact() belongs in the transaction of its cause")
    wait_for_turn()  # else the sealer might seal at this moment what is about to go
    _allow(True)
    count = 0
    for event in events:
        changed = scrub(event)
        if changed:
            Event.objects.filter(pk=event.pk).update(**changed)
            _remember(event)
            count += 1
    _allow(False)
    return count


def is_as_sealed(event: Event, seal: Seal, *, previous: str) -> bool:
    """Return whether the event is what was sealed, or what this program left of it."""
    digest = entry_hash(entry_text(event, number=seal.number, previous=previous))
    return digest == seal.hash or redaction_of(seal, digest) is not None


def redaction_of(seal: Seal, digest: str) -> Redaction | None:
    """Return what tells that this program took data out of the entry, and that ``digest`` is what it hashes to now."""
    redaction = Redaction.objects.filter(pk=seal.pk, sealed_hash=seal.hash, hash=digest).first()
    is_ours = redaction is not None and secrets.is_signed(redaction.signed_text, redaction.signature)
    return redaction if is_ours else None


def line_of(seal: Seal, text: str) -> str | None:
    """Return an entry as a line of exports, None when it is not what was sealed."""
    digest = entry_hash(text)
    if digest == seal.hash:
        return line(text, seal.hash)
    redaction = redaction_of(seal, digest)
    return line(text, seal.hash, redacted=digest, signature=redaction.signature) if redaction else None


def signature_renewed(redaction: Redaction) -> str:
    """
    Return a redaction's signature with the first key.

    :raises SecretUnreadable: when none of the keys made the one it has
    """
    return secrets.signature_renewed(redaction.signed_text, redaction.signature)


def _remember(event: Event) -> None:
    seal = Seal.objects.filter(pk=event.pk).first()
    if seal is None:
        return  # it is sealed as it is now
    event.refresh_from_db()
    before = Seal.objects.filter(chain=seal.chain, number=seal.number - 1).values_list("hash", flat=True).first()
    text = entry_text(event, number=seal.number, previous=before or BEGINNING)
    redaction = Redaction(event_id=event.pk, sealed_hash=seal.hash, hash=entry_hash(text))
    redaction.signature = secrets.signature(redaction.signed_text)
    Redaction.objects.bulk_create(
        [redaction],
        update_conflicts=True,
        unique_fields=["event_id"],
        update_fields=["sealed_hash", "hash", "signature"],
    )


def _allow(is_on: bool) -> None:
    """Tell the trigger that guards events whether data may be taken out, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('events.redacting', %s, true)", ["on" if is_on else "off"])
