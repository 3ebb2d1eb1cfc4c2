"""
Keep the ledger. A booking is never made because something happened, but because the books differ from the facts.

Each fact (a payment, a settlement, a credit, a refund) says what it should have on the books as it
is now: a pure function, ``_postings_of_…``. What is booked for it already is subtracted, and the
difference is one booking. So it does not matter how often, in which order or after which crash the
facts are looked at, and a fact that a reorg took back is booked back exactly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from core.statements import insert
from invoices.models import Credit, Invoice
from payments.models import (
    Account,
    Booking,
    BookingKind,
    Fact,
    Payment,
    Refund,
    Settlement,
    SettlementStatus,
)
from payments.services.settlements import Statement, settle
from payments.states import PaymentStatus, RefundStatus, Review

Postings = Mapping[Account, int]

NOTHING: Final[Postings] = {}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose books: a merchant's in one mode; ``invoice_id`` where an invoice is the reason."""

    merchant_id: UUID
    livemode: bool
    invoice_id: UUID | None

    @classmethod
    def of(cls, invoice: Invoice) -> "Owner":
        """Return the owner of everything about ``invoice``."""
        return cls(invoice.merchant_id, invoice.livemode, invoice.pk)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one fact should have on the books: base units of one asset per account."""

    fact: Fact
    source_id: UUID
    network: str
    asset_code: str
    postings: Postings
    occurred_at: datetime
    txid: str = ""


@dataclass(slots=True)
class _Booked:
    """What one fact has on the books, and how many bookings that took."""

    count: int = 0
    postings: dict[Account, int] = field(default_factory=lambda: defaultdict(int))

    def difference(self, wanted: Postings) -> dict[Account, int]:
        accounts = [account for account in Account if account in wanted or account in self.postings]
        moved = {account: wanted.get(account, 0) - self.postings.get(account, 0) for account in accounts}
        return {account: units for account, units in moved.items() if units}

    def holds(self, account: Account) -> bool:
        return bool(self.postings.get(account))

    @property
    def is_empty(self) -> bool:
        return not any(self.postings.values())


def follow_payments(invoice: Invoice, payments: Iterable[Payment], *, now: datetime) -> None:
    """Bring the books in line with those ``payments`` of ``invoice`` that may have changed; ``follow`` comes after."""
    record(Owner.of(invoice), [_entry_of_payment(payment, now) for payment in payments], now=now)


def follow(invoice: Invoice, *, now: datetime) -> None:
    """
    Bring settlements and books in line with the facts of ``invoice``, whose row lock the caller holds.

    Settlements, credits and refunds are all looked at. Safe to call again. Done for every invoice of a
    block that confirms it, so it asks and writes in few statements.
    """
    statement = Statement.of(invoice)
    settle(invoice, statement, now=now)
    entries = [
        *(_entry_of_credit(credit, invoice, statement, now) for credit in statement.credits),
        *(_entry_of_refund(refund, now, statement) for refund in statement.refunds),
        *(_entry_of_settlement(settlement, now) for settlement in statement.settlements),
    ]
    record(Owner.of(invoice), entries, now=now)


def follow_deposit(payment: Payment, *, now: datetime) -> None:
    """Bring the books in line with a payment that is for no invoice, and with what is returned of it."""
    refunds = Refund.objects.filter(payment=payment, invoice=None)
    entries = [_entry_of_payment(payment, now), *(_entry_of_refund(refund, now) for refund in refunds)]
    record(Owner(payment.merchant_id, payment.livemode, None), entries, now=now)


def follow_refund(refund: Refund, *, now: datetime) -> None:
    """Bring the books in line with a refund and what it rests on; the caller holds the lock of its invoice."""
    if refund.invoice is not None:
        follow(refund.invoice, now=now)
    elif refund.payment is not None:
        follow_deposit(refund.payment, now=now)


@transaction.atomic
def catch_up(*, invoice_id: UUID, now: datetime) -> None:
    """Book whatever the facts of an invoice have not got on the books yet, all its payments included."""
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=invoice_id)
    follow_payments(invoice, Payment.objects.filter(invoice=invoice), now=now)
    follow(invoice, now=now)


def record(owner: Owner, entries: Iterable[Entry], *, now: datetime) -> list[Booking]:
    """
    Book what ``entries`` should have on the books and do not have yet; return the bookings.

    Part of the caller's transaction, as the facts are.

    :raises IntegrityError: when somebody else books the same difference at the same time
    """
    wanted = list(entries)
    booked = _booked([entry.source_id for entry in wanted])
    bookings: list[Booking] = []
    lines: list[tuple[UUID, Account, int]] = []
    for entry in wanted:
        before = booked[entry.source_id]
        difference = before.difference(entry.postings)
        if not difference:
            continue
        booking = Booking(
            kind=_kind(entry, before),
            merchant_id=owner.merchant_id,
            livemode=owner.livemode,
            network=entry.network,
            asset_code=entry.asset_code,
            invoice_id=owner.invoice_id,
            fact=entry.fact,
            source_id=entry.source_id,
            number=before.count + 1,
            txid=entry.txid,
            occurred_at=entry.occurred_at,
            created_at=now,
        )
        bookings.append(booking)
        insert(booking)
        lines += [(booking.pk, account, units) for account, units in difference.items()]
    if lines:
        _insert_postings(lines)
    return bookings


def _booked(sources: list[UUID]) -> dict[UUID, _Booked]:
    booked: dict[UUID, _Booked] = defaultdict(_Booked)
    if not sources:
        return booked
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, [sources])
        for source, number, account, units in cursor.fetchall():
            booked[source].count = max(booked[source].count, number)
            booked[source].postings[Account(account)] += int(units)
    return booked


def _insert_postings(lines: list[tuple[UUID, Account, int]]) -> None:
    bookings, accounts, units = zip(*lines, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_POSTINGS, [list(bookings), [str(a) for a in accounts], [Decimal(u) for u in units]])


_BOOKED: Final = """
SELECT b.source_id, b.number, p.account, p.units
FROM payments_booking b JOIN payments_posting p ON p.booking_id = b.id WHERE b.source_id = ANY(%s)
"""
_INSERT_POSTINGS: Final = """
INSERT INTO payments_posting (booking_id, account, units)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::numeric[])
"""


def _entry_of_payment(payment: Payment, now: datetime) -> Entry:
    is_confirmed = payment.status == PaymentStatus.CONFIRMED
    return Entry(
        fact=Fact.PAYMENT,
        source_id=payment.pk,
        network=payment.network,
        asset_code=payment.asset_code,
        postings=_postings_of_payment(payment) if is_confirmed else NOTHING,
        occurred_at=payment.confirmed_at if is_confirmed and payment.confirmed_at else now,
        txid=payment.txid,
    )


def _postings_of_payment(payment: Payment) -> Postings:
    if payment.counts:
        whose = Account.CUSTOMERS
    elif payment.review == Review.IGNORED:
        whose = Account.MERCHANT
    else:
        whose = Account.UNMATCHED
    return {Account.CHAIN: payment.units, whose: -payment.units}


def _entry_of_credit(credit: Credit, invoice: Invoice, statement: Statement, now: datetime) -> Entry:
    units = statement.credited_units if credit.voided_at is None else 0
    return Entry(
        fact=Fact.CREDIT,
        source_id=credit.pk,
        network=invoice.network,
        asset_code=invoice.asset_code,
        postings={Account.CUSTOMERS: units, Account.CREDITS: -units} if units else NOTHING,
        occurred_at=now,
    )


def _entry_of_settlement(settlement: Settlement, now: datetime) -> Entry:
    holds = settlement.status == SettlementStatus.SETTLED
    return Entry(
        fact=Fact.SETTLEMENT,
        source_id=settlement.pk,
        network=settlement.network,
        asset_code=settlement.asset_code,
        postings={
            Account.CUSTOMERS: settlement.gross_units,
            Account.FEES: -settlement.fee_units,
            Account.MERCHANT: -settlement.net_units,
        }
        if holds
        else NOTHING,
        occurred_at=settlement.created_at if holds else now,
    )


def _entry_of_refund(refund: Refund, now: datetime, statement: Statement | None = None) -> Entry:
    return Entry(
        fact=Fact.REFUND,
        source_id=refund.pk,
        network=refund.network,
        asset_code=refund.asset_code,
        postings=_postings_of_refund(refund, statement),
        occurred_at=refund.completed_at or now,
        txid=refund.txid,
    )


def _postings_of_refund(refund: Refund, statement: Statement | None) -> Postings:
    if refund.status == RefundStatus.CANCELLED:
        return NOTHING
    units = int(refund.units)
    target = Account.CHAIN if refund.status == RefundStatus.COMPLETED else Account.REFUNDS
    if refund.kind == "deposit":
        return {Account.UNMATCHED: units, target: -units}
    from_customer = _units_of_customer(refund, statement)
    taken = {Account.CUSTOMERS: from_customer, Account.MERCHANT: units - from_customer}
    return {**{account: part for account, part in taken.items() if part}, target: -units}


def _units_of_customer(refund: Refund, statement: Statement | None) -> int:
    """Return what of a refund is taken from its customer's money; the rest is the merchant's."""
    if statement is None or not statement.is_paid or refund.kind == "cancellation":
        return int(refund.units)
    return statement.returned.get(refund.pk, 0)


_BEGUN: Final[Mapping[Fact, BookingKind]] = {
    Fact.PAYMENT: BookingKind.PAYMENT_CONFIRMED,
    Fact.SETTLEMENT: BookingKind.INVOICE_SETTLED,
    Fact.CREDIT: BookingKind.CREDIT_GIVEN,
    Fact.REFUND: BookingKind.REFUND_PROMISED,
    Fact.PAYOUT: BookingKind.PAYOUT,
}
_ENDED: Final[Mapping[Fact, BookingKind]] = {
    Fact.PAYMENT: BookingKind.PAYMENT_REVERSED,
    Fact.SETTLEMENT: BookingKind.SETTLEMENT_REVERSED,
    Fact.CREDIT: BookingKind.CREDIT_VOIDED,
    Fact.REFUND: BookingKind.REFUND_CANCELLED,
    Fact.PAYOUT: BookingKind.CORRECTED,
}


def _kind(entry: Entry, before: _Booked) -> BookingKind:
    """Name what lies between what was booked and what should be."""
    if entry.fact is Fact.REFUND and entry.postings:
        return _kind_of_refund(entry, before)
    if before.is_empty:
        return _BEGUN[entry.fact]
    if not entry.postings:
        return _ENDED[entry.fact]
    same_money = before.postings.get(Account.CHAIN, 0) == entry.postings.get(Account.CHAIN, 0)
    return BookingKind.DEPOSIT_RESOLVED if entry.fact is Fact.PAYMENT and same_money else BookingKind.CORRECTED


def _kind_of_refund(entry: Entry, before: _Booked) -> BookingKind:
    is_sent, was_sent = Account.CHAIN in entry.postings, before.holds(Account.CHAIN)
    if is_sent and not was_sent:
        return BookingKind.REFUND_COMPLETED
    if was_sent and not is_sent:
        return BookingKind.REFUND_REVERSED
    return BookingKind.REFUND_PROMISED if before.is_empty else BookingKind.CORRECTED
