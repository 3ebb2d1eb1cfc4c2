"""
Which of an invoice's options is the one it is paid in: the customer says so, or the money that comes.

Money decides only while no other has come. After that, and when the invoice is over, what arrives by another option
waits in the inbox, as any wrong asset does.
"""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet

from chains.base import Asset, Transfer
from core.money import WIDE
from invoices import services as invoice_services
from invoices.errors import OptionFixed, OptionNotOffered, RateUnavailable
from invoices.models import Invoice, InvoiceDestination
from invoices.selectors import public_invoice_for_update
from invoices.states import EXPIRING, FINAL
from payments.models import Payment
from payments.states import RECEIVED, RefundStatus, Review

log = structlog.get_logger(__name__)


@transaction.atomic
def choose_option(*, public_id: str, asset_code: str, network: str, now: datetime) -> Invoice:
    """
    Have an invoice be paid in another of its options from now on, at today's rate. Choosing the present one changes
    nothing, however late.

    :raises InvoiceNotFound: when there is none with this id
    :raises OptionNotOffered: when the invoice offers no such option
    :raises OptionFixed: when something was received, or the invoice is over
    :raises RateUnavailable: when there is no fresh rate
    :raises NoWalletConfigured: when the merchant has no wallet there any more, or its addresses are used up
    :raises NetworkUnavailable: when nothing watches the network any more
    :raises AmountsExhausted: when no amount is free at an address that invoices share
    """
    invoice = public_invoice_for_update(public_id)
    option = invoice.option(network=network, asset_code=asset_code)
    if option is None:
        raise OptionNotOffered(field="crypto_currency")
    if invoice.asks_for(network=network, asset_code=asset_code):
        return invoice
    if not may_choose(invoice, now=now):
        raise OptionFixed
    invoice_services.make_current(invoice, option, by="customer", now=now)
    return invoice


def may_choose(invoice: Invoice, *, now: datetime) -> bool:
    """Return whether the customer of ``invoice`` may still say what they pay in."""
    is_waiting = invoice.status in EXPIRING and now < invoice.expires_at
    return bool(invoice.payment_options) and is_waiting and not _has_money(invoice)


def follow_transfer(
    invoice: Invoice, transfer: Transfer, *, sent_at: datetime, is_in_time: bool, now: datetime
) -> None:
    """
    Let a transfer that was not recorded yet make the option it pays the present one; the caller holds the row lock.

    Where it cannot, the invoice stays as it is, and the transfer is one of a wrong asset.
    """
    if not invoice.payment_options or invoice.asks_for(network=transfer.network, asset_code=transfer.asset):
        return
    option = invoice.option(network=transfer.network, asset_code=transfer.asset)
    if option is not None and is_in_time:
        _follow(invoice, option, address=transfer.recipient, sent_at=sent_at, now=now)
    if not invoice.asks_for(network=transfer.network, asset_code=transfer.asset):
        # Wallets that look address by address find something here.
        _places(invoice, transfer.network, transfer.recipient).filter(paid_at=None).update(paid_at=now)


def follow_return(invoice: Invoice, payment: Payment, *, is_in_time: bool, now: datetime) -> None:
    """
    Place a payment that had left the chain and is back, when its invoice has gone on to another option meanwhile.

    It makes its own option the present one again, if no other money has come. Else it waits in the inbox, unless it is
    there that it was accepted: then it counts for what it was worth. The caller saves it and holds the row lock.
    """
    named = {"network": payment.network, "asset_code": payment.asset_code}
    if not payment.counts or invoice.asks_for(**named):
        return
    option = invoice.option(**named)
    if option is not None and is_in_time:
        _follow(invoice, option, address=payment.address, sent_at=payment.sent_at, now=now)
    if invoice.asks_for(**named):
        return
    if payment.review == Review.ACCEPTED and payment.network == invoice.network:
        worth = WIDE.divide(payment.value, invoice.rate)
        payment.credited_units = int(worth.scaleb(invoice.asset.decimals, context=WIDE))
        return
    payment.count_for_nothing()
    payment.review, payment.review_reason, payment.resolved_at = Review.OPEN, "wrong_asset", None


def follow_decision(invoice: Invoice, payment: Payment, *, now: datetime) -> None:
    """
    Let a payment that its merchant accepts make its option the present one; the caller holds the row lock.

    :raises RateUnavailable: when there is no fresh rate
    """
    named = {"network": payment.network, "asset_code": payment.asset_code}
    option = invoice.option(**named)
    if option is None or payment.status not in RECEIVED or invoice.asks_for(**named) or invoice.status in FINAL:
        return
    if _may_follow(invoice, option, payment.address):
        invoice_services.make_current(invoice, option, by="merchant", address=payment.address, now=now)


def _follow(invoice: Invoice, option: Asset, *, address: str, sent_at: datetime, now: datetime) -> None:
    if not _may_follow(invoice, option, address):
        return
    try:
        invoice_services.make_current(invoice, option, by="payment", address=address, sent_at=sent_at, now=now)
    except RateUnavailable:
        # The money waits in the inbox: whoever accepts it gets a rate then.
        log.warning("option_not_followed", invoice_id=invoice.public_id, network=option.network, asset=option.code)


def _may_follow(invoice: Invoice, option: Asset, address: str) -> bool:
    is_present = (option.network, address) == (invoice.network, invoice.address)
    return (is_present or _places(invoice, option.network, address).exists()) and not _has_money(invoice)


def _places(invoice: Invoice, network: str, address: str) -> QuerySet[InvoiceDestination]:
    return InvoiceDestination.objects.filter(invoice=invoice, network=network, address=address)


def _has_money(invoice: Invoice) -> bool:
    """Return whether money that counts for ``invoice`` is on the chain or on its way, or is promised back."""
    if Payment.objects.filter(invoice=invoice, counts=True, status__in=RECEIVED).exists():
        return True
    promised = invoice.refunds.exclude(status=RefundStatus.CANCELLED).exclude(kind="deposit")
    return promised.exists()
