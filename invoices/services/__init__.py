"""Every write of this app: one function, one use case, one transaction."""

from invoices.services.create import InvoiceOrder, Item, Tolerance, create_invoice
from invoices.services.life import (
    Receipts,
    accept_invoice,
    cancel_invoice,
    expire_due,
    mark_refunded,
    record_receipts,
    view_invoice,
)

__all__ = [
    "InvoiceOrder",
    "Item",
    "Receipts",
    "Tolerance",
    "accept_invoice",
    "cancel_invoice",
    "create_invoice",
    "expire_due",
    "mark_refunded",
    "record_receipts",
    "view_invoice",
]
