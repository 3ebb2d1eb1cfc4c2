"""What payments does when something happened: an overpaid invoice whose rule is to refund gets its refund opened."""

from django.utils import timezone

from events.models import Event
from events.outbox import subscribe
from invoices.models import Invoice, OverpaymentAction
from invoices.states import InvoiceException
from payments.services.refunds import open_surplus_refund


def register() -> None:
    """Subscribe to the event log; called once when the app is ready."""
    subscribe("payments.surplus", refund_surplus, types=frozenset({"invoice.overpaid"}))


def refund_surplus(event: Event) -> None:
    """Open a refund for the surplus if that is the invoice's rule and it is still overpaid."""
    if event.invoice_id is None:
        return
    invoice = Invoice.objects.select_for_update().get(pk=event.invoice_id)
    wants_refund = invoice.overpayment_action == OverpaymentAction.REFUND
    if wants_refund and invoice.exception == InvoiceException.OVERPAID:
        open_surplus_refund(invoice=invoice, now=timezone.now())
