"""Reads, tenant first: another merchant's invoice is one that does not exist."""

from django.db.models import QuerySet, Value
from django.db.models.functions import Upper

from invoices.errors import InvoiceNotFound
from invoices.models import SEARCHED, Invoice
from merchants.models import Merchant


def list_invoices(*, merchant: Merchant, livemode: bool) -> QuerySet[Invoice]:
    """Return the merchant's invoices in one mode, newest first."""
    return Invoice.objects.filter(merchant=merchant, livemode=livemode).order_by("-created_at", "-id")


def search(invoices: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    """Return those of ``invoices`` with ``text`` in title, description or metadata, whatever its case."""
    return invoices.alias(searched=SEARCHED).filter(searched__contains=Upper(Value(text)))


def get_invoice(*, merchant: Merchant, livemode: bool, public_id: str) -> Invoice:
    """
    Return one of the merchant's invoices.

    :raises InvoiceNotFound: when there is none with this id
    """
    return _one(list_invoices(merchant=merchant, livemode=livemode), public_id)


def invoice_for_update(*, merchant: Merchant, livemode: bool, public_id: str) -> Invoice:
    """
    Return one of the merchant's invoices with its row locked.

    :raises InvoiceNotFound: when there is none with this id
    """
    return _one(list_invoices(merchant=merchant, livemode=livemode).select_for_update(), public_id)


def get_public_invoice(public_id: str) -> Invoice:
    """
    Return an invoice to whoever knows its id; the id is the capability.

    :raises InvoiceNotFound: when there is none with this id
    """
    return _one(Invoice.objects.select_related("merchant"), public_id)


def _one(invoices: QuerySet[Invoice], public_id: str) -> Invoice:
    key = Invoice.key_from(public_id)
    if key is None:
        raise InvoiceNotFound
    invoice = invoices.filter(pk=key).first()
    if invoice is None:
        raise InvoiceNotFound
    return invoice
