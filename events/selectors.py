"""Reads of the log. Whatever is told to a merchant starts from the merchant and shows deliverable types only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from core.ids import parse_public_id
from core.statements import Prepared
from events.entries import BEGINNING
from events.models import ChainHead, Event, Seal
from events.types import DELIVERABLE

_trail = Prepared(
    lambda invoice, limit: Event.objects.filter(invoice_id=invoice).order_by("sequence")[:limit], UUID(int=0)
)


@dataclass(frozen=True, slots=True)
class AuditStatus:
    """How many entries are sealed, the hash that stands for all of them, and how many chains are broken."""

    number: int
    hash: str
    broken: int


def list_events(
    *,
    merchant_id: UUID,
    livemode: bool,
    after: int = 0,
    types: Collection[str] = DELIVERABLE,
    since: datetime | None = None,
) -> QuerySet[Event]:
    """Return the merchant's numbered events behind position ``after``, of ``since`` or later, oldest first."""
    found = Event.objects.filter(
        merchant_id=merchant_id, livemode=livemode, position__gt=after, type__in=DELIVERABLE.intersection(types)
    ).order_by("position")
    return found.filter(created_at__gte=since) if since else found


def find_event(*, merchant_id: UUID, livemode: bool, public_id: str) -> Event | None:
    """Return one numbered event of the merchant, or None."""
    key = Event.key_from(public_id)
    if key is None:
        return None
    return list_events(merchant_id=merchant_id, livemode=livemode).filter(pk=key).first()


def audit_trail(*, invoice_id: UUID, limit: int = 200) -> list[Event]:
    """Return who did what to an invoice, oldest first; events still waiting for their number included."""
    return _trail.rows(invoice_id, shape=(limit,))


def list_entries(*, merchant_id: UUID) -> QuerySet[Seal]:
    """Return the merchant's audit log, newest first: seals with their events, and as ``previous`` the hash before."""
    before = Seal.objects.filter(chain=OuterRef("chain"), number=OuterRef("number") - 1).values("hash")
    sealed = Seal.objects.filter(chain=merchant_id).select_related("event").order_by("-number")
    return sealed.annotate(previous=Coalesce(Subquery(before), Value(BEGINNING)))


def find_entry(*, merchant_id: UUID, public_id: str) -> Seal | None:
    """Return one entry of the merchant's audit log, or None."""
    key = parse_public_id(Event.AUDIT_PREFIX, public_id)
    return list_entries(merchant_id=merchant_id).filter(pk=key).first() if key else None


def chain_head(*, merchant_id: UUID) -> ChainHead | None:
    """Return how far the merchant's audit log is sealed, None while nothing is."""
    return ChainHead.objects.filter(pk=merchant_id).first()


def audit_status() -> AuditStatus:
    """Return how far the log of everybody is sealed."""
    whole = ChainHead.objects.filter(pk=ChainHead.WHOLE).first()
    broken = ChainHead.objects.exclude(problem="").count()
    return AuditStatus(whole.number if whole else 0, whole.hash if whole else "", broken)


def recent_actors(*, merchant_id: UUID, among: int = 2_000) -> list[str]:
    """Return who made the merchant's latest changes, as the log names them, in order."""
    latest = Seal.objects.filter(chain=merchant_id, is_change=True).order_by("-number").values("event__actor")[:among]
    return sorted({row["event__actor"] for row in latest})


def last_position() -> int:
    """Return the number of the newest event that has one, 0 when the log is empty."""
    return _highest(Event.objects.all())


def invoice_position(*, invoice_id: UUID) -> int:
    """Return the number of the invoice's newest event, 0 when it has none."""
    return _highest(Event.objects.filter(invoice_id=invoice_id))


def merchant_position(*, merchant_id: UUID, livemode: bool) -> int:
    """Return the number of the merchant's newest event, 0 when there is none."""
    return _highest(Event.objects.filter(merchant_id=merchant_id, livemode=livemode))


def read_log(*, after: int, limit: int) -> list[Event]:
    """Return everybody's numbered events behind ``after``, oldest first: for tails, never for one merchant."""
    return list(Event.objects.filter(position__gt=after).order_by("position")[:limit])


def invoice_events(*, invoice_id: UUID, after: int, limit: int) -> list[Event]:
    """Return an invoice's deliverable events behind position ``after``, oldest first."""
    events = Event.objects.filter(invoice_id=invoice_id, position__gt=after, type__in=DELIVERABLE)
    return list(events.order_by("position")[:limit])


def _highest(events: QuerySet[Event]) -> int:
    # An ORDER BY … LIMIT 1 would need its own index for each filter; max() reads the end of the one it has.
    highest: int | None = events.aggregate(highest=Max("position"))["highest"]
    return highest or 0
