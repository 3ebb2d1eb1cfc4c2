"""
What payments does when something happened.

It opens the refund of a surplus, settles what was accepted as it is, and asks anew where a refund goes when its
address has become one of the gateway's own.
"""

from django.utils import timezone

from events.models import Event
from events.outbox import subscribe
from invoices.models import Invoice, OverpaymentAction
from invoices.states import InvoiceException
from payments.models import Settlement, SettlementStatus
from payments.services import books
from payments.services.refunds import open_surplus_refund
from payments.services.returns import ask_again


def register() -> None:
    """Subscribe to the event log; called once when the app is ready."""
    subscribe("payments.surplus", refund_surplus, types=frozenset({"invoice.overpaid"}))
    subscribe(
        "payments.own_addresses",
        ask_where_refunds_go,
        types=frozenset({"invoice.created", "wallet.created", "wallet.addresses_added"}),
    )
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


def ask_where_refunds_go(event: Event) -> None:
    """Ask anew where refunds go whose address takes payments from now on: sent there, they would pay for something."""
    found = [event.data.get("address"), *(event.data.get("addresses") or ())]
    addresses = [address for address in found if isinstance(address, str) and address]
    network = event.data.get("network")
    if addresses and isinstance(network, str):
        ask_again(network, addresses, now=timezone.now())
