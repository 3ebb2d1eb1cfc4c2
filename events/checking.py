"""
Check the audit log: does every entry still say what was sealed, is none missing, none slipped in, is the end the end?

Each chain is walked from its first entry with nothing believed but the signed heads. A log that was rolled back as a
whole, heads included, is consistent in itself: that shows only against a head that was noted elsewhere (``noted``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from core import secrets
from events.entries import BEGINNING, folded, is_change
from events.models import ChainHead, Cut, Event, Seal
from events.redacting import is_as_sealed
from events.sealing import wait_for_turn

_CHUNK: Final = 2_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a chain, and at which of its entries it begins."""

    chain: UUID
    number: int
    what: str


@dataclass(frozen=True, slots=True)
class Noted:
    """The head of the whole log as somebody noted it: how many entries, and their hash."""

    number: int
    hash: str


@dataclass(slots=True)
class Verdict:
    """
    How many entries were read, and the first problem of each chain that has any.

    The problems of merchants come in the order of the log; that of the whole log, which mostly follows, comes last.
    """

    entries: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Walk:
    """Where a walk through the log has come to."""

    ends: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    found: dict[UUID, Problem] = field(default_factory=dict)
    whole: tuple[int, str] = (0, BEGINNING)
    cut: int = 0  # up to this position events may be in files
    in_files: int = 0

    def blame(self, chain: UUID, number: int, what: str) -> None:
        """Remember the first problem of a chain."""
        self.found.setdefault(chain, Problem(chain, number, what))

    def take(self, seal: Seal, event: Event | None) -> None:
        """Look at the next seal with its event, if that is there."""
        number, previous = self.ends.get(seal.chain, (0, BEGINNING))
        expected = number + 1
        is_in_file = event is None and seal.position <= self.cut
        self.in_files += is_in_file
        if seal.number != expected or (event is None and not is_in_file):
            self.blame(seal.chain, expected, "is missing")
        elif event is None:
            pass  # its hash holds the chain together; its text is in a file that is checked by the same hash
        elif (event.position, event.merchant_id or ChainHead.NOBODYS) != (seal.position, seal.chain):
            self.blame(seal.chain, seal.number, "stands in another place than it was sealed for")
        elif not is_as_sealed(event, seal, previous=previous):
            self.blame(seal.chain, seal.number, "is not what was sealed")
        elif is_change(event) is not seal.is_change:
            self.blame(seal.chain, seal.number, "is hidden among the other kind of entries")
        self.ends[seal.chain] = (seal.number, seal.hash)


def check_all(*, now: datetime, noted: Noted | None = None) -> Verdict:
    """Check the chains of everybody, remember with each what was found, and tell the program's log of problems."""
    verdict, heads = _walk_all(noted)
    _remember(heads, verdict.problems, now=now)
    for problem in verdict.problems:
        log.critical("audit_broken", chain=str(problem.chain), entry=problem.number, problem=problem.what)
    if not verdict.problems:
        log.info("audit_checked", head=str(heads.get(ChainHead.WHOLE, "")))
    return verdict


def look_at_all() -> Verdict:
    """Check the chains of everybody, and leave no trace of it: for who may only read."""
    return _walk_all(None)[0]


def _walk_all(noted: Noted | None) -> tuple[Verdict, dict[UUID, ChainHead]]:
    walk = _Walk()
    with transaction.atomic():  # one snapshot for each statement; heads first: what is sealed later is not looked at
        heads = {head.chain: head for head in ChainHead.objects.all()}
        end = heads.pop(ChainHead.WHOLE, None)
        reached = end.number if end else 0
        cuts = _trusted_cuts(walk)
        for seal, event in _seals(Seal.objects.filter(position__lte=reached), by="position"):
            _take_in_row(walk, seal, event, noted)
            if cuts.get(seal.position, walk.whole[1]) != walk.whole[1]:
                walk.blame(ChainHead.WHOLE, seal.position, "has another hash than where the log was cut off there")
        _compare_ends(walk, heads)
        _compare_whole(walk, end, noted)
    problems = sorted(walk.found.values(), key=lambda each: each.chain == ChainHead.WHOLE)
    entries = sum(number for number, _hash in walk.ends.values())
    return Verdict(entries, problems), heads | ({end.chain: end} if end else {})


def check_chain(*, chain: UUID, now: datetime) -> Verdict:
    """Check one merchant's chain and remember with it what was found."""
    walk = _Walk()
    with transaction.atomic():
        heads = ChainHead.objects.in_bulk([chain])
        reached = heads[chain].number if heads else 0
        _trusted_cuts(walk)
        for seal, event in _seals(Seal.objects.filter(chain=chain, number__lte=reached), by="number"):
            walk.take(seal, event)
        _compare_ends(walk, heads)
        last = Seal.objects.filter(chain=chain, number__lte=reached).order_by("-number").first()
        of_chain = {"merchant_id": None if chain == ChainHead.NOBODYS else chain}
        if last and Event.objects.filter(**of_chain, position__lte=last.position).count() != reached - walk.in_files:
            walk.blame(chain, reached, "is not alone: entries were slipped in that were never sealed")
    problems = list(walk.found.values())
    _remember(heads, problems, now=now)
    return Verdict(reached, problems)


def _seals(rows: QuerySet[Seal], by: str) -> Iterator[tuple[Seal, Event | None]]:
    """
    Yield seals in the order of ``by`` with their events, None for one that is not there.

    Some at a time, each by a statement of its own: a cursor over millions would keep the database from clearing up.
    """
    ordered, last = rows.order_by(by), 0
    while some := list(ordered.filter(**{f"{by}__gt": last})[:_CHUNK]):
        last = getattr(some[-1], by)
        events = Event.objects.in_bulk([seal.pk for seal in some])
        for seal in some:
            yield seal, events.get(seal.pk)


def _trusted_cuts(walk: _Walk) -> dict[int, str]:
    """Return the hash at each place where the log was cut off, and let events be missing up to the last of them."""
    cuts = list(Cut.objects.order_by("position"))
    for cut in cuts:
        if not secrets.is_signed(cut.signed_text, cut.signature):
            walk.blame(ChainHead.WHOLE, cut.position, "was cut off there by somebody else than this installation")
            return {}
        walk.cut = cut.position
    return {cut.position: cut.hash for cut in cuts}


def _take_in_row(walk: _Walk, seal: Seal, event: Event | None, noted: Noted | None) -> None:
    position, whole = walk.whole
    walk.take(seal, event)
    if seal.position != position + 1:
        walk.blame(ChainHead.WHOLE, position + 1, "is missing")
    walk.whole = (seal.position, folded(whole, seal.hash))
    if noted and noted.number == seal.position and noted.hash != walk.whole[1]:
        walk.blame(ChainHead.WHOLE, seal.position, "has another hash than was noted: what lies before was rewritten")


def _compare_ends(walk: _Walk, heads: dict[UUID, ChainHead]) -> None:
    for chain in walk.ends.keys() | heads.keys():
        number, digest = walk.ends.get(chain, (0, BEGINNING))
        head = heads.get(chain)
        if head is None:
            walk.blame(chain, number, "has no head: it was taken away")
        elif (head.number, head.hash) != (number, digest):
            walk.blame(chain, number + 1, f"is missing: the chain was sealed up to entry {head.number}")
        elif not secrets.is_signed(head.signed_text, head.signature):
            walk.blame(chain, number, "is a head that this installation did not sign")


def _compare_whole(walk: _Walk, end: ChainHead | None, noted: Noted | None) -> None:
    number, digest = walk.whole
    if end is None:
        if Seal.objects.exists():
            walk.blame(ChainHead.WHOLE, 0, "is the head of the whole log, and was taken away")
    elif (end.number, end.hash) != (number, digest):
        walk.blame(
            ChainHead.WHOLE, number, "is not where the log was sealed up to, or entries were put in another order"
        )
    elif not secrets.is_signed(end.signed_text, end.signature):
        walk.blame(ChainHead.WHOLE, number, "is a head that this installation did not sign")
    if Event.objects.filter(position__lte=number).count() != number - walk.in_files:
        walk.blame(ChainHead.WHOLE, number, "is not alone: entries were slipped in that were never sealed")
    if noted and noted.number > number:
        walk.blame(ChainHead.WHOLE, number + 1, f"is missing: entry {noted.number} was noted")


@transaction.atomic
def _remember(heads: dict[UUID, ChainHead], problems: list[Problem], *, now: datetime) -> None:
    wait_for_turn()
    found = {problem.chain: problem for problem in problems}
    for head in heads.values():
        problem = found.get(head.chain)
        head.checked_at, head.checked_number = now, max(problem.number - 1, 0) if problem else head.number
        head.problem = f"Entry {problem.number} {problem.what}." if problem else ""
    ChainHead.objects.bulk_update(heads.values(), ["checked_at", "checked_number", "problem"], batch_size=_CHUNK)
