"""Reads, tenant first."""

from typing import Final

from django.db.models import QuerySet

from core.ids import parse_public_id
from invoices.models import Invoice
from merchants.models import Merchant
from payments.errors import PaymentNotFound, RefundNotFound
from payments.models import Payment, Refund
from payments.states import RECEIVED, Review

__all__ = [
    "RECEIVED",
    "get_payment",
    "get_refund",
    "list_deposits",
    "list_payments",
    "list_refunds",
    "payments_of",
    "refunds_of",
]

MANY: Final = 200  # shown with an invoice; anybody can send dust to an address, so there is no natural end


def list_payments(*, merchant: Merchant, livemode: bool) -> QuerySet[Payment]:
    """Return all payments to the merchant's addresses in one mode, newest first."""
    return (
        Payment.objects.filter(merchant=merchant, livemode=livemode)
        .select_related("invoice")
        .order_by("-created_at", "-id")
    )


def list_deposits(*, merchant: Merchant, livemode: bool) -> QuerySet[Payment]:
    """Return the payments that wait, or waited, for a decision, newest first."""
    return list_payments(merchant=merchant, livemode=livemode).exclude(review=Review.NONE)


def list_refunds(*, merchant: Merchant, livemode: bool) -> QuerySet[Refund]:
    """Return the merchant's refunds in one mode, newest first."""
    return (
        Refund.objects.filter(merchant=merchant, livemode=livemode)
        .select_related("invoice")
        .order_by("-created_at", "-id")
    )


def payments_of(invoice: Invoice) -> list[Payment]:
    """Return what arrived for one invoice, oldest first."""
    return list(Payment.objects.filter(invoice=invoice).order_by("created_at", "id")[:MANY])


def refunds_of(invoice: Invoice) -> list[Refund]:
    """Return the refunds of one invoice, oldest first."""
    return list(Refund.objects.filter(invoice=invoice).order_by("created_at", "id")[:MANY])


def get_payment(*, merchant: Merchant, livemode: bool, public_id: str) -> Payment:
    """
    Return one payment.

    :raises PaymentNotFound: when the merchant has none with this id
    """
    key = parse_public_id(Payment.PREFIX, public_id)
    payment = list_payments(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if payment is None:
        raise PaymentNotFound
    return payment


def get_refund(*, merchant: Merchant, livemode: bool, public_id: str) -> Refund:
    """
    Return one refund.

    :raises RefundNotFound: when the merchant has none with this id
    """
    key = parse_public_id(Refund.PREFIX, public_id)
    refund = list_refunds(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if refund is None:
        raise RefundNotFound
    return refund
