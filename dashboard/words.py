"""Statuses in words, each with the tone of its badge; tests see to it that none is missing."""

from collections.abc import Mapping
from typing import Final, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from invoices.states import InvoiceException, InvoiceStatus
from merchants.models import KeyStatus
from payments.models import Account, SettlementStatus
from payments.states import PaymentStatus, RefundStatus
from webhooks.states import DeliveryStatus, DisabledReason

Said = tuple[Promise, str]  # the words, and the tone: good, warn, bad, info or ""
Status = TypeVar("Status", bound=str)

INVOICE: Final[Mapping[InvoiceStatus, Said]] = {
    InvoiceStatus.CREATED: (_("Not opened yet"), ""),
    InvoiceStatus.PENDING: (_("Waiting for payment"), "info"),
    InvoiceStatus.PARTIAL: (_("Partly paid"), "warn"),
    InvoiceStatus.CONFIRMING: (_("Confirming"), "info"),
    InvoiceStatus.PAID: (_("Paid"), "good"),
    InvoiceStatus.EXPIRED: (_("Expired"), ""),
    InvoiceStatus.CANCELLED: (_("Cancelled"), ""),
    InvoiceStatus.REFUNDED: (_("Refunded"), ""),
}
EXCEPTION: Final[Mapping[InvoiceException, Said | None]] = {
    InvoiceException.NONE: None,
    InvoiceException.UNDERPAID: (_("Too little"), "warn"),
    InvoiceException.OVERPAID: (_("Too much"), "warn"),
    InvoiceException.LATE: (_("Late"), "warn"),
}
PAYMENT: Final[Mapping[PaymentStatus, Said]] = {
    PaymentStatus.DETECTED: (_("Seen"), "info"),
    PaymentStatus.CONFIRMING: (_("Confirming"), "info"),
    PaymentStatus.CONFIRMED: (_("Confirmed"), "good"),
    PaymentStatus.ORPHANED: (_("Taken back by the network"), "bad"),
    PaymentStatus.FAILED: (_("Failed"), "bad"),
}
REFUND: Final[Mapping[RefundStatus, Said]] = {
    RefundStatus.REQUESTED: (_("To be sent"), "warn"),
    RefundStatus.SENT: (_("On its way"), "info"),
    RefundStatus.COMPLETED: (_("Sent"), "good"),
    RefundStatus.CANCELLED: (_("Cancelled"), ""),
}
REFUND_KIND: Final[Mapping[str, Promise]] = {
    "requested": _("Refund"),
    "part": _("Part, before the invoice was paid"),
    "cancellation": _("Invoice cancelled"),
    "surplus": _("Paid too much"),
    "deposit": _("Money from the inbox"),
}
SETTLEMENT: Final[Mapping[SettlementStatus, Said]] = {
    SettlementStatus.SETTLED: (_("Settled"), "good"),
    SettlementStatus.REVERSED: (_("Reversed"), "warn"),
}
REVERSAL: Final[Mapping[str, Promise]] = {
    "reorg": _("The network took the payment back."),
    "changed": _("What counts for the invoice changed; the newer one holds."),
}
# What the books hold, from the merchant's side; the wallets' content first, then whose it is.
ACCOUNT: Final[Mapping[Account, Promise]] = {
    Account.CHAIN: _("In your wallets"),
    Account.MERCHANT: _("Yours"),
    Account.FEES: _("Fee of the platform"),
    Account.NETWORK_FEES: _("Spent on network fees"),
    Account.CUSTOMERS: _("For invoices not paid in full"),
    Account.REFUNDS: _("To go back to customers"),
    Account.CREDITS: _("Credit of customers"),
    Account.UNMATCHED: _("In the inbox"),
}
DELIVERY: Final[Mapping[DeliveryStatus, Said]] = {
    DeliveryStatus.PENDING: (_("Waiting"), "info"),
    DeliveryStatus.DELIVERED: (_("Delivered"), "good"),
    DeliveryStatus.FAILED: (_("Given up"), "bad"),
}
ENDPOINT: Final[Mapping[str, Said]] = {  # by why it is disabled
    "": (_("Active"), "good"),
    DisabledReason.BY_MERCHANT: (_("Disabled"), ""),
    DisabledReason.GONE: (_("Disabled: it answered 410 Gone"), "bad"),
    DisabledReason.FAILING: (_("Disabled: only failures for 5 days"), "bad"),
}
# What an entry of the log says to people; events without words here are shown by their name.
EVENT: Final[Mapping[str, Promise]] = {
    "invoice.created": _("Created"),
    "invoice.pending": _("Opened by the customer"),
    "invoice.partially_paid": _("Paid in part"),
    "invoice.confirming": _("Paid, waiting for confirmations"),
    "invoice.paid": _("Paid"),
    "invoice.expired": _("Expired"),
    "invoice.cancelled": _("Cancelled"),
    "invoice.refunded": _("Refunded"),
    "invoice.overpaid": _("Too much was paid"),
    "invoice.reversed": _("A payment was taken back by the network"),
    "invoice.note_added": _("Note added"),
    "invoice.note_changed": _("Note changed"),
    "invoice.note_deleted": _("Note deleted"),
    "invoice.option_chosen": _("Another way to pay was chosen"),
    "payment.detected": _("Payment seen"),
    "payment.confirming": _("Payment in a block"),
    "payment.confirmed": _("Payment confirmed"),
    "payment.failed": _("Payment failed"),
    "payment.reversed": _("Payment taken back by the network"),
    "refund.created": _("Refund opened"),
    "refund.address_set": _("The customer named the refund's address"),
    "refund.held": _("Refund held"),
    "refund.released": _("Refund released"),
    "refund.completed": _("Refund sent"),
    "refund.reversed": _("Refund taken back by the network"),
    "refund.cancelled": _("Refund withdrawn"),
    "webhook.test": _("A test of an endpoint"),
    "settlement.created": _("Settled"),
    "settlement.reversed": _("Settlement reversed"),
}
KEY: Final[Mapping[KeyStatus, Said]] = {
    KeyStatus.ACTIVE: (_("Active"), "good"),
    KeyStatus.REVOKED: (_("Revoked"), ""),
    KeyStatus.EXPIRED: (_("Ended"), ""),
}
