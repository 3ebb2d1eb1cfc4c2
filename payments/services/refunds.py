"""Money back to the payer. The gateway holds no keys: it opens the refund, the merchant sends it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from chains import addresses, registry
from core.money import has_at_most
from events.outbox import emit
from invoices import services as invoice_services
from invoices.models import Invoice
from invoices.selectors import invoice_for_update
from invoices.states import InvoiceStatus
from merchants.models import Merchant
from payments import selectors
from payments.errors import InvalidAddress, NothingToRefund, RefundNotOpen, RefundTooLarge
from payments.events import refund_event
from payments.models import Payment, Refund
from payments.services import books
from payments.states import PaymentStatus, RefundStatus


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What to return: ``amount`` in the invoice's asset (None: all that is left), to ``address``."""

    address: str
    amount: Decimal | None = None
    reason: str = ""


@transaction.atomic
def request_refund(*, merchant: Merchant, livemode: bool, public_id: str, order: RefundOrder, now: datetime) -> Refund:
    """
    Open a refund of confirmed money.

    :raises InvoiceNotFound: when the merchant has no such invoice
    :raises NothingToRefund: when all of it was refunded, or nothing is confirmed
    :raises RefundTooLarge: when more is asked than is left, or a fraction the asset does not have
    :raises InvalidAddress: when the address is not one of the network
    """
    invoice = invoice_for_update(merchant=merchant, livemode=livemode, public_id=public_id)
    available = refundable_units(invoice)
    if available <= 0:
        raise NothingToRefund
    units = available if order.amount is None else _units(invoice, order.amount)
    if units > available:
        left = invoice.asset.to_amount(available)
        raise RefundTooLarge(
            f"At most {left:f} {invoice.asset_code} can be refunded.", field="amount", constraints={"max_amount": left}
        )
    address = _address(invoice.network, order.address)
    return open_refund(invoice, units=units, address=address, reason=order.reason, kind="requested", now=now)


@transaction.atomic
def accept_invoice(*, merchant: Merchant, livemode: bool, public_id: str, now: datetime) -> Invoice:
    """
    Take what has arrived for enough, and settle it when it is confirmed.

    :raises InvoiceNotFound: when the merchant has none with this id
    :raises InvoiceNotAcceptable: when it is not partly paid
    """
    invoice = invoice_services.accept_invoice(merchant=merchant, livemode=livemode, public_id=public_id, now=now)
    books.follow(invoice, now=now)
    return invoice


@transaction.atomic
def cancel_invoice(
    *, merchant: Merchant, livemode: bool, public_id: str, reason: str, refund_partial_payments: bool, now: datetime
) -> Invoice:
    """
    Cancel an invoice and, if asked, open a refund for each payment it has received.

    :raises InvoiceNotFound: when the merchant has no such invoice
    :raises InvoiceNotCancellable: when it has ended, or enough money is already on its way
    """
    invoice = invoice_services.cancel_invoice(
        merchant=merchant, livemode=livemode, public_id=public_id, reason=reason, now=now
    )
    if refund_partial_payments:
        for payment in invoice.payments.filter(status__in=selectors.RECEIVED, counts=True).order_by("created_at"):
            open_refund(
                invoice,
                payment=payment,
                units=payment.units,
                address="",
                reason=reason or "Invoice cancelled",
                kind="cancellation",
                now=now,
            )
    return invoice


def open_surplus_refund(*, invoice: Invoice, now: datetime) -> Refund | None:
    """Open a refund for what was paid too much, once; the caller holds the invoice's row lock."""
    surplus = min(invoice.confirmed_units - invoice.amount_units, refundable_units(invoice))
    if surplus <= 0 or invoice.refunds.filter(kind="surplus").exclude(status=RefundStatus.CANCELLED).exists():
        return None
    return open_refund(invoice, units=surplus, address="", reason="Overpaid", kind="surplus", now=now)


@transaction.atomic
def complete_refund(
    *, merchant: Merchant, livemode: bool, public_id: str, txid: str, address: str = "", now: datetime
) -> Refund:
    """
    Note that the merchant has sent a refund in transaction ``txid``.

    A paid invoice whose whole amount has gone back becomes refunded.

    :raises RefundNotFound: when the merchant has no such refund
    :raises RefundNotOpen: when it was completed or cancelled before
    """
    refund = _open_refund_for_update(merchant, livemode, public_id)
    refund.status = RefundStatus.COMPLETED
    refund.txid = txid
    refund.completed_at = now
    if address:
        refund.address = _address(refund.network, address)
    refund.save()
    invoice = refund.invoice
    emit(refund_event(refund, "refund.completed"))
    books.follow_refund(refund, now=now)
    if invoice and invoice.status == InvoiceStatus.PAID and _returned_units(invoice) >= invoice.confirmed_units:
        invoice_services.mark_refunded(invoice_id=invoice.pk, now=now)
        invoice.refresh_from_db()
    return refund


@transaction.atomic
def cancel_refund(*, merchant: Merchant, livemode: bool, public_id: str, now: datetime) -> Refund:
    """
    Withdraw a refund that has not been sent.

    :raises RefundNotFound: when the merchant has no such refund
    :raises RefundNotOpen: when it was completed or cancelled before
    """
    refund = _open_refund_for_update(merchant, livemode, public_id)
    refund.status = RefundStatus.CANCELLED
    refund.completed_at = now
    refund.save()
    emit(refund_event(refund, "refund.cancelled"))
    books.follow_refund(refund, now=now)
    return refund


def refundable_units(invoice: Invoice) -> int:
    """Return what is confirmed in the invoice's own asset and not yet promised back, in base units."""
    confirmed = Payment.objects.filter(
        invoice=invoice, counts=True, status=PaymentStatus.CONFIRMED, asset_code=invoice.asset_code
    ).aggregate(units=Sum("units"))["units"]
    promised = (
        invoice.refunds.filter(asset_code=invoice.asset_code)
        .exclude(status=RefundStatus.CANCELLED)
        .exclude(kind="deposit")
        .aggregate(units=Sum("units"))["units"]
    )
    return int(confirmed or 0) - int(promised or 0)


def open_refund(  # noqa: PLR0913 - one argument a fact of the refund
    invoice: Invoice | None,
    *,
    units: int,
    address: str,
    kind: str,
    now: datetime,
    payment: Payment | None = None,
    reason: str = "",
) -> Refund:
    """
    Open a refund of ``units`` base units; the caller holds the invoice's row lock.

    A deposit that is for no invoice is returned by ``payment`` alone.
    """
    source = payment or invoice
    if source is None:
        raise ValueError("a refund returns a payment or something of an invoice")
    refund = Refund.objects.create(
        merchant_id=source.merchant_id,
        livemode=source.livemode,
        invoice=invoice,
        payment=payment,
        network=source.network,
        asset_code=source.asset_code,
        units=units,
        address=_address(source.network, address) if address else "",
        reason=reason,
        kind=kind,
        created_at=now,
    )
    emit(refund_event(refund, "refund.created"))
    books.follow_refund(refund, now=now)
    return refund


def _open_refund_for_update(merchant: Merchant, livemode: bool, public_id: str) -> Refund:
    refund = selectors.get_refund(merchant=merchant, livemode=livemode, public_id=public_id)
    invoices = Invoice.objects.select_for_update(of=("self",)).select_related("merchant")
    invoice = invoices.get(pk=refund.invoice_id) if refund.invoice_id else None
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    if refund.status != RefundStatus.REQUESTED:
        raise RefundNotOpen(f"This refund is {refund.status} already.")
    refund.invoice = invoice
    return refund


def _returned_units(invoice: Invoice) -> int:
    completed = invoice.refunds.filter(status=RefundStatus.COMPLETED, asset_code=invoice.asset_code)
    return int(completed.exclude(kind="deposit").aggregate(units=Sum("units"))["units"] or 0)


def _units(invoice: Invoice, amount: Decimal) -> int:
    asset = invoice.asset
    if amount <= 0 or not has_at_most(amount, asset.decimals):
        raise RefundTooLarge(
            f"An amount of {asset.code} is above 0 and has at most {asset.decimals} digits after the point.",
            field="amount",
        )
    return asset.to_units(amount)


def _address(network: str, text: str) -> str:
    if not addresses.is_valid_address(network, text):
        raise InvalidAddress(f"This is not an address on {registry.network(network).name}.", field="address")
    return addresses.normalise_address(network, text)
