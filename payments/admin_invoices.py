"""What staff may do to invoices. It stands here and not with the invoices: all of it settles or returns money."""

from typing import Final

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from events.acts import Act, Order
from invoices.admin import InvoiceAdmin
from invoices.models import Invoice
from invoices.states import CANCELLABLE, InvoiceStatus
from payments import services


def _accept(invoice: Invoice, order: Order) -> Invoice:
    return services.accept_invoice(
        merchant=invoice.merchant, livemode=invoice.livemode, public_id=invoice.public_id, now=order.now
    )


def _cancel(invoice: Invoice, order: Order) -> Invoice:
    return services.cancel_invoice(
        merchant=invoice.merchant,
        livemode=invoice.livemode,
        public_id=invoice.public_id,
        reason="Cancelled by staff",
        refund_partial_payments=order.values["refund_payments"],
        now=order.now,
    )


def _refund(invoice: Invoice, order: Order) -> object:
    return services.request_refund(
        merchant=invoice.merchant,
        livemode=invoice.livemode,
        public_id=invoice.public_id,
        order=services.RefundOrder(reason="Opened by staff"),
        now=order.now,
    )


def _is_short(invoice: Invoice) -> bool:
    is_late = invoice.status == InvoiceStatus.EXPIRED and invoice.received_units > 0
    return is_late or invoice.status == InvoiceStatus.PARTIAL


INVOICE_ACTS: Final = (
    Act(
        "accept",
        label=_("Accept what arrived"),
        meaning=_(
            "What has arrived is taken for enough: the invoice is paid as soon as that is confirmed, it is settled for "
            "what came, and merchant and customer are told. This cannot be taken back."
        ),
        change=_accept,
        is_possible=_is_short,
    ),
    Act(
        "refund",
        label=_("Open a refund of everything"),
        meaning=_(
            "A refund of all that is confirmed and not promised back is opened. Its customer or merchant says where "
            "it goes, the merchant sends it; when it has gone back the invoice is refunded."
        ),
        change=_refund,
        is_possible=lambda invoice: invoice.confirmed_units > 0,
        is_grave=True,
    ),
    Act(
        "cancel",
        label=_("Cancel"),
        meaning=_(
            "The invoice can no longer be paid, and its customer is told so. Money that comes later goes to the inbox."
        ),
        change=_cancel,
        fields={
            "refund_payments": lambda: forms.BooleanField(
                label=_("Open refunds of what has arrived"), required=False, initial=True
            )
        },
        is_possible=lambda invoice: invoice.status in CANCELLABLE,
        is_grave=True,
    ),
)

admin.site.unregister(Invoice)


@admin.register(Invoice)
class PayableInvoiceAdmin(InvoiceAdmin):
    """The same page, with what can be done to an invoice."""

    acts = INVOICE_ACTS
