"""The life of an invoice, as pure functions of facts.

A status is never set by an event; it follows from what has been paid so far. Facts may arrive
late, twice or out of order, or be taken back by a reorg: the answer is the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import TextChoices


class InvoiceStatus(TextChoices):
    """Where an invoice stands."""

    CREATED = "created"
    PENDING = "pending"
    PARTIAL = "partial"
    CONFIRMING = "confirming"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class InvoiceException(TextChoices):
    """What is unusual about it; status and exception together tell the whole truth."""

    NONE = "none"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    LATE = "late"


_S = InvoiceStatus

FINAL: Final = frozenset({_S.CANCELLED, _S.REFUNDED})
EXPIRING: Final = frozenset({_S.CREATED, _S.PENDING})
CANCELLABLE: Final = frozenset({_S.CREATED, _S.PENDING, _S.PARTIAL})
AWAITING: Final = frozenset({_S.CREATED, _S.PENDING, _S.PARTIAL, _S.CONFIRMING})

# A scan that catches up may find a payment seen and confirmed at once, so "confirming" can be skipped.
TRANSITIONS: Final[Mapping[InvoiceStatus, frozenset[InvoiceStatus]]] = {
    _S.CREATED: frozenset({_S.PENDING, _S.PARTIAL, _S.CONFIRMING, _S.PAID, _S.EXPIRED, _S.CANCELLED}),
    _S.PENDING: frozenset({_S.PARTIAL, _S.CONFIRMING, _S.PAID, _S.EXPIRED, _S.CANCELLED}),
    _S.PARTIAL: frozenset({_S.PENDING, _S.CONFIRMING, _S.PAID, _S.CANCELLED}),
    _S.CONFIRMING: frozenset({_S.PENDING, _S.PARTIAL, _S.PAID}),
    _S.PAID: frozenset({_S.PENDING, _S.PARTIAL, _S.CONFIRMING, _S.REFUNDED}),
    _S.EXPIRED: frozenset({_S.CONFIRMING, _S.PAID}),
    _S.CANCELLED: frozenset(),
    _S.REFUNDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a status depends on; amounts in the invoice's fiat currency."""

    enough: Decimal  # the total less the underpayment tolerance
    ceiling: Decimal  # what was asked plus the overpayment tolerance
    received: Decimal  # seen on chain: detected, confirming or confirmed
    confirmed: Decimal  # the part of ``received`` deep enough to rely on
    is_viewed: bool
    is_overdue: bool
    accepted: Decimal | None = None  # what the merchant took for enough when so much had arrived
    is_late: bool = False  # some of it was sent after the deadline


def next_status(current: InvoiceStatus, facts: Facts) -> InvoiceStatus:
    """Return the status that follows from ``facts``. Final statuses stay."""
    if current in FINAL:
        return current
    enough = facts.enough if facts.accepted is None else min(facts.enough, facts.accepted)
    if facts.received and facts.confirmed >= enough:
        return _S.PAID
    if facts.received and facts.received >= enough:
        return _S.CONFIRMING
    if current is _S.EXPIRED:
        return _S.EXPIRED  # late and short: the money is in the review inbox, the invoice stays closed
    if facts.received:
        return _S.PARTIAL
    return _unpaid(current, facts)


def _unpaid(current: InvoiceStatus, facts: Facts) -> InvoiceStatus:
    if current in EXPIRING:
        if facts.is_overdue:
            return _S.EXPIRED
        return _S.PENDING if facts.is_viewed else current
    return _S.PENDING  # a reorg took everything back; it expires from there when its time comes


def exception_of(facts: Facts) -> InvoiceException:
    """Return what is unusual about the money so far; too much or too little outweighs lateness."""
    if not facts.received:
        return InvoiceException.NONE
    if facts.received > facts.ceiling:
        return InvoiceException.OVERPAID
    if facts.received < facts.enough:
        return InvoiceException.UNDERPAID
    return InvoiceException.LATE if facts.is_late else InvoiceException.NONE


def enough_for(total: Decimal, underpayment_threshold: Decimal) -> Decimal:
    """
    Return the least amount that pays ``total``, both in the invoice's currency.

    The tolerance never forgives more than 5 % of the total: a small invoice is never paid by nothing.
    """
    return total - min(underpayment_threshold, total * Decimal("0.05"))
