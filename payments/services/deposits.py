"""The review inbox: money that matched no open invoice, or none at all, waits here until somebody decides."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db import transaction

from events.outbox import Happening, emit
from invoices.models import Invoice
from invoices.rates.book import price_of
from invoices.selectors import invoice_for_update
from invoices.states import FINAL
from merchants.models import Merchant
from payments import selectors
from payments.errors import DepositNeedsInvoice, DepositNotAcceptable, DepositNotInReview
from payments.models import Cursor, Payment
from payments.services import books
from payments.services.credit import IMPLAUSIBLE, Change, credit, judge, require_confirmations, settle_invoice
from payments.services.options import follow_decision
from payments.services.refunds import is_too_small, open_refund
from payments.services.returns import refundable_units
from payments.states import PaymentStatus, Review


class Resolution(StrEnum):
    """What to do with a deposit."""

    ACCEPT = "accept"
    REFUND = "refund"
    IGNORE = "ignore"


@transaction.atomic
def resolve_deposit(  # noqa: PLR0913 - a decision has that many parts
    *,
    merchant: Merchant,
    livemode: bool,
    public_id: str,
    resolution: Resolution,
    address: str = "",
    tag: str = "",
    invoice_id: str = "",
    now: datetime,
) -> Payment:
    """
    Decide what a deposit in review is for: count it at today's rate, refund it to ``address``, or let it be.

    ``invoice_id`` names the invoice that a deposit which matched none is accepted for.

    :raises PaymentNotFound: when the merchant has no such deposit
    :raises DepositNotInReview: when it waits for no decision
    :raises DepositNeedsInvoice: when it is to be accepted, matched no invoice, and none is named
    :raises InvoiceNotFound: when the merchant has no such invoice in this mode
    :raises DepositNotAcceptable: when the invoice has ended for good, or is not one this deposit can be for; or when
        the deposit is to be refunded, and some of it is promised back already
    :raises InvalidAddress: when the address to refund to is none of the network
    :raises RateUnavailable: when it is to be counted and there is no fresh rate
    """
    found = selectors.get_payment(merchant=merchant, livemode=livemode, public_id=public_id)
    invoice = _lock_invoice(found, merchant, accepted_for=invoice_id, is_accepted=resolution is Resolution.ACCEPT)
    payment = Payment.objects.select_for_update().get(pk=found.pk)
    if payment.review != Review.OPEN:
        raise DepositNotInReview
    change = Change(payment, was=PaymentStatus(payment.status))
    if resolution is Resolution.ACCEPT:
        _accept(payment, invoice, now)
    elif resolution is Resolution.REFUND:
        if is_too_small(payment.asset, payment.units):
            raise DepositNotAcceptable("The network carries no such small amount back; let it be.")
        _refuse_if_promised(payment, invoice)
        payment.count_for_nothing()
        payment.review = Review.REFUNDED
        open_refund(invoice, payment=payment, units=payment.units, address=address, tag=tag, kind="deposit", now=now)
    else:
        payment.review = Review.IGNORED
    payment.resolved_at = now
    payment.save()
    if invoice is not None:
        settle_invoice(invoice, [change], now=now, always=True)
    else:
        books.follow_deposit(payment, now=now)
    _tell(payment, invoice, resolution)
    return payment


def _lock_invoice(found: Payment, merchant: Merchant, *, accepted_for: str, is_accepted: bool) -> Invoice | None:
    """Lock the invoice that a deposit is, or will be, for; always cursor, invoice, payment, as the scan does."""
    if found.invoice_id is None:
        Cursor.objects.select_for_update().filter(network=found.network).first()
        found.refresh_from_db(fields=["invoice"])
    if found.invoice_id is not None:
        invoice = Invoice.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=found.invoice_id)
        if accepted_for not in {"", invoice.public_id}:
            raise DepositNotAcceptable(f"This deposit is for {invoice.public_id}.", field="invoice_id")
        return invoice
    if not is_accepted:
        return None
    if not accepted_for:
        raise DepositNeedsInvoice(field="invoice_id")
    return invoice_for_update(merchant=merchant, livemode=found.livemode, public_id=accepted_for)


def _accept(payment: Payment, invoice: Invoice | None, now: datetime) -> None:
    if invoice is None or invoice.status in FINAL:
        raise DepositNotAcceptable
    if payment.invoice_id is None:
        _assign(payment, invoice)
    follow_decision(invoice, payment, now=now)
    if payment.network != invoice.network:
        raise DepositNotAcceptable(
            "The invoice is paid on another network than this deposit. Return it, or let it be and take what the "
            "invoice has for enough."
        )
    if not payment.counts:
        credit(payment, invoice, rate=_rate_for(payment, invoice, now))
        if payment.value > IMPLAUSIBLE:
            raise DepositNotAcceptable("This amount is more than all the money there is.")
    payment.review = Review.ACCEPTED


def _rate_for(payment: Payment, invoice: Invoice, now: datetime) -> Decimal:
    """Return today's rate; where the invoice is priced in what has come, an amount of that is worth itself."""
    if invoice.priced_in_asset and invoice.asks_for(network=payment.network, asset_code=payment.asset_code):
        return invoice.rate
    price = price_of(payment.asset_code, currencies={invoice.currency}, livemode=invoice.livemode, now=now)
    return price.rate(invoice.currency)


def _refuse_if_promised(payment: Payment, invoice: Invoice | None) -> None:
    """Return no money twice: refuse a deposit that counts when other refunds of its invoice rest on it."""
    if invoice is None or not payment.counts or payment.status != PaymentStatus.CONFIRMED:
        return
    if refundable_units(invoice, payment.asset_code) < payment.units:
        raise DepositNotAcceptable("Some of this deposit is promised back already; refund the rest on its invoice.")


def _assign(payment: Payment, invoice: Invoice) -> None:
    """Make a deposit that matched none a payment of ``invoice``."""
    if payment.network != invoice.network:
        raise DepositNotAcceptable("This deposit arrived on another network than the invoice's.", field="invoice_id")
    payment.invoice = invoice
    named = {"network": payment.network, "asset_code": payment.asset_code}
    payment.is_late = judge(invoice, **named, sent_at=payment.sent_at).is_late
    require_confirmations(payment, invoice)


def _tell(payment: Payment, invoice: Invoice | None, resolution: Resolution) -> None:
    emit(
        Happening(
            type="deposit.resolved",
            merchant_id=payment.merchant_id,
            livemode=payment.livemode,
            invoice_id=invoice.pk if invoice else None,
            object_id=payment.public_id,
            data={
                "invoice_id": invoice.public_id if invoice else None,
                "payment_id": payment.public_id,
                "resolution": str(resolution),
            },
        )
    )
