"""What payments does when something happened: open the refund of a surplus, settle what was accepted as it is."""

from django.utils import timezone

from events.models import Event
from events.outbox import subscribe
from invoices.models import Invoice, OverpaymentAction
from invoices.states import InvoiceException
from payments.models import Settlement, SettlementStatus
from payments.services import books
from payments.services.refunds import open_surplus_refund


def register() -> None:
    """Subscribe to the event log; called once when the app is ready."""
    subscribe("payments.surplus", refund_surplus, types=frozenset({"invoice.overpaid"}))
    subscribe("payments.books", settle_paid, types=frozenset({"invoice.paid"}))


def refund_surplus(event: Event) -> None:
    """Open a refund for the surplus if that is the invoice's rule and it is still overpaid."""
    if event.invoice_id is None:
        return
    invoice = Invoice.objects.select_for_update().get(pk=event.invoice_id)
    wants_refund = invoice.overpayment_action == OverpaymentAction.REFUND
    if wants_refund and invoice.exception == InvoiceException.OVERPAID:
        open_surplus_refund(invoice=invoice, now=timezone.now())


def settle_paid(event: Event) -> None:
    """Settle an invoice that became paid by a decision below this floor; payments settle theirs themselves."""
    if (
        event.invoice_id is None
        or Settlement.objects.filter(invoice_id=event.invoice_id, status=SettlementStatus.SETTLED).exists()
    ):
        return
    locked = Invoice.objects.select_for_update(of=("self",)).select_related("merchant")
    invoice = locked.filter(pk=event.invoice_id).first()
    if invoice is not None:
        books.follow(invoice, now=timezone.now())
