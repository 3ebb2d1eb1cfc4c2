"""
What counts towards an invoice: what has arrived, less what was promised back of it before it was paid.

Money that goes back to the customer pays for nothing, from the moment it is promised until the promise is
withdrawn. Which of several payments it comes from is settled like a queue: the oldest confirmed one first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Final

from django.db.models import Q, Sum

from core.fields import ValueField
from core.money import WIDE
from events.outbox import Happening
from invoices import services as invoice_services
from invoices.models import Invoice
from invoices.states import InvoiceStatus
from payments.models import Payment, Refund
from payments.states import RECEIVED, PaymentStatus, RefundStatus, Review

PART: Final = "part"  # the kind of a refund of what had arrived before the invoice was paid
_SMALLEST: Final = Decimal(1).scaleb(-ValueField.DIGITS)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What promises to return take from what counts: base units of the invoice's asset, value in its currency."""

    units: int
    value: Decimal


def standing_refunds(invoice: Invoice) -> list[Refund]:
    """Return the refunds of ``invoice`` that were not withdrawn, oldest first."""
    rows = Refund.objects.select_related("payment", "invoice").filter(invoice=invoice)
    return list(rows.exclude(status=RefundStatus.CANCELLED).order_by("created_at", "pk"))


def recount(invoice: Invoice, refunds: Iterable[Refund], *, now: datetime) -> list[Happening]:
    """
    Bring ``invoice`` in line with its payments and its standing ``refunds``; the caller holds its row lock.

    Returns what is to be told, for the caller to emit after its own events.
    """
    was_expired = invoice.status == InvoiceStatus.EXPIRED
    happenings = invoice_services.record_receipts(invoice, receipts_of(invoice, refunds), now=now)
    _put_short_money_in_review(invoice, was_expired=was_expired)
    return happenings


def receipts_of(invoice: Invoice, refunds: Iterable[Refund]) -> invoice_services.Receipts:
    """Return the sums of all payments that count towards ``invoice``, less what goes back by its ``refunds``."""
    confirmed = Q(status=PaymentStatus.CONFIRMED)
    sums = Payment.objects.filter(invoice=invoice, counts=True, status__in=RECEIVED).aggregate(
        received_units=Sum("credited_units"),
        confirmed_units=Sum("credited_units", filter=confirmed),
        received_value=Sum("value"),
        confirmed_value=Sum("value", filter=confirmed),
        late=Sum("units", filter=Q(is_late=True)),
    )
    returned = sum(int(refund.units) for refund in refunds if refund.kind == PART)
    of_confirmed, of_received = _taken(invoice, returned) if returned else (_NOTHING, _NOTHING)
    return invoice_services.Receipts(
        received_units=int(sums["received_units"] or 0) - of_received.units,
        confirmed_units=int(sums["confirmed_units"] or 0) - of_confirmed.units,
        received_value=(sums["received_value"] or Decimal(0)) - of_received.value,
        confirmed_value=(sums["confirmed_value"] or Decimal(0)) - of_confirmed.value,
        is_late=bool(sums["late"]),
    )


_NOTHING: Final = _Taken(0, Decimal(0))


def _taken(invoice: Invoice, returned: int) -> tuple[_Taken, _Taken]:
    """Return what ``returned`` base units take from what is confirmed, and from all that was received."""
    rows = Payment.objects.filter(
        invoice=invoice, counts=True, status__in=RECEIVED, network=invoice.network, asset_code=invoice.asset_code
    )
    payments = sorted(
        rows, key=lambda payment: (payment.status != PaymentStatus.CONFIRMED, payment.created_at, payment.pk)
    )
    sure = [payment for payment in payments if payment.status == PaymentStatus.CONFIRMED]
    return _taken_from(sure, returned), _taken_from(payments, returned)


def _taken_from(payments: Sequence[Payment], returned: int) -> _Taken:
    units, value = 0, Decimal(0)
    for payment in payments:
        part = min(returned - units, int(payment.units))
        if part <= 0:
            break
        units += part
        # Rounded up: what is left never counts for more than it is worth.
        share = WIDE.divide(WIDE.multiply(payment.value, Decimal(part)), Decimal(payment.units))
        value += min(share.quantize(_SMALLEST, rounding=ROUND_UP, context=WIDE), payment.value)
    return _Taken(units, value)


def _put_short_money_in_review(invoice: Invoice, *, was_expired: bool) -> None:
    """Money that does not pay an expired invoice waits for a decision; once it does pay, nobody has to look."""
    if invoice.status == InvoiceStatus.EXPIRED:
        short = Payment.objects.filter(invoice=invoice, counts=True, review=Review.NONE)
        short = short.exclude(asset_code=invoice.asset_code, units__lt=invoice.asset.dust)
        short.update(review=Review.OPEN, review_reason="short")
    elif invoice.is_late or was_expired:
        settled = Payment.objects.filter(invoice=invoice, review=Review.OPEN, review_reason="short")
        settled.update(review=Review.ACCEPTED)
