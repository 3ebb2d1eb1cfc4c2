"""
Compare the books with what they should follow from: the tables, and the chains themselves.

Nothing here shares code with what writes the books, so that a mistake there is not repeated here.
Each difference is one line of text for whoever looks after the installation.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Min, Sum

from chains import registry
from chains.base import ChainReader, ChainUnavailable, Ends, Transfer
from core.ids import public_id
from events.outbox import Happening, emit
from invoices.models import Credit, Invoice, InvoiceDestination
from merchants.models import Merchant, WalletAddress
from payments.models import Account, Booking, Cursor, Payment, Payout, Posting, Refund, ScannedRange, Settlement
from payments.services.matching import own_transactions
from payments.states import RECEIVED, PaymentStatus, RefundStatus
from payments.watchlist import IssuedAddresses

SLICE: Final = 20_000  # rows
BOOKS_CHECKED: Final = "books.checked"  # the event that tells what a whole comparison found
PREFIXES: Final = {
    "payment": Payment.PREFIX,
    "settlement": Settlement.PREFIX,
    "credit": Credit.PREFIX,
    "refund": Refund.PREFIX,
    "payout": Payout.PREFIX,
}
_FIRST: Final = UUID(int=0)
_LAST: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Scope:
    """What to compare: everything, or one network, one merchant, some heights (the chains only)."""

    network: str = ""
    merchant: Merchant | None = None
    first: int | None = None
    last: int | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements below are asked with."""
        return {"network": self.network or None, "merchant": self.merchant.pk if self.merchant else None}


_UNBALANCED: Final = """
SELECT b.id, count(p.id), coalesce(sum(p.units), 0)
FROM payments_booking b LEFT JOIN payments_posting p ON p.booking_id = b.id
WHERE b.id > %(after)s AND b.id <= %(upto)s
  AND (%(network)s::text IS NULL OR b.network = %(network)s)
  AND (%(merchant)s::uuid IS NULL OR b.merchant_id = %(merchant)s)
GROUP BY b.id HAVING count(p.id) < 2 OR coalesce(sum(p.units), 0) <> 0
ORDER BY b.id
"""

# What each payment, settlement, refund and payout should have on the books, beside what it has. A credit is
# fiat: what it is on the books for shows in the customers' account of its invoice, below.
_FACTS: Final = """
WITH payment AS (
    SELECT 'payment' AS fact, p.id AS source_id, p.network, p.asset_code, p.merchant_id, p.units,
           CASE WHEN p.counts THEN 'customers' WHEN p.review = 'ignored' THEN 'merchant' ELSE 'unmatched' END AS owner
    FROM payments_payment p WHERE p.id > %(after)s AND p.id <= %(upto)s AND p.status = 'confirmed'
), settlement AS (
    SELECT 'settlement' AS fact, s.id AS source_id, s.network, s.asset_code, s.merchant_id,
           s.gross_units, s.fee_units, s.net_units
    FROM payments_settlement s WHERE s.id > %(after)s AND s.id <= %(upto)s AND s.status = 'settled'
), returned AS (
    -- What goes back of a part or a surplus is the customer's as far as there is money, the oldest refund first.
    SELECT r.id, greatest(least(r.units, (
               SELECT coalesce(sum(p.units), 0) FROM payments_payment p
               WHERE p.invoice_id = r.invoice_id AND p.counts AND p.status = 'confirmed'
                 AND p.network = r.network AND p.asset_code = r.asset_code
           ) - (sum(r.units) OVER (PARTITION BY r.invoice_id ORDER BY r.created_at, r.id) - r.units)), 0) AS units
    FROM payments_refund r WHERE r.kind IN ('part', 'surplus') AND r.status <> 'cancelled' AND r.invoice_id IN (
        SELECT invoice_id FROM payments_refund WHERE id > %(after)s AND id <= %(upto)s)
), promised AS (
    SELECT r.*, CASE WHEN r.kind = 'deposit' THEN 0
                     WHEN r.kind = 'cancellation' OR i.status NOT IN ('paid', 'refunded') THEN r.units
                     ELSE coalesce(returned.units, 0) END AS of_customer
    FROM payments_refund r LEFT JOIN invoices_invoice i ON i.id = r.invoice_id LEFT JOIN returned ON returned.id = r.id
    WHERE r.id > %(after)s AND r.id <= %(upto)s AND r.status <> 'cancelled'
), refund AS (
    SELECT 'refund' AS fact, id AS source_id, network, asset_code, merchant_id, units, of_customer,
           CASE WHEN kind = 'deposit' THEN 'unmatched' ELSE 'merchant' END AS owner,
           CASE WHEN status = 'completed' THEN 'chain' ELSE 'refunds' END AS target
    FROM promised
), payout AS (
    SELECT 'payout' AS fact, p.id AS source_id, p.network, p.asset_code, p.merchant_id, p.units,
           CASE p.kind WHEN 'forward' THEN 'merchant' ELSE 'fees' END AS owner
    FROM payments_payout p
    WHERE p.id > %(after)s AND p.id <= %(upto)s AND p.status = 'confirmed' AND p.kind IN ('forward', 'fee')
), spent AS (
    SELECT 'payout' AS fact, p.fee_source AS source_id, p.network, p.fee_asset_code AS asset_code, p.merchant_id,
           p.fee_units AS units
    FROM payments_payout p
    WHERE p.fee_source > %(after)s AND p.fee_source <= %(upto)s
      AND p.status IN ('confirmed', 'failed') AND p.fee_units > 0
), expected AS (
    SELECT fact, source_id, network, asset_code, merchant_id, 'chain' AS account, units FROM payment
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, owner, -units FROM payment
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, 'customers', gross_units FROM settlement
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, 'fees', -fee_units FROM settlement
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, 'merchant', -net_units FROM settlement
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, owner, units - of_customer FROM refund
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, 'customers', of_customer FROM refund
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, target, -units FROM refund
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, owner, units FROM payout
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, 'chain', -units FROM payout
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, 'network_fees', units FROM spent
    UNION ALL SELECT fact, source_id, network, asset_code, merchant_id, 'merchant', -units FROM spent
), booked AS (
    SELECT b.fact, b.source_id, b.network, b.asset_code, b.merchant_id, p.account, sum(p.units) AS units
    FROM payments_booking b JOIN payments_posting p ON p.booking_id = b.id
    WHERE b.source_id > %(after)s AND b.source_id <= %(upto)s AND (
        b.fact IN ('payment', 'settlement', 'refund', 'payout')
        OR (b.fact = 'credit'
            AND NOT EXISTS (SELECT FROM invoices_credit c WHERE c.id = b.source_id AND c.voided_at IS NULL)))
    GROUP BY b.fact, b.source_id, b.network, b.asset_code, b.merchant_id, p.account
)
SELECT fact, source_id, network, asset_code, account, coalesce(e.units, 0), coalesce(b.units, 0)
FROM expected e FULL JOIN booked b USING (fact, source_id, network, asset_code, merchant_id, account)
WHERE coalesce(e.units, 0) <> coalesce(b.units, 0)
  AND (%(network)s::text IS NULL OR network = %(network)s)
  AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
ORDER BY source_id, account
"""

_CUSTOMERS: Final = """
SELECT i.id, b.network, b.asset_code, sum(p.units)
FROM payments_booking b
JOIN payments_posting p ON p.booking_id = b.id AND p.account = 'customers'
JOIN invoices_invoice i ON i.id = b.invoice_id AND i.status IN ('paid', 'refunded')
WHERE b.invoice_id > %(after)s AND b.invoice_id <= %(upto)s
  AND (%(network)s::text IS NULL OR b.network = %(network)s)
  AND (%(merchant)s::uuid IS NULL OR b.merchant_id = %(merchant)s)
GROUP BY i.id, b.network, b.asset_code HAVING sum(p.units) <> 0
ORDER BY i.id
"""

_INVOICES: Final = """
SELECT i.id, i.network, i.asset_code, i.confirmed_units, sums.came - least(sums.own, sums.returned)
FROM invoices_invoice i, LATERAL (
    SELECT coalesce(sum(p.credited_units), 0) AS came,
           coalesce(sum(p.units) FILTER (WHERE p.asset_code = i.asset_code), 0) AS own,
           (SELECT coalesce(sum(r.units), 0) FROM payments_refund r
            WHERE r.invoice_id = i.id AND r.kind = 'part' AND r.status <> 'cancelled') AS returned
    FROM payments_payment p WHERE p.invoice_id = i.id AND p.counts AND p.status = 'confirmed'
) sums
WHERE i.id > %(after)s AND i.id <= %(upto)s
  AND (%(network)s::text IS NULL OR i.network = %(network)s)
  AND (%(merchant)s::uuid IS NULL OR i.merchant_id = %(merchant)s)
  AND i.confirmed_units <> sums.came - least(sums.own, sums.returned)
ORDER BY i.id
"""

_UNSETTLED: Final = """
SELECT i.id FROM invoices_invoice i
WHERE i.id > %(after)s AND i.id <= %(upto)s AND i.status = 'paid'
  AND (%(network)s::text IS NULL OR i.network = %(network)s)
  AND (%(merchant)s::uuid IS NULL OR i.merchant_id = %(merchant)s)
  AND NOT EXISTS (SELECT FROM payments_settlement s WHERE s.invoice_id = i.id AND s.status = 'settled')
  AND EXISTS (  -- more came than goes back: of the rest there is a settlement
    SELECT FROM payments_payment p
    WHERE p.invoice_id = i.id AND p.counts AND p.status = 'confirmed'
    GROUP BY p.asset_code
    HAVING p.asset_code <> i.asset_code OR sum(p.units) > (
        SELECT coalesce(sum(r.units), 0) FROM payments_refund r
        WHERE r.invoice_id = i.id AND r.kind IN ('part', 'surplus') AND r.status <> 'cancelled'))
ORDER BY i.id
"""


def ledger_differences(scope: Scope) -> list[str]:
    """
    Return where the books differ from the tables they follow from.

    Each fact, booking and invoice is compared in one view of all tables; a view lasts for ``SLICE`` of them, so that
    none is old enough to keep the database from clearing up.
    """
    return [
        *(
            f"booking {public_id(Booking.PREFIX, key)}: {lines} lines that add up to {total}"
            for key, lines, total in _in_slices(Booking, _UNBALANCED, scope)
        ),
        *(_of_fact(row) for row in _in_slices(Payment, _FACTS, scope)),
        *(
            f"{_invoice(key)}: paid, but {_amount(network, code, -units)} still booked as its customer's"
            for key, network, code, units in _in_slices(Invoice, _CUSTOMERS, scope)
        ),
        *(
            f"{_invoice(key)}: says {_amount(network, code, said)} confirmed, "
            f"its payments {_amount(network, code, paid)}"
            for key, network, code, said, paid in _in_slices(Invoice, _INVOICES, scope)
        ),
        *(f"{_invoice(key)}: paid, but not settled" for (key,) in _in_slices(Invoice, _UNSETTLED, scope)),
    ]


def _in_slices(
    records: type[Booking] | type[Payment] | type[Invoice], statement: str, scope: Scope
) -> Iterator[tuple[Any, ...]]:
    """
    Yield what ``statement`` finds between two keys, for all keys there can be, some thousand ``records`` at a time.

    Keys of all tables are in the order of time, so what belongs to the one is about as much of the other.
    """
    after = _FIRST
    while after != _LAST:
        with _one_view():
            rest = records.objects.filter(pk__gt=after)
            if scope.merchant is not None:
                rest = rest.filter(merchant=scope.merchant)
            keys = rest.order_by("pk").values_list("pk", flat=True)
            upto = next(iter(keys[SLICE - 1 : SLICE]), _LAST)
            found = _ask(statement, {**scope.parameters, "after": after, "upto": upto})
        yield from found
        after = upto


@contextmanager
def _one_view() -> Iterator[None]:
    with transaction.atomic():
        if not connection.savepoint_ids:  # within another transaction it is too late to ask for this
            _ask("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", {})
        yield


@dataclass(frozen=True, slots=True)
class Range:
    """Blocks of a network that were scanned; ``hash`` is that of the block at ``height``, the end of the scan."""

    first: int
    last: int
    height: int
    hash: str


@transaction.atomic
def tell_of_check(*, differences: int, with_chains: bool) -> None:
    """Write into the log that everything was compared, and how many differences there were."""
    data = {"differences": differences, "with_chains": with_chains}
    emit(Happening(type=BOOKS_CHECKED, merchant_id=None, livemode=True, data=data))


def scanned(network: str, scope: Scope) -> Range | None:
    """Return the blocks of ``network`` that were scanned and that ``scope`` asks for; None when there are none."""
    cursor = Cursor.objects.filter(network=network).first()
    oldest = ScannedRange.objects.filter(network=network).aggregate(first=Min("first"))["first"]
    if cursor is None or oldest is None:
        return None
    first = oldest if scope.first is None else max(scope.first, oldest)
    last = cursor.height if scope.last is None else min(scope.last, cursor.height)
    return Range(first, last, cursor.height, cursor.hash) if first <= last else None


def chain_differences(network: str, blocks: Range, scope: Scope, *, reader: ChainReader | None = None) -> Iterator[str]:
    """
    Yield where the books differ from the transfers in ``blocks``, read again from the chain.

    :raises ChainUnavailable: when the node does not answer, or the chain changed meanwhile: ask again
    """
    reader = reader or registry.reader(network)
    watchlist = IssuedAddresses(network)
    _check_unchanged(reader, blocks)
    for first in range(blocks.first, blocks.last + 1, reader.max_range):
        last = min(first + reader.max_range - 1, blocks.last)
        ends = Ends(last=blocks.hash if last == blocks.height else reader.block_at(last).hash)
        transfers = reader.transfers(first=first, last=last, watchlist=watchlist, ends=ends)
        found = [transfer for transfer in transfers if transfer.units > 0]
        _check_unchanged(reader, blocks)
        yield from _compared(network, found, first, last, scope)


def _check_unchanged(reader: ChainReader, blocks: Range) -> None:
    if reader.block_at(blocks.height).hash != blocks.hash:
        raise ChainUnavailable("the chain has changed since it was scanned")


def _compared(network: str, found: Sequence[Transfer], first: int, last: int, scope: Scope) -> Iterator[str]:
    ours = _owned(network, {transfer.recipient for transfer in found}, scope)
    yield from _compared_payments(network, [t for t in found if t.recipient in ours], first, last, scope)
    yield from _compared_refunds(network, found, first, last, scope)


def _owned(network: str, addresses: Collection[str], scope: Scope) -> set[str]:
    """Return those of ``addresses`` that money arrives at; only those of one merchant when ``scope`` says."""
    ours = IssuedAddresses(network).issued(addresses) if addresses else set()
    if scope.merchant is None or not ours:
        return ours
    of_invoices = Invoice.objects.filter(network=network, address__in=ours, merchant=scope.merchant)
    kept = InvoiceDestination.objects.filter(network=network, address__in=ours, invoice__merchant=scope.merchant)
    listed = WalletAddress.objects.filter(network=network, address__in=ours, wallet__merchant=scope.merchant)
    return {address for rows in (of_invoices, kept, listed) for address in rows.values_list("address", flat=True)}


def _compared_payments(network: str, found: Sequence[Transfer], first: int, last: int, scope: Scope) -> Iterator[str]:
    recorded = Payment.objects.filter(network=network, block_height__range=(first, last), status__in=RECEIVED)
    if scope.merchant is not None:
        recorded = recorded.filter(merchant=scope.merchant)
    payments = {(p.txid, p.asset_code, p.address, p.tag, p.ordinal): p for p in recorded}
    booked = _booked_on_chain([payment.pk for payment in payments.values()])
    own = own_transactions(network, found)
    sent = _refunds_among(network, found)
    for transfer in (each for each in found if each.txid not in own):
        key = (transfer.txid, transfer.asset, transfer.recipient, transfer.tag, transfer.ordinal)
        payment = payments.pop(key, None)
        units = _amount(network, transfer.asset, transfer.units)
        if payment is None and (transfer.txid, transfer.asset, transfer.recipient, transfer.ordinal) in sent:
            continue  # a refund that went to an address before it was one of ours
        if payment is None:
            yield f"{network} {transfer.txid}: {units} to {transfer.recipient} on the chain, never credited"
        elif payment.units != transfer.units:
            said = _amount(network, payment.asset_code, payment.units)
            yield f"{network} {transfer.txid}: {units} on the chain, {said} in {payment.public_id}"
        elif payment.status == PaymentStatus.CONFIRMED and booked.get(payment.pk, 0) != transfer.units:
            said = _amount(network, payment.asset_code, booked.get(payment.pk, 0))
            yield f"{network} {transfer.txid}: {units} on the chain, {said} booked for {payment.public_id}"
    for payment in payments.values():
        units = _amount(network, payment.asset_code, payment.units)
        yield f"{network} {payment.txid}: {units} in {payment.public_id}, nothing on the chain"


def _compared_refunds(network: str, found: Sequence[Transfer], first: int, last: int, scope: Scope) -> Iterator[str]:
    """Compare the refunds that were recognised on the chain; one that was only named may be in any block."""
    recorded = Refund.objects.filter(network=network, block_height__range=(first, last), ordinal__isnull=False)
    if scope.merchant is not None:
        recorded = recorded.filter(merchant=scope.merchant)
    on_chain: dict[tuple[str, str, str, int | None], int] = {
        (t.txid, t.asset, t.recipient, t.ordinal): t.units for t in found
    }
    refunds = list(recorded)
    booked = _booked_on_chain([refund.pk for refund in refunds])
    for refund in refunds:
        sent = on_chain.get((refund.txid, refund.asset_code, refund.address, refund.ordinal), 0)
        gone = -booked.get(refund.pk, 0)
        if sent != refund.units or (refund.status == RefundStatus.COMPLETED and gone != sent):
            units, said, on_books = (_amount(network, refund.asset_code, n) for n in (sent, refund.units, gone))
            yield f"{network} {refund.txid}: {units} on the chain, {said} in {refund.public_id}, {on_books} booked"


def _refunds_among(network: str, found: Sequence[Transfer]) -> set[tuple[str, str, str, int | None]]:
    sent = Refund.objects.filter(network=network, txid__in={t.txid for t in found}, ordinal__isnull=False)
    return set(sent.values_list("txid", "asset_code", "address", "ordinal"))


def _booked_on_chain(payments: list[UUID]) -> dict[UUID, int]:
    rows = (
        Posting.objects.filter(booking__source_id__in=payments, account=Account.CHAIN)
        .order_by()
        .values_list("booking__source_id")
        .annotate(units=Sum("units"))
    )
    return {source: int(units) for source, units in rows}


def _of_fact(row: tuple[Any, ...]) -> str:
    fact, source, network, code, account, expected, booked = row
    name = public_id(PREFIXES[fact], source)
    should, does = _amount(network, code, expected), _amount(network, code, booked)
    return f"{fact} {name}: {account} should hold {should}, {does} booked"


def _invoice(key: UUID) -> str:
    return f"invoice {public_id(Invoice.PREFIX, key)}"


def _amount(network: str, code: str, units: int) -> str:
    asset = registry.asset(network, code)
    return f"{asset.to_amount(int(units)):f} {code}" if asset else f"{units} base units of {code}"


def _ask(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall()) if cursor.description else []
