"""Money back to the payer: the merchant opens the refund and sends it, from whichever wallet they like."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from chains import addresses, registry, txids
from chains.base import Asset
from chains.tags import is_destination_tag
from core.money import WIDE, has_at_most
from events.outbox import emit
from invoices import services as invoice_services
from invoices.models import Invoice, OverpaymentAction
from invoices.rates.book import price_of
from invoices.selectors import invoice_for_update
from invoices.states import InvoiceException, InvoiceStatus
from merchants.models import Merchant
from payments import selectors
from payments.errors import (
    InvalidAddress,
    NothingToRefund,
    RefundableChanged,
    RefundNotOpen,
    RefundTooLarge,
    RefundTooSmall,
)
from payments.events import refund_event
from payments.models import Cursor, Payment, Refund
from payments.services import books, payouts
from payments.services.receipts import PART, recount, standing_refunds
from payments.services.recognition import claim_transfer
from payments.services.returns import finish, hold_unfounded, hold_unfounded_of, refundable_units
from payments.states import OPEN_REFUND, RefundStatus
from payments.watchlist import IssuedAddresses

# What of these goes back is a matter between merchant and customer: the invoice stays what it is.
_ENDED: Final = frozenset({InvoiceStatus.PAID, InvoiceStatus.REFUNDED, InvoiceStatus.CANCELLED})


class RefundRate(StrEnum):
    """At which rate an amount of fiat is returned."""

    PAYMENT = "payment"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """
    What to return: ``amount`` in the invoice's asset, or ``fiat_amount`` in its currency; neither: all that is left.

    ``address`` may stay empty: the customer then names it on the page of ``claim_path``. ``tag`` is the destination
    tag that goes with it, where the network has them. ``left`` is what could be refunded when the order was written, if
    whoever wrote it has seen it: an order that is sent twice opens one refund.
    """

    address: str = ""
    tag: str = ""
    amount: Decimal | None = None
    fiat_amount: Decimal | None = None
    rate: RefundRate = RefundRate.PAYMENT
    reason: str = ""
    left: Decimal | None = None


@transaction.atomic
def request_refund(*, merchant: Merchant, livemode: bool, public_id: str, order: RefundOrder, now: datetime) -> Refund:
    """
    Open a refund of confirmed money. While the invoice is not paid, what goes back counts for nothing any more.

    :raises InvoiceNotFound: when the merchant has no such invoice
    :raises NothingToRefund: when all of it was refunded, or nothing is confirmed
    :raises RefundableChanged: when what is left is not what the order was written for
    :raises RefundTooLarge: when more is asked than is left, or a fraction the asset does not have
    :raises RefundTooSmall: when the network carries no such small amount
    :raises InvalidAddress: when the address is not one of the network, or one of the gateway's own
    :raises RateUnavailable: when today's rate is wanted and there is none
    """
    invoice = invoice_for_update(merchant=merchant, livemode=livemode, public_id=public_id)
    available = refundable_units(invoice)
    if available <= 0:
        raise NothingToRefund
    if order.left is not None and order.left != invoice.asset.to_amount(available):
        raise RefundableChanged
    units, field = _wanted_units(invoice, order, available, now)
    if units > available:
        left = invoice.asset.to_amount(available)
        raise RefundTooLarge(
            f"At most {left:f} {invoice.asset_code} can be refunded.", field=field, constraints={"max_amount": left}
        )
    _refuse_dust(invoice, units, field)
    kind = "requested" if invoice.status in _ENDED else PART
    return open_refund(
        invoice, units=units, address=order.address, tag=order.tag, reason=order.reason, kind=kind, now=now
    )


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
    Cancel an invoice and, if asked, open a refund for each payment, less what was promised back before.

    :raises InvoiceNotFound: when the merchant has no such invoice
    :raises InvoiceNotCancellable: when it has ended, or enough money is already on its way
    """
    invoice = invoice_services.cancel_invoice(
        merchant=merchant, livemode=livemode, public_id=public_id, reason=reason, now=now
    )
    if refund_partial_payments:
        _return_payments(invoice, reason=reason or "Invoice cancelled", now=now)
    return invoice


def _return_payments(invoice: Invoice, *, reason: str, now: datetime) -> None:
    """Open a refund of each payment that counts, less what of its asset is promised back or was sent already."""
    promised: dict[str, int] = defaultdict(int)
    for earlier in invoice.refunds.exclude(status=RefundStatus.CANCELLED).exclude(kind="deposit"):
        promised[earlier.asset_code] += earlier.units
    for payment in invoice.payments.filter(status__in=selectors.RECEIVED, counts=True).order_by("created_at", "pk"):
        covered = min(promised[payment.asset_code], payment.units)
        promised[payment.asset_code] -= covered
        units = payment.units - covered
        if units > 0 and not is_too_small(payment.asset, units):
            open_refund(invoice, payment=payment, units=units, address="", reason=reason, kind="cancellation", now=now)


def refund_surplus(invoice: Invoice, *, now: datetime) -> None:
    """Open a refund for the confirmed surplus of a paid invoice if that is its rule; the caller holds its row lock."""
    wants_refund = invoice.overpayment_action == OverpaymentAction.REFUND
    is_over = invoice.status == InvoiceStatus.PAID and invoice.exception == InvoiceException.OVERPAID
    if wants_refund and is_over:
        open_surplus_refund(invoice=invoice, now=now)


def open_surplus_refund(*, invoice: Invoice, now: datetime) -> Refund | None:
    """
    Open a refund for what was paid too much and has none yet; the caller holds the invoice's row lock.

    One that the merchant withdrew was decided about, and is not opened again.
    """
    decided = int(invoice.refunds.filter(kind="surplus").aggregate(units=Sum("units"))["units"] or 0)
    surplus = min(invoice.confirmed_units - invoice.amount_units - decided, refundable_units(invoice))
    if surplus <= 0 or is_too_small(invoice.asset, surplus):
        return None
    return open_refund(invoice, units=surplus, address="", reason="Overpaid", kind="surplus", now=now)


@transaction.atomic
def complete_refund(  # noqa: PLR0913 - one argument a fact of what was sent
    *, merchant: Merchant, livemode: bool, public_id: str, txid: str, address: str = "", tag: str = "", now: datetime
) -> Refund:
    """
    Note that the merchant has sent a refund in transaction ``txid``.

    A paid invoice whose whole amount has gone back becomes refunded.

    :raises RefundNotFound: when the merchant has no such refund
    :raises RefundNotOpen: when it was completed or cancelled before, or a vault is sending it
    :raises RefundTransactionTaken: when the chain has shown that the transaction is that of another refund
    :raises InvalidAddress: when the address is not one of the network, or one of the gateway's own
    """
    refund = _refund_for_update(merchant, livemode, public_id)
    if refund.status not in OPEN_REFUND:
        raise RefundNotOpen(f"This refund is {refund.status} already.")
    payouts.release_refund(refund, now=now)
    if refund.ordinal is None:  # else the chain has shown which transfer it is, and where it went
        if address:
            refund.address, refund.tag = check_refund_destination(refund.network, address, tag)
        elif refund.address:  # it may have become one of ours since it was given
            check_refund_destination(refund.network, refund.address, refund.tag)
    claim_transfer(refund, txids.find_txid(registry.network(refund.network), txid) or txid)
    finish(refund, now=now)
    return refund


@transaction.atomic
def set_refund_address(
    *, merchant: Merchant, livemode: bool, public_id: str, address: str, tag: str = "", now: datetime
) -> Refund:
    """
    Say, or say again, where a refund is to go, before it is sent.

    :raises RefundNotFound: when the merchant has no such refund
    :raises RefundNotOpen: when it was sent or cancelled before
    :raises InvalidAddress: when the address or the tag is not one of the network, or one of the gateway's own
    """
    refund = _refund_for_update(merchant, livemode, public_id)
    return _set_destination(refund, address, tag, now)


@transaction.atomic
def claim_refund(*, token: str, address: str, tag: str = "", now: datetime) -> Refund:
    """
    Let the customer say, once, where a refund is to go; ``token`` is that of the claim link.

    :raises RefundNotFound: when the link is not ours or too old
    :raises RefundNotOpen: when the refund has an address, was sent or was cancelled
    :raises InvalidAddress: when the address or the tag is not one of the network, or one of the gateway's own
    """
    found = selectors.refund_of_claim(token)
    refund = _refund_for_update(found.merchant, found.livemode, found.public_id)
    if refund.address:
        raise RefundNotOpen("Where this refund goes has been said already.")
    refund.claimed_at = now
    return _set_destination(refund, address, tag, now)


@transaction.atomic
def send_refund(*, merchant: Merchant, livemode: bool, public_id: str, now: datetime) -> Refund:
    """
    Have the vault that the invoice was paid to send a refund, once; asking again changes nothing.

    :raises RefundNotFound: when the merchant has no such refund
    :raises RefundNotOpen: when it was sent or cancelled before
    :raises RefundNotFromVault: when the invoice was not paid to a vault
    :raises RefundNotSendable: when it has no address, or is held
    """
    refund = _refund_for_update(merchant, livemode, public_id)
    payouts.plan_refund(refund, now=now)
    return refund


@transaction.atomic
def cancel_refund(*, merchant: Merchant, livemode: bool, public_id: str, now: datetime) -> Refund:
    """
    Withdraw a refund that has not been sent.

    :raises RefundNotFound: when the merchant has no such refund
    :raises RefundNotOpen: when it was completed or cancelled before
    """
    refund = _refund_for_update(merchant, livemode, public_id)
    if refund.status != RefundStatus.REQUESTED:
        raise RefundNotOpen(f"This refund is {refund.status} already.")
    payouts.release_refund(refund, now=now)
    refund.status = RefundStatus.CANCELLED
    refund.completed_at = now
    refund.save()
    _tell(refund, "refund.cancelled", now=now)
    return refund


def open_refund(  # noqa: PLR0913 - one argument a fact of the refund
    invoice: Invoice | None,
    *,
    units: int,
    address: str,
    kind: str,
    now: datetime,
    payment: Payment | None = None,
    tag: str = "",
    reason: str = "",
) -> Refund:
    """
    Open a refund of ``units`` base units; the caller holds the invoice's row lock.

    A deposit that is for no invoice is returned by ``payment`` alone.
    """
    source = payment or invoice
    if source is None:
        raise ValueError("a refund returns a payment or something of an invoice")
    normal, its_tag = check_refund_destination(source.network, address, tag) if address else ("", "")
    refund = Refund.objects.create(
        merchant_id=source.merchant_id,
        livemode=source.livemode,
        invoice=invoice,
        payment=payment,
        network=source.network,
        asset_code=source.asset_code,
        units=units,
        address=normal,
        tag=its_tag,
        reason=reason,
        kind=kind,
        created_at=now,
    )
    _tell(refund, "refund.created", now=now)
    refund.refresh_from_db(fields=["is_held"])
    return refund


def _tell(refund: Refund, event_type: str, *, now: datetime) -> None:
    """Let everything follow from a refund that was promised or withdrawn, and tell of it; its invoice is locked."""
    invoice = refund.invoice
    refunds = standing_refunds(invoice) if invoice else []
    happenings = recount(invoice, refunds, now=now) if invoice and refund.kind == PART else []
    emit(refund_event(refund, event_type))
    for happening in happenings:
        emit(happening)
    if invoice is not None:
        hold_unfounded(invoice=invoice, refunds=refunds)
    elif refund.payment is not None:
        hold_unfounded_of([refund.payment])
    if happenings and invoice is not None:
        refund_surplus(invoice, now=now)
    books.follow_refund(refund, now=now)


def _refund_for_update(merchant: Merchant, livemode: bool, public_id: str) -> Refund:
    """Lock a refund and what its books rest on, in everybody's order: cursor or invoice, then the refund."""
    refund = selectors.get_refund(merchant=merchant, livemode=livemode, public_id=public_id)
    if refund.invoice_id is None:  # the scan books its deposit under the network's cursor
        Cursor.objects.select_for_update().filter(network=refund.network).first()
    invoices = Invoice.objects.select_for_update(of=("self",)).select_related("merchant")
    invoice = invoices.get(pk=refund.invoice_id) if refund.invoice_id else None
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    refund.invoice = invoice
    return refund


def _set_destination(refund: Refund, address: str, tag: str, now: datetime) -> Refund:
    if refund.status != RefundStatus.REQUESTED:
        raise RefundNotOpen(f"This refund is {refund.status} already.")
    payouts.release_refund(refund, now=now)
    refund.address, refund.tag = check_refund_destination(refund.network, address, tag)
    refund.save()
    emit(refund_event(refund, "refund.address_set"))
    return refund


def is_too_small(asset: Asset | None, units: int) -> bool:
    """Return whether the chain would not carry ``units`` of ``asset`` to a new address."""
    return asset is not None and units < asset.least


def _refuse_dust(invoice: Invoice, units: int, field: str) -> None:
    if is_too_small(invoice.asset, units):
        least = invoice.asset.to_amount(invoice.asset.least)
        raise RefundTooSmall(
            f"The network carries no less than {least:f} {invoice.asset_code}.",
            field=field,
            constraints={"min_amount": least},
        )


def _wanted_units(invoice: Invoice, order: RefundOrder, available: int, now: datetime) -> tuple[int, str]:
    """Return what the order asks for in base units, and the field that says so."""
    asset = invoice.asset
    if order.fiat_amount is not None:
        rate = invoice.rate
        if order.rate is RefundRate.TODAY:
            price = price_of(asset.code, currencies={invoice.currency}, livemode=invoice.livemode, now=now)
            rate = price.rate(invoice.currency)
        return asset.to_units(WIDE.divide(order.fiat_amount, rate)), "fiat_amount"
    if order.amount is None:
        return available, "amount"
    if order.amount <= 0 or not has_at_most(order.amount, asset.decimals):
        raise RefundTooLarge(
            f"An amount of {asset.code} is above 0 and has at most {asset.decimals} digits after the point.",
            field="amount",
        )
    return asset.to_units(order.amount), "amount"


def check_refund_destination(network: str, address: str, tag: str = "") -> tuple[str, str]:
    """
    Return the one form of a destination that a refund can go to: address and tag, which an X-address holds both.

    :raises InvalidAddress: when it is not one of the network, or one of the gateway's own
    """
    chain = registry.network(network)
    try:
        normal, inside = addresses.split_destination(network, address)
    except ValueError:
        refusal = _("This is not an address on %(network)s.") % {"network": chain.name}
        raise InvalidAddress(refusal, field="address") from None
    if tag and inside and tag != inside:
        raise InvalidAddress(_("This address holds another destination tag."), field="tag")
    wanted = tag or inside
    if wanted and not is_destination_tag(chain, wanted):
        raise InvalidAddress(_("This is not a destination tag on %(network)s.") % {"network": chain.name}, field="tag")
    if IssuedAddresses(network).issued([normal]):
        raise InvalidAddress(_("This is an address on which this gateway takes payments."), field="address")
    return normal, str(int(wanted)) if wanted else ""
