"""
A promise, and how to find where it is broken.

Nothing here writes. Each promise is examined in a transaction of its own that may only read and sees one moment of all
tables; what is asked of every invoice, in one of its own for each slice of them, so that no view is old enough to keep
the database from clearing up. Rows come through a cursor of the server: any table passes through little memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from time import monotonic
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.ids import first_id_of, public_id
from events.models import Event
from invoices.models import Credit, Invoice
from merchants.models import Merchant, Wallet
from payments.models import Payment, Payout
from webhooks.models import Delivery, WebhookEndpoint

CHUNK: Final = 2_000
SLICE: Final = 20_000  # invoices
NOTHING: Final = "–"
# What a column of keys is called, and how the world writes such a key.
_PREFIXES: Final[Mapping[str, str]] = {
    "credit": Credit.PREFIX,
    "delivery": Delivery.PREFIX,
    "endpoint": WebhookEndpoint.PREFIX,
    "event": Event.PREFIX,
    "invoice": Invoice.PREFIX,
    "merchant": Merchant.PREFIX,
    "payment": Payment.PREFIX,
    "payout": Payout.PREFIX,
    "wallet": Wallet.PREFIX,
}

_BEGINNING: Final = """
SELECT created_at AS moment, EXISTS (SELECT FROM events_cut) AS is_cut FROM events_event
WHERE position IS NULL OR position > (SELECT coalesce(max(position), 0) FROM events_cut)
ORDER BY position LIMIT 1
"""
_OUT_OF_ORDER: Final = timedelta(minutes=5)  # by which an event with a higher position may be older
_FIRST: Final = UUID(int=0)
_LAST: Final = UUID(int=2**128 - 1)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """
    When it is, and how long what was begun may still be at work.

    ``since``: of invoices, only those made after that are examined. ``tell`` hears how many were.
    """

    now: datetime
    grace: timedelta
    since: datetime | None = None
    tell: Callable[[int], object] = lambda _count: None

    @property
    def settled(self) -> datetime:
        """What was due before this is overdue."""
        return self.now - self.grace


@dataclass(frozen=True, slots=True)
class Check:
    """
    ``promise`` says what must be so, ``finding`` what is wrong with one row of ``look``, ``advice`` what to do then.

    ``finding`` names columns of the row. ``has_views``: it begins its own transactions, or none as it asks nodes.
    """

    name: str
    promise: Promise
    finding: Promise
    advice: Promise
    look: Callable[[Moment], Iterable[Row]]
    has_views: bool = False


@dataclass(slots=True)
class Result:
    """How often a promise is broken, and the first findings in words; ``problem``: why nobody could look."""

    check: Check
    count: int = 0
    findings: list[str] = field(default_factory=list)
    problem: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the promise was examined and nothing was found."""
        return not self.count and not self.problem


def examine(check: Check, moment: Moment, *, most: int | None) -> Result:
    """Look where a promise is broken; keep ``most`` findings in words, None: all of them."""
    result = Result(check)
    begun = monotonic()
    try:
        with nullcontext() if check.has_views else one_view():
            for row in check.look(moment):
                result.count += 1
                if most is None or len(result.findings) < most:
                    result.findings.append(str(check.finding) % _in_words(row))
    except DatabaseError as problem:
        result.problem = _("This could not be examined: %(problem)s") % {"problem": str(problem).strip()}
    result.seconds = monotonic() - begun
    return result


def asks(statement: str, **values: Any) -> Callable[[Moment], Iterator[Row]]:
    """Return a look that asks the database; the statement may name ``now`` and ``settled`` beside ``values``."""

    def look(moment: Moment) -> Iterator[Row]:
        return stream(statement, now=moment.now, settled=moment.settled, **values)

    return look


def asks_in_slices(statement: str, **values: Any) -> Callable[[Moment], Iterator[Row]]:
    """Return a look as ``asks`` does, for a statement about the invoices above ``after`` and up to ``upto`` alone."""

    def look(moment: Moment) -> Iterator[Row]:
        begun = beginning_of_log()
        for after, upto in slices(moment):
            with one_view():
                named = {"now": moment.now, "settled": moment.settled, "begun": begun, "after": after, "upto": upto}
                yield from stream(statement, **named, **values)

    return look


def slices(moment: Moment) -> Iterator[tuple[UUID, UUID]]:
    """Yield pairs of keys, in the order of time, between which there are ``SLICE`` invoices; the last one is open."""
    after, count = first_id_of(moment.since) if moment.since else _FIRST, 0
    while after != _LAST:
        keys = Invoice.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
        upto = next(iter(keys[SLICE - 1 : SLICE]), _LAST)
        yield after, upto
        after, count = upto, count + SLICE
        moment.tell(count)


def stream(statement: str, **values: Any) -> Iterator[Row]:
    """Yield the rows of a statement by the names of its columns."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                yield dict(zip(names, row, strict=True))


def joined(left: Iterable[tuple[str, Any]], right: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any, Any]]:
    """Yield every key of two series in the order of keys, with what each says of it; None where one has no such key."""
    lefts, rights = chain(left, [None]), chain(right, [None])
    one, other = next(lefts), next(rights)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None  # noqa: S101 - as the condition says
            yield one[0], one[1], None
            one = next(lefts)
        elif one is None or other[0] < one[0]:
            yield other[0], None, other[1]
            other = next(rights)
        else:
            yield one[0], one[1], other[1]
            one, other = next(lefts), next(rights)


def beginning_of_log() -> datetime | None:
    """Return since when events are behind the last cut: what is older may have its events in files."""
    row = next(iter(stream(_BEGINNING)), None)
    if row is None:
        return None
    moment: datetime = row["moment"]
    return moment + _OUT_OF_ORDER if row["is_cut"] else moment


def one_view() -> AbstractContextManager[Any]:
    """Return a transaction that sees one moment and cannot write."""
    return _ReadOnly()


class _ReadOnly(transaction.Atomic):
    """A transaction that sees one moment and cannot write; inside of another it is a plain savepoint."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)

    def __enter__(self) -> None:
        is_outermost = not connection.in_atomic_block
        super().__enter__()
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _in_words(row: Row) -> Row:
    return {name: _word(name, value) for name, value in row.items()}


def _word(name: str, value: object) -> object:
    if value is None:
        return NOTHING
    if isinstance(value, UUID):
        return public_id(_PREFIXES[name], value) if name in _PREFIXES else str(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S UTC")
    return value
