"""Fields that several requests and answers share."""

from typing import Final

from api.validation import Amount, Choice, Field, Moment, Number, Text, Whole
from core.money import MINOR_DIGITS
from invoices.errors import InvalidAmount, UnknownCurrency
from invoices.models import OverpaymentAction
from invoices.states import InvoiceException, InvoiceStatus
from payments.states import PaymentStatus, RefundStatus, Review

CURRENCY: Final = Choice(*sorted(MINOR_DIGITS), failure=UnknownCurrency, doc="ISO 4217 code.", example="USD")
ACTION: Final = Choice(
    *OverpaymentAction.values,
    doc="What happens with a surplus: credited to the customer, refunded, or kept.",
    example="credit_account",
)
INVOICE_STATUS: Final = Choice(*InvoiceStatus.values, doc="Where the invoice stands.", example="pending")
INVOICE_EXCEPTION: Final = Choice(
    *InvoiceException.values, doc="What is unusual about the money; read it together with the status.", example="none"
)
PAYMENT_STATUS: Final = Choice(*PaymentStatus.values, doc="Where the payment stands.", example="confirmed")
REFUND_STATUS: Final = Choice(*RefundStatus.values, doc="Where the refund stands.", example="requested")
REVIEW: Final = Choice(*Review.values, doc="Whether somebody has to decide what the money is for.", example="none")

TIME: Final = Moment(doc="RFC 3339, UTC.", example="2025-01-15T10:00:00Z")
TIME_OR_NULL: Final = Moment(nullable=True, doc="RFC 3339, UTC; null when it has not happened.")
LIVEMODE_DOC: Final = "True for real money, false in test mode."


def price(**marks: object) -> Amount:
    """Return an amount of the invoice's currency; out of bounds it fails as INVALID_AMOUNT."""
    return Amount(min=0, failure=InvalidAmount, **marks)  # type: ignore[arg-type]


def text(doc: str, example: str = "", *, nullable: bool = False) -> Field:
    """Return text within an answer."""
    return Text(max=10_000, min=0, doc=doc, example=example or None, nullable=nullable)


def number(doc: str, example: object = None, *, nullable: bool = False) -> Field:
    """Return a number within an answer."""
    return Number(doc=doc, example=example, nullable=nullable)


def count(doc: str, example: int | None = None, *, nullable: bool = False) -> Field:
    """Return a whole number within an answer."""
    return Whole(min=0, max=2**63 - 1, doc=doc, example=example, nullable=nullable)
