"""Invoices, what they come from, and what they rest on."""

from invoices.models.destination import InvoiceDestination
from invoices.models.invoice import (
    SEARCHED,
    AmountClaim,
    Credit,
    Invoice,
    Matching,
    OverpaymentAction,
    RateSheet,
    ReplacedQuote,
)
from invoices.models.notes import Note
from invoices.models.selling import Customer, PaymentLink

__all__ = [
    "SEARCHED",
    "AmountClaim",
    "Credit",
    "Customer",
    "Invoice",
    "InvoiceDestination",
    "Matching",
    "Note",
    "OverpaymentAction",
    "PaymentLink",
    "RateSheet",
    "ReplacedQuote",
]
