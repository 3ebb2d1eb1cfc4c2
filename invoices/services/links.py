"""Payment links: made and changed by merchants, opened by anybody."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from core.money import has_at_most, is_currency, minor_digits
from core.secrets import random_base62
from invoices import selectors
from invoices.errors import (
    AmountNotOffered,
    EmailNeeded,
    InvalidAmount,
    LinkInactive,
    LinkUsedUp,
    SlugTaken,
    UnknownCurrency,
)
from invoices.models import Invoice, PaymentLink
from invoices.services.create import InvoiceOrder, Item, create_invoice
from invoices.services.customers import CustomerDetails
from invoices.services.offers import OptionOrder, choose_asset
from invoices.states import InvoiceStatus
from merchants.audit import log_change
from merchants.errors import InvalidExpiry
from merchants.models import Merchant
from merchants.settings import MerchantSettings

_SLUG_LENGTH: Final = 10  # 62^10 of them: nobody finds a link by trying
_AMOUNTS: Final = ("amount", "min_amount", "max_amount")
_ENDED: Final = (InvoiceStatus.EXPIRED, InvoiceStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """What is offered. Amounts in ``currency``; without ``amount`` the payer chooses."""

    title: str
    description: str = ""
    currency: str = ""
    amount: Decimal | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    asset_code: str = ""
    network: str = ""
    return_url: str = ""
    cancel_url: str = ""
    asks_email: bool = False
    max_payments: int | None = None
    expires_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visitor:
    """What somebody who opens a link says: the amount when it is theirs to choose, the address when it is asked."""

    amount: Decimal | None = None
    email: str = ""


@transaction.atomic
def create_link(*, merchant: Merchant, livemode: bool, terms: LinkTerms, slug: str = "", now: datetime) -> PaymentLink:
    """
    Make an offer that anybody with its address can pay; a slug is made up when none is given.

    :raises SlugTaken: when another link has this slug
    :raises UnknownCurrency: when ``currency`` is no currency of ours
    :raises InvalidAmount: when an amount has too many digits, or the bounds do not fit each other
    :raises InvalidExpiry: when it would have ended already
    :raises UnknownAsset: when the asset is not offered, or not on that network
    :raises NoWalletConfigured: when the merchant has no wallet that could receive it
    """
    link = PaymentLink(merchant=merchant, livemode=livemode, created_at=now, updated_at=now, **asdict(terms))
    link.currency = link.currency or MerchantSettings.of(merchant).default_currency
    link.slug = slug or random_base62(_SLUG_LENGTH)
    if PaymentLink.objects.filter(slug=link.slug).exists():
        raise SlugTaken(field="slug")
    _check(link)
    _check_end(link, now)
    link.save(force_insert=True)
    log_change("payment_link.created", merchant=merchant, about=link, livemode=livemode, slug=link.slug)
    return link


@transaction.atomic
def update_link(
    *, merchant: Merchant, livemode: bool, public_id: str, changes: Mapping[str, Any], now: datetime
) -> PaymentLink:
    """
    Change an offer, switch it off (``is_active``) or on again. Invoices that were made from it stay as they are.

    :raises LinkNotFound: when the merchant has no such link
    :raises Invalid: as for a new link
    """
    link = selectors.get_link(merchant=merchant, livemode=livemode, public_id=public_id).locked()
    for name, value in changes.items():
        setattr(link, name, value)
    _check(link)
    if "expires_at" in changes:
        _check_end(link, now)
    link.updated_at = now
    link.save(update_fields=[*changes, "updated_at"])
    log_change("payment_link.updated", merchant=merchant, about=link, livemode=livemode, changed=sorted(changes))
    return link


@transaction.atomic
def open_link(*, slug: str, visitor: Visitor, now: datetime) -> Invoice:
    """
    Create the invoice of somebody who wants to pay.

    :raises LinkNotFound: when no link has this slug
    :raises LinkInactive: when it is switched off or past its end, or its merchant is suspended
    :raises LinkUsedUp: when all its payments are made or being made
    :raises AmountNotOffered: when the payer's amount is missing, or outside the link's bounds
    :raises EmailNeeded: when the link asks for an e-mail address and none came
    :raises CheckoutError: as for any other new invoice
    """
    link = selectors.get_public_link(slug).locked()  # one at a time, so that the last place is given once
    check_open(link, now=now)
    if link.asks_email and not visitor.email:
        raise EmailNeeded(field="email")
    return create_invoice(merchant=link.merchant, livemode=link.livemode, order=order_from(link, visitor), now=now)


def order_from(link: PaymentLink, visitor: Visitor) -> InvoiceOrder:
    """
    Return what somebody orders who accepts the offer.

    :raises AmountNotOffered: when the payer's amount is missing, or outside the link's bounds
    """
    return InvoiceOrder(
        title=link.title,
        items=(Item(name=link.title, quantity=Decimal(1), unit_price=_amount(link, visitor.amount)),),
        description=link.description,
        currency=link.currency,
        crypto_currency=link.asset_code or None,
        network=link.network or None,
        return_url=link.return_url,
        cancel_url=link.cancel_url,
        metadata=link.metadata,
        payment_link=link,
        customer=CustomerDetails(visitor.email) if visitor.email else None,
    )


def check_open(link: PaymentLink, *, now: datetime) -> None:
    """
    Make sure that ``link`` can be paid now.

    :raises LinkInactive: when it is switched off or past its end, or its merchant is suspended
    :raises LinkUsedUp: when all its payments are made or being made
    """
    is_over = link.expires_at is not None and link.expires_at <= now
    if not link.is_active or is_over or link.merchant.is_suspended:
        raise LinkInactive
    if link.max_payments is not None:
        taken = link.invoices.exclude(Q(status__in=_ENDED) & Q(received_units=0)).count()
        if taken >= link.max_payments:
            raise LinkUsedUp


def _amount(link: PaymentLink, wanted: Decimal | None) -> Decimal:
    if link.amount is not None:
        return link.amount
    if wanted is None or wanted <= 0:
        raise AmountNotOffered(field="amount")
    digits = minor_digits(link.currency)
    if not has_at_most(wanted, digits):
        raise AmountNotOffered(f"{link.currency} has {digits} digits after the decimal point.", field="amount")
    if link.min_amount is not None and wanted < link.min_amount:
        raise AmountNotOffered(f"The least is {link.min_amount:.{digits}f} {link.currency}.", field="amount")
    if link.max_amount is not None and wanted > link.max_amount:
        raise AmountNotOffered(f"The most is {link.max_amount:.{digits}f} {link.currency}.", field="amount")
    return wanted


def _check_end(link: PaymentLink, now: datetime) -> None:
    if link.expires_at is not None and link.expires_at <= now:
        raise InvalidExpiry(field="expires_at")


def _check(link: PaymentLink) -> None:
    if not is_currency(link.currency):
        raise UnknownCurrency(field="currency")
    digits = minor_digits(link.currency)
    for name in _AMOUNTS:
        amount = getattr(link, name)
        if amount is not None and amount <= 0:
            raise InvalidAmount("Must be more than nothing.", field=name)
        if amount is not None and not has_at_most(amount, digits):
            raise InvalidAmount(f"{link.currency} has {digits} digits after the decimal point.", field=name)
    if link.amount is not None and (link.min_amount is not None or link.max_amount is not None):
        raise InvalidAmount("A link with an amount has no bounds for it.", field="amount")
    if link.min_amount is not None and link.max_amount is not None and link.min_amount > link.max_amount:
        raise InvalidAmount("The least is more than the most.", field="min_amount")
    wanted = OptionOrder(link.asset_code or None, link.network or None)
    choose_asset(link.merchant, link.livemode, wanted, MerchantSettings.of(link.merchant))
