"""The review inbox: money that matched no open invoice waits here until somebody decides."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db import transaction

from events.outbox import Happening, emit
from invoices.models import Invoice
from invoices.rates.book import price_of
from invoices.states import FINAL
from merchants.models import Merchant
from payments import selectors
from payments.errors import DepositNotAcceptable, DepositNotInReview
from payments.models import Payment
from payments.services.credit import IMPLAUSIBLE, Change, credit, settle_invoice
from payments.services.refunds import open_refund
from payments.states import PaymentStatus, Review


class Resolution(StrEnum):
    """What to do with a deposit."""

    ACCEPT = "accept"
    REFUND = "refund"
    IGNORE = "ignore"


@transaction.atomic
def resolve_deposit(
    *, merchant: Merchant, livemode: bool, public_id: str, resolution: Resolution, address: str = "", now: datetime
) -> Payment:
    """
    Decide what a deposit in review is for: count it at today's rate, refund it to ``address``, or let it be.

    :raises PaymentNotFound: when the merchant has no such deposit
    :raises DepositNotInReview: when it waits for no decision
    :raises DepositNotAcceptable: when the invoice has ended for good
    :raises RateUnavailable: when it is to be counted and there is no fresh rate
    """
    payment = selectors.get_payment(merchant=merchant, livemode=livemode, public_id=public_id)
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=payment.invoice_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if payment.review != Review.OPEN:
        raise DepositNotInReview
    change = Change(payment, was=PaymentStatus(payment.status))
    if resolution is Resolution.ACCEPT:
        _accept(payment, invoice, now)
    elif resolution is Resolution.REFUND:
        payment.counts, payment.value, payment.credited_units = False, Decimal(0), 0
        payment.review = Review.REFUNDED
        open_refund(invoice, payment=payment, units=payment.units, address=address, kind="deposit", now=now)
    else:
        payment.review = Review.IGNORED
    payment.resolved_at = now
    payment.save()
    settle_invoice(invoice, [change], now=now, always=True)
    emit(
        Happening(
            type="deposit.resolved",
            merchant_id=invoice.merchant_id,
            livemode=invoice.livemode,
            invoice_id=invoice.pk,
            object_id=payment.public_id,
            data={"invoice_id": invoice.public_id, "payment_id": payment.public_id, "resolution": str(resolution)},
        )
    )
    return payment


def _accept(payment: Payment, invoice: Invoice, now: datetime) -> None:
    if invoice.status in FINAL:
        raise DepositNotAcceptable
    if not payment.counts:
        price = price_of(payment.asset_code, currencies={invoice.currency}, livemode=invoice.livemode, now=now)
        credit(payment, invoice, rate=price.rate(invoice.currency))
        if payment.value > IMPLAUSIBLE:
            raise DepositNotAcceptable("This amount is more than all the money there is.")
    payment.review = Review.ACCEPTED
