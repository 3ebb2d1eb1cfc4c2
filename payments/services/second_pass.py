"""Final blocks are read once more, if possible through another endpoint, and must hold the same transfers."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from chains import registry
from chains.base import Block, ChainReader, Ends, Transfer
from payments.models import Cursor, Finding, Payment, ScannedRange
from payments.services.credit import Key, transfer_key
from payments.services.ledger import record_glimpse
from payments.states import PaymentStatus
from payments.watchlist import IssuedAddresses

log = structlog.get_logger(__name__)

_RANGES_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Ranges that are read again with one question."""

    network: str
    ranges: tuple[ScannedRange, ...]

    @property
    def first(self) -> int:
        return self.ranges[0].first

    @property
    def last(self) -> int:
        return self.ranges[-1].last


def verify(
    *, network: str, reader_apart_from: Callable[[str], ChainReader], now: datetime, max_rounds: int = 20
) -> int:
    """
    Read again what is final and was read once; return how many blocks agree.

    ``reader_apart_from`` gives a reader that does not ask the endpoint of that name, if there is another.

    What the first reading missed is credited; every difference is a ``Finding`` and an error in the
    log, and the blocks of an unexplained one stay unverified, to be read again by the next call.

    :raises ChainUnavailable: when the node does not answer reliably
    """
    verified = 0
    for _ in range(max_rounds):
        stretch = _next_stretch(network, reader_apart_from("").max_range)
        if stretch is None:
            break
        reader = reader_apart_from(stretch.ranges[0].source)
        transfers, tip = _read(stretch, reader)
        if transfers is None:
            _report_fork(stretch, reader.source, now)
            break
        if not _compare(stretch, transfers, tip=tip, source=reader.source, now=now):
            break
        verified += stretch.last - stretch.first + 1
    return verified


@transaction.atomic
def close_finding(*, finding_id: UUID, now: datetime) -> Finding:
    """Note that somebody has looked at a finding."""
    finding = Finding.objects.select_for_update().get(pk=finding_id)
    if finding.resolved_at is None:
        finding.resolved_at = now
        finding.save(update_fields=["resolved_at"])
    return finding


def final_height(cursor: Cursor) -> int:
    """Return up to where the network's blocks are final: by its own word, or by the most confirmations we ask for."""
    deepest = max((each for each in registry.network(cursor.network).confirmations if isinstance(each, int)), default=0)
    by_depth = cursor.tip_height - deepest
    if cursor.finalized_height is None:
        return min(by_depth, cursor.height)
    return min(cursor.finalized_height, cursor.height)


def _next_stretch(network: str, max_range: int) -> _Stretch | None:
    cursor = Cursor.objects.filter(network=network).first()
    if cursor is None:
        return None
    waiting = ScannedRange.objects.filter(network=network, verified_at=None, last__lte=final_height(cursor))
    chosen: list[ScannedRange] = []
    for found in waiting.order_by("first")[:_RANGES_AT_ONCE]:
        adjoins = not chosen or (found.first == chosen[-1].last + 1 and found.source == chosen[0].source)
        if chosen and (not adjoins or found.last - chosen[0].first >= max_range):
            break
        chosen.append(found)
    return _Stretch(network, tuple(chosen)) if chosen else None


def _read(stretch: _Stretch, reader: ChainReader) -> tuple[list[Transfer] | None, Block]:
    """Return the transfers of the stretch; None when it ends in another block at this node."""
    tip = reader.block_at(None)
    ends = Ends(last=stretch.ranges[-1].hash)
    if reader.block_at(stretch.last).hash != ends.last:
        return None, tip
    watchlist = IssuedAddresses(stretch.network)
    return list(reader.transfers(first=stretch.first, last=stretch.last, watchlist=watchlist, ends=ends)), tip


@transaction.atomic
def _compare(stretch: _Stretch, transfers: list[Transfer], *, tip: Block, source: str, now: datetime) -> bool:
    """Credit what was missed and mark the ranges; return False when the first reading has more than the second."""
    Cursor.objects.select_for_update().get(network=stretch.network)  # the scan waits, or is waited for
    ranges = ScannedRange.objects.filter(pk__in=[each.pk for each in stretch.ranges])
    if {(each.pk, each.hash) for each in ranges} != {(each.pk, each.hash) for each in stretch.ranges}:
        return True  # a fork replaced them meanwhile; nothing was compared and nothing is marked
    for payment in record_glimpse(stretch.network, transfers, tip=tip, now=now):
        _report(stretch, Finding.Kind.MISSED, payment, source, now)
    unconfirmed = _unconfirmed(stretch, {transfer_key(transfer) for transfer in transfers})
    for payment in unconfirmed:
        _report(stretch, Finding.Kind.UNCONFIRMED, payment, source, now)
    if not unconfirmed:
        ranges.update(verified_at=now, verified_by=source)
    return not unconfirmed


def _unconfirmed(stretch: _Stretch, seen: Collection[Key]) -> list[Payment]:
    recorded = Payment.objects.filter(
        network=stretch.network, block_height__gte=stretch.first, block_height__lte=stretch.last
    ).exclude(status__in=[PaymentStatus.ORPHANED, PaymentStatus.FAILED])
    return [payment for payment in recorded if transfer_key(payment) not in seen]


def _report_fork(stretch: _Stretch, source: str, now: datetime) -> None:
    _, is_new = Finding.objects.get_or_create(
        network=stretch.network,
        kind=Finding.Kind.FORK,
        first=stretch.first,
        last=stretch.last,
        txid="",
        address="",
        asset_code="",
        ordinal=0,
        defaults={"source": source, "created_at": now},
    )
    if is_new:
        log.error("second_pass_fork", network=stretch.network, first=stretch.first, last=stretch.last, source=source)


def _report(stretch: _Stretch, kind: Finding.Kind, payment: Payment, source: str, now: datetime) -> None:
    height = payment.block_height or stretch.first
    _, is_new = Finding.objects.get_or_create(
        network=stretch.network,
        kind=kind,
        first=height,
        last=height,
        txid=payment.txid,
        address=payment.address,
        asset_code=payment.asset_code,
        ordinal=payment.ordinal,
        defaults={"units": payment.units, "source": source, "created_at": now},
    )
    if is_new:
        log.error("second_pass_differs", kind=str(kind), network=stretch.network, txid=payment.txid, source=source)
