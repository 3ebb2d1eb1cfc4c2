"""
Seal the audit log: seconds after an event was numbered it becomes a link of its merchant's chain.

It happens in a worker, in the order of positions, so that writing an event costs nothing more: no statement, no
lock. The heads of the chains are signed with a key that the database does not hold, and the head of the whole log is
written to the program's log with each batch: whoever keeps that knows when the log was cut short.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet

from core import secrets
from events.entries import BEGINNING, entry_hash, entry_text, folded, is_change
from events.models import ChainHead, Cut, Event, Seal

BATCH: Final = 1_000
_ADVISORY_LOCK: Final = 0x7365616C  # "seal"

log = structlog.get_logger(__name__)


def seal_all(*, now: datetime) -> int:
    """Seal until nothing waits; return how many events. One works at a time; another call returns 0 at once."""
    total = 0
    while done := seal_some(now=now):
        total += done
    return total


@transaction.atomic
def seal_some(*, now: datetime) -> int:
    """Seal the next events that have a number; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    whole = ChainHead.objects.filter(pk=ChainHead.WHOLE).first() or _beginning(ChainHead.WHOLE, Seal.objects.all(), now)
    events = list(Event.objects.filter(position__gt=whole.number).order_by("position")[:BATCH])
    if not events:
        return 0
    heads = _heads({chain_of(event) for event in events}, now)
    ends = [whole, *heads.values()]
    signed = {head.chain for head in ends if secrets.is_signed(head.signed_text, head.signature)}
    seals = []
    for event in events:
        head = heads[chain_of(event)]
        head.number += 1
        head.hash = entry_hash(entry_text(event, number=head.number, previous=head.hash))
        whole.number, whole.hash = event.position or 0, folded(whole.hash, head.hash)
        seals.append(
            Seal(
                event=event,
                chain=head.chain,
                number=head.number,
                position=whole.number,
                hash=head.hash,
                is_change=is_change(event),
            )
        )
    Seal.objects.bulk_create(seals)
    _store(ends, signed, now)
    log.info("audit_sealed", head=str(whole))
    return len(events)


@transaction.atomic
def sign_heads() -> int:
    """Sign all heads as they are; return how many. For after a key was lost and the log was checked by other means."""
    wait_for_turn()
    heads = list(ChainHead.objects.all())
    for head in heads:
        head.signature = secrets.signature(head.signed_text)
    ChainHead.objects.bulk_update(heads, ["signature"], batch_size=BATCH)
    for cut in Cut.objects.all():
        Cut.objects.filter(pk=cut.pk).update(signature=secrets.signature(cut.signed_text))
    return len(heads)


def signature_renewed(head: ChainHead | Cut) -> str:
    """
    Return the signature of a head or a cut with the first key.

    :raises SecretUnreadable: when none of the keys made the one it has: it may be forged, and stays what it is
    """
    return secrets.signature_renewed(head.signed_text, head.signature)


def wait_for_turn() -> None:
    """Keep everybody else from writing heads until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])


def chain_of(event: Event) -> UUID:
    """Return which chain an event belongs to."""
    return event.merchant_id or ChainHead.NOBODYS


def _heads(chains: Iterable[UUID], now: datetime) -> dict[UUID, ChainHead]:
    known = ChainHead.objects.in_bulk(list(chains))
    return {chain: known.get(chain) or _beginning(chain, Seal.objects.filter(chain=chain), now) for chain in chains}


def _beginning(chain: UUID, seals: QuerySet[Seal], now: datetime) -> ChainHead:
    """Return the head of a chain that has none: a new one, or one whose head was taken away, which stays unsigned."""
    last = seals.order_by("-position").first()
    if last is None:
        head = ChainHead(chain=chain, number=0, hash=BEGINNING, sealed_at=now)
        head.signature = secrets.signature(head.signed_text)
        return head
    number = last.position if chain == ChainHead.WHOLE else last.number
    return ChainHead(chain=chain, number=number, hash=last.hash, sealed_at=now)


def _store(heads: list[ChainHead], signed: set[UUID], now: datetime) -> None:
    """Write the heads. One that was not ours before is not signed now: what was forged does not become genuine."""
    for head in heads:
        head.signature = secrets.signature(head.signed_text) if head.chain in signed else ""
        head.sealed_at = now
    ChainHead.objects.bulk_create(
        heads,
        update_conflicts=True,
        unique_fields=["chain"],
        update_fields=["number", "hash", "signature", "sealed_at"],
    )
