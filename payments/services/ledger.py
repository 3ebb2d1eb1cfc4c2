"""Write down what was read: credits, the block's hash and the cursor commit together, or none of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from chains.base import Block, Transfer
from invoices.models import Invoice
from payments.models import Cursor, Payment, Refund, ScannedRange
from payments.services.credit import Change, settle_invoice, settle_unmatched, transfer_key
from payments.services.matching import Matches, find_matches
from payments.services.ranges import add_range
from payments.services.recognition import key_of
from payments.services.returns import follow_returns, touched_returns
from payments.states import UNSETTLED, PaymentStatus, View

log = structlog.get_logger(__name__)

_SANDBOX: Final = "sandbox"
STALE_AFTER: Final = timedelta(hours=24)
# One node's mempool may miss what another's holds, and a replaced transaction is gone from all of them.
MEMPOOL_GRACE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What one look at a chain gave: all transfers to our addresses in blocks ``first`` … ``last``.

    ``expected`` is the cursor the look started from, ``base`` the last block before ``first``;
    ``waiting`` are the transfers in the mempool, None when it was not looked at. ``is_fork``: the
    blocks from ``first`` on were read before and have been replaced. ``source`` names the endpoint.
    """

    network: str
    expected: Cursor | None
    base: Block | None
    first: int
    last: Block
    tip: Block
    finalized_height: int | None
    transfers: tuple[Transfer, ...]
    waiting: tuple[Transfer, ...] | None
    is_fork: bool = False
    source: str = ""


@transaction.atomic
def record_reading(reading: Reading, *, now: datetime) -> bool:
    """
    Record a reading; return False when the cursor has moved since it was taken.

    Payments recorded in these blocks that the reading does not show lost their block to a reorg.
    """
    if not _cursor_is_as_expected(reading, now):
        return False
    returns = touched_returns(reading.network, reading.transfers, first=reading.first)
    matches = _lock_matches(reading, returns)
    view = View(reading.tip.height, reading.finalized_height, reading.last.height)
    changes: dict[UUID | None, list[Change]] = defaultdict(list)  # None: for no invoice
    seen: set[tuple[str, ...]] = set()
    found = list(_payments_among((*reading.transfers, *(reading.waiting or ())), matches, returns, seen))
    # First what has left: what comes may take its place.
    gone = [_orphan(payment, now) for payment in _gone(reading, seen, now)]
    recorded = [matches.record(transfer, now=now) for transfer in found]
    for change in (*filter(None, recorded), *gone):
        changes[change.payment.invoice_id].append(change)
    for payment in Payment.objects.filter(network=reading.network, status__in=UNSETTLED):
        changes[payment.invoice_id].append(Change(payment, was=PaymentStatus(payment.status)))
    for invoice_id, of_invoice in changes.items():
        _settle(matches.invoice(invoice_id), of_invoice, view, now)
    follow_returns(returns, reading.transfers, view=view, first=reading.first, is_fork=reading.is_fork, now=now)
    _move_cursor(reading, now)
    return True


@transaction.atomic
def record_glimpse(network: str, transfers: Sequence[Transfer], *, tip: Block, now: datetime) -> list[Payment]:
    """
    Record transfers that were read outside of the scan's order; return the payments that were unknown till now.

    For the newest blocks while a long absence is caught up, and for the second pass. The cursor
    stays, payments that are known stay as they are, and blocks the scan has not reached confirm nothing.
    """
    cursor = Cursor.objects.select_for_update().filter(network=network).first()
    if cursor is None:
        return []
    view = View(max(tip.height, cursor.tip_height), cursor.finalized_height, cursor.height)
    returns = touched_returns(network, transfers, first=None)
    matches = find_matches(network, transfers, also={refund.invoice_id for refund in returns if refund.invoice_id})
    txids = {transfer.txid for transfer in transfers}
    standing = Payment.objects.filter(network=network, txid__in=txids, block_height__isnull=False)
    known = {transfer_key(payment) for payment in standing}
    fresh: dict[UUID | None, list[Change]] = defaultdict(list)
    for transfer in _payments_among(transfers, matches, returns, known):
        change = matches.record(transfer, now=now)
        if change is not None:
            fresh[change.payment.invoice_id].append(change)
    for invoice_id, changes in fresh.items():
        _settle(matches.invoice(invoice_id), changes, view, now)
    follow_returns(returns, transfers, view=view, now=now)
    return [change.payment for changes in fresh.values() for change in changes]


@transaction.atomic
def fail_stale(*, now: datetime) -> int:
    """
    Give up payments that left the chain, or the mempool, and stayed away for a day; return how many.

    A day in which nobody looked is none: the network must have been read up to its tip after it.
    """
    looked = Cursor.objects.filter(
        network=OuterRef("network"), height__gte=F("tip_height"), scanned_at__gt=OuterRef("last_seen_at") + STALE_AFTER
    )
    stale = (
        Payment.objects.filter(Q(status=PaymentStatus.ORPHANED) | Q(status=PaymentStatus.DETECTED, block_height=None))
        .filter(Exists(looked), last_seen_at__lt=now - STALE_AFTER)
        .order_by("invoice_id")
    )
    # Whoever decides about a payment that has no invoice takes its network's cursor first.
    networks = stale.filter(invoice=None).values_list("network", flat=True).distinct().order_by()
    list(Cursor.objects.select_for_update().filter(network__in=list(networks)).order_by("network"))
    return sum(_give_up(stale, key, now) for key in stale.values_list("invoice_id", flat=True).distinct())


@transaction.atomic
def fail_test_payments(*, invoice_id: UUID, txid: str, now: datetime) -> int:
    """
    Give up payments of a test invoice that left the sandbox chain, as if a day had passed; return how many.

    One that is still in a block, or in the mempool, stays as it is.
    """
    gone = Payment.objects.filter(
        network=_SANDBOX, livemode=False, invoice=invoice_id, txid=txid, status=PaymentStatus.ORPHANED
    )
    return _give_up(gone, invoice_id, now)


def _give_up(stale: QuerySet[Payment], invoice_id: UUID | None, now: datetime) -> int:
    invoice = Invoice.objects.select_for_update().get(pk=invoice_id) if invoice_id else None
    changes = []
    for payment in stale.filter(invoice=invoice):
        changes.append(Change(payment, was=PaymentStatus(payment.status)))
        payment.status = PaymentStatus.FAILED
        payment.save()
    _tell(invoice, changes, now)
    return len(changes)


def _cursor_is_as_expected(reading: Reading, now: datetime) -> bool:
    if reading.expected is None:
        start = reading.base or reading.last
        _, created = Cursor.objects.get_or_create(
            network=reading.network,
            defaults={
                "height": max(reading.first - 1, 0),
                "hash": start.hash,
                "tip_height": reading.tip.height,
                "scanned_at": now,
            },
        )
        return created
    cursor = Cursor.objects.select_for_update().filter(network=reading.network).first()
    return cursor is not None and (cursor.height, cursor.hash) == (reading.expected.height, reading.expected.hash)


def _lock_matches(reading: Reading, returns: Iterable[Refund]) -> Matches:
    """Lock every invoice this reading can touch: of its transfers, and of payments and refunds that may change."""
    touched = Payment.objects.filter(network=reading.network).filter(
        Q(status__in=UNSETTLED) | Q(block_height__gte=reading.first)
    )
    also = set(touched.exclude(invoice=None).values_list("invoice_id", flat=True))
    also.update(refund.invoice_id for refund in returns if refund.invoice_id)
    return find_matches(reading.network, (*reading.transfers, *(reading.waiting or ())), also=also)


def _payments_among(
    transfers: Iterable[Transfer], matches: Matches, returns: Iterable[Refund], seen: set[tuple[str, ...]]
) -> Iterator[Transfer]:
    """
    Yield the transfers that may be payments, each once, and add what was looked at to ``seen``.

    What is known to be a refund stays one, whosever its address has become since.
    """
    sent = {key_of(refund) for refund in returns if refund.ordinal is not None}
    for transfer in transfers:
        key = transfer_key(transfer)
        if key in seen or transfer.units <= 0:
            continue
        seen.add(key)
        if key in matches.known or key_of(transfer) not in sent:
            yield transfer


def _gone(reading: Reading, seen: set[tuple[str, ...]], now: datetime) -> Iterable[Payment]:
    """Yield payments whose block is no longer where it was read, and those that left the mempool for no block."""
    where = Q(block_height__gte=reading.first)
    if not reading.is_fork:
        where &= Q(block_height__lte=reading.last.height)  # what was glimpsed above is read when its turn comes
    if reading.waiting is not None:
        where |= Q(block_height=None, last_seen_at__lt=now - MEMPOOL_GRACE)
    standing = Payment.objects.filter(where, network=reading.network).exclude(
        status__in=[PaymentStatus.ORPHANED, PaymentStatus.FAILED]
    )
    for payment in standing:
        if transfer_key(payment) not in seen:
            yield payment


def _orphan(payment: Payment, now: datetime) -> Change:
    change = Change(payment, was=PaymentStatus(payment.status))
    payment.status = PaymentStatus.ORPHANED
    payment.block_height = None
    payment.block_hash = ""
    payment.confirmations = 0
    payment.confirmed_at = None
    payment.last_seen_at = now
    payment.save()
    return change


def _settle(invoice: Invoice | None, found: list[Change], view: View, now: datetime) -> None:
    """Give each payment the status of its depth, then let the invoice follow, if there is one."""
    latest: dict[UUID, Change] = {}
    for change in found:
        latest.setdefault(change.payment.pk, change)
    for change in latest.values():
        if change.payment.status != PaymentStatus.ORPHANED:
            _deepen(change, view, now)
    _tell(invoice, list(latest.values()), now)


def _tell(invoice: Invoice | None, changes: list[Change], now: datetime) -> None:
    if invoice is None:
        settle_unmatched(changes, now=now)
    else:
        settle_invoice(invoice, changes, now=now)


def _deepen(change: Change, view: View, now: datetime) -> None:
    payment = change.payment
    status, confirmations = view.judge(
        payment.block_height, required=payment.required_confirmations, needs_finality=payment.needs_finality
    )
    if (status, confirmations) == (payment.status, payment.confirmations) and not change.is_new:
        return
    change.deepened = confirmations != payment.confirmations
    payment.status = status
    payment.confirmations = confirmations
    if status is not PaymentStatus.CONFIRMED:
        payment.confirmed_at = None
    elif payment.confirmed_at is None:
        payment.confirmed_at = now
    payment.save()


def _move_cursor(reading: Reading, now: datetime) -> None:
    if reading.last.height >= reading.first:
        add_range(
            ScannedRange(
                network=reading.network,
                first=reading.first,
                last=reading.last.height,
                hash=reading.last.hash,
                source=reading.source,
                scanned_at=now,
            ),
            base=reading.base,
        )
    Cursor.objects.filter(network=reading.network).update(
        height=reading.last.height,
        hash=reading.last.hash,
        tip_height=reading.tip.height,
        finalized_height=reading.finalized_height,
        scanned_at=now,
    )
