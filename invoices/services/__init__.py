"""Every write of this app: one function, one use case, one transaction."""

from invoices.services.create import InvoiceOrder, Item, Tolerance, add_up, create_invoice
from invoices.services.customers import CustomerDetails, create_customer, customer_for, update_customer
from invoices.services.erasing import Erasure, erase_customer
from invoices.services.life import (
    Receipts,
    accept_invoice,
    cancel_invoice,
    end_test_invoice,
    expire_due,
    mark_refunded,
    record_receipts,
    view_invoice,
)
from invoices.services.links import LinkTerms, Visitor, check_open, create_link, open_link, update_link
from invoices.services.notes import add_note, change_note, delete_note
from invoices.services.offers import OptionOrder
from invoices.services.options import make_current
from invoices.services.sessions import SessionOrder, open_session

__all__ = [
    "CustomerDetails",
    "Erasure",
    "InvoiceOrder",
    "Item",
    "LinkTerms",
    "OptionOrder",
    "Receipts",
    "SessionOrder",
    "Tolerance",
    "Visitor",
    "accept_invoice",
    "add_note",
    "add_up",
    "cancel_invoice",
    "change_note",
    "check_open",
    "create_customer",
    "create_invoice",
    "create_link",
    "customer_for",
    "delete_note",
    "end_test_invoice",
    "erase_customer",
    "expire_due",
    "make_current",
    "mark_refunded",
    "open_link",
    "open_session",
    "record_receipts",
    "update_customer",
    "update_link",
    "view_invoice",
]
