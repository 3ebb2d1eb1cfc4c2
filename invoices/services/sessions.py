"""
Checkout sessions: what a merchant's program opens for one customer, from a payment link or for an amount of its own.

A session is an invoice as its customer meets it (ADR 50): it has the invoice's key behind ``cs_`` and no table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from invoices import selectors
from invoices.errors import EmailNeeded, InvalidAmount
from invoices.models import Invoice, PaymentLink
from invoices.services.create import InvoiceOrder, Item, create_invoice
from invoices.services.customers import CustomerDetails
from invoices.services.links import Visitor, check_open, order_from
from merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class SessionOrder:
    """
    What a program asks for. ``payment_link`` is the public id of a link; what is left out is then the link's.

    ``amount`` is in ``currency``; ``expires_in`` in seconds. ``metadata`` is added to that of the link.
    """

    payment_link: str = ""
    amount: Decimal | None = None
    currency: str | None = None
    title: str = ""
    description: str = ""
    crypto_currency: str | None = None
    network: str | None = None
    expires_in: int | None = None
    return_url: str = ""
    cancel_url: str = ""
    customer: CustomerDetails | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def open_session(*, merchant: Merchant, livemode: bool, order: SessionOrder, now: datetime) -> Invoice:
    """
    Create the invoice of one customer and return it.

    :raises LinkNotFound: when the merchant has no such link
    :raises LinkInactive: when the link is switched off or past its end
    :raises LinkUsedUp: when all payments of the link are made or being made
    :raises InvalidAmount: when there is no amount, or one that the link does not leave to the payer
    :raises AmountNotOffered: when the amount is outside the link's bounds
    :raises EmailNeeded: when the link asks for an e-mail address and none is given
    :raises CheckoutError: as for any other new invoice
    """
    wanted = _from_link(merchant, livemode, order, now) if order.payment_link else _by_itself(merchant, order)
    return create_invoice(merchant=merchant, livemode=livemode, order=wanted, now=now)


def _from_link(merchant: Merchant, livemode: bool, order: SessionOrder, now: datetime) -> InvoiceOrder:
    link = selectors.get_link(merchant=merchant, livemode=livemode, public_id=order.payment_link).locked()
    check_open(link, now=now)
    _check_against(link, order)
    basis = order_from(link, Visitor(amount=order.amount))
    return replace(
        basis,
        title=order.title or basis.title,
        description=order.description or basis.description,
        crypto_currency=order.crypto_currency or basis.crypto_currency,
        # A network of the link's belongs to the link's asset.
        network=order.network or (None if order.crypto_currency else basis.network),
        expires_in=order.expires_in,
        return_url=order.return_url or basis.return_url,
        cancel_url=order.cancel_url or basis.cancel_url,
        metadata={**basis.metadata, **order.metadata},
        customer=order.customer,
    )


def _check_against(link: PaymentLink, order: SessionOrder) -> None:
    if link.asks_email and order.customer is None:
        raise EmailNeeded(field="customer")
    if order.currency and order.currency != link.currency:
        raise InvalidAmount(f"This payment link is in {link.currency}.", field="currency")
    if link.amount is not None and order.amount not in {None, link.amount}:
        raise InvalidAmount("This payment link has an amount of its own.", field="amount")


def _by_itself(merchant: Merchant, order: SessionOrder) -> InvoiceOrder:
    if order.amount is None:
        raise InvalidAmount("Name an amount, or a payment link that has one.", field="amount")
    title = order.title or merchant.business_name
    return InvoiceOrder(
        title=title,
        items=(Item(name=title, quantity=Decimal(1), unit_price=order.amount),),
        description=order.description,
        currency=order.currency,
        crypto_currency=order.crypto_currency,
        network=order.network,
        expires_in=order.expires_in,
        return_url=order.return_url,
        cancel_url=order.cancel_url,
        metadata=order.metadata,
        customer=order.customer,
    )
