"""The facts an event stream opens with: what the public view of the invoice says at that moment."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from api.v1.rendering.invoices import public_view
from invoices.models import Invoice
from payments import selectors as payments


def snapshot(invoice_key: UUID) -> dict[str, Any] | None:
    """Return the public view of an invoice as it is now, or None when there is none."""
    invoice = Invoice.objects.filter(pk=invoice_key).first()
    if invoice is None:
        return None
    return public_view(invoice, payments=payments.payments_of(invoice), now=timezone.now())
