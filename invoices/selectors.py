"""Reads, tenant first: another merchant's invoice is one that does not exist."""

import itertools
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Lower, Upper

from chains import registry
from core.statements import Prepared
from invoices.errors import CustomerNotFound, InvoiceNotFound, LinkNotFound, NoteNotFound, SessionNotFound
from invoices.models import (
    SEARCHED,
    AmountClaim,
    Credit,
    Customer,
    Invoice,
    InvoiceDestination,
    Matching,
    Note,
    PaymentLink,
)
from invoices.states import AWAITING
from merchants import selectors as merchant_selectors
from merchants.models import Merchant, Wallet
from merchants.services.destinations import POOL_WARNINGS

_MOST_AT_ADDRESS: Final = 1_000
_MOST_FOUND: Final = 1_000
_MOST_MERCHANTS: Final = 10
_LEAST_LETTERS: Final = 3
GAP_LIMIT: Final = 20  # BIP-44, "Address gap limit": a wallet looks no further than so many unused addresses

_own = Prepared(
    lambda merchant, key, livemode: Invoice.objects.filter(merchant_id=merchant, livemode=livemode, pk=key),
    UUID(int=0),
    UUID(int=1),
)


@dataclass(frozen=True, slots=True)
class WalletUse:
    """
    How far a wallet has been used.

    The indexes are those of children of an extended key; ``addresses_left`` is that of a pool. What a
    wallet does not have is None.
    """

    next_index: int | None
    last_paid_index: int | None
    addresses_left: int | None

    @property
    def gap(self) -> int | None:
        """How many addresses in a row were given out and never paid since the last paid one."""
        if self.next_index is None:
            return None
        return self.next_index - (0 if self.last_paid_index is None else self.last_paid_index + 1)

    @property
    def warning(self) -> str:
        """What the owner should do something about; empty when all is well."""
        if self.gap is not None and self.gap > GAP_LIMIT:
            return (
                f"The last {self.gap} addresses were not paid. Most wallet apps look only {GAP_LIMIT} unused addresses "
                "ahead (gap limit): raise it in yours, or it may not show later payments."
            )
        if self.addresses_left == 0:
            return "All addresses of the list have been used: no invoice can be created until you add more."
        if self.addresses_left is not None and self.addresses_left <= max(POOL_WARNINGS):
            return f"Only {self.addresses_left} unused addresses are left on the list: add more."
        return ""


def list_invoices(*, merchant: Merchant, livemode: bool) -> QuerySet[Invoice]:
    """Return the merchant's invoices in one mode, newest first."""
    return Invoice.objects.filter(merchant=merchant, livemode=livemode).order_by("-created_at", "-id")


def search(invoices: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    """Return those of ``invoices`` with ``text`` in title, description or metadata, whatever its case."""
    forms = {text, json.dumps(text, ensure_ascii=False)[1:-1]}  # in metadata a quote stands as \\"
    return invoices.alias(searched=SEARCHED).filter(
        reduce(or_, (Q(searched__contains=Upper(Value(form))) for form in sorted(forms)))
    )


def found_among_all(text: str) -> set[UUID]:
    """
    Return the keys of the newest invoices, whosever they are, with ``text`` for address, in their words or a merchant.

    No words are looked for with less than three letters: the index is one of three letters each.
    """
    networks = [network.code for network in registry.networks()]
    claims = AmountClaim.objects.filter(network__in=networks, address=text).order_by("-id")
    keys = {*claims.values_list("invoice_id", flat=True)[:_MOST_FOUND]}
    alone = Invoice.objects.filter(network__in=networks, address=text, matching=Matching.ADDRESS)
    keys.update(alone.values_list("pk", flat=True))
    words = [word for word in text.split() if len(word) >= _LEAST_LETTERS]
    if words:
        found = Invoice.objects.all()
        for word in words:
            found = search(found, word)
        keys.update(found.order_by("-pk").values_list("pk", flat=True)[:_MOST_FOUND])
    named = Merchant.objects.filter(business_name__icontains=text)[:_MOST_MERCHANTS]
    for merchant, livemode in itertools.product(named, (False, True)):
        own = list_invoices(merchant=merchant, livemode=livemode)
        keys.update(own.values_list("pk", flat=True)[:_MOST_FOUND])
    return keys


def invoices_at_address(*, merchant: Merchant, livemode: bool, address: str) -> set[UUID]:
    """Return the keys of the merchant's invoices that ever were to be paid to ``address``; if shared, the latest."""
    own = list_invoices(merchant=merchant, livemode=livemode)
    networks = [network.code for network in registry.networks(livemode=livemode)]
    claims = AmountClaim.objects.filter(network__in=networks, address=address, invoice__in=own).order_by("-id")
    keys = {*own.filter(network__in=networks, address=address, matching=Matching.ADDRESS).values_list("pk", flat=True)}
    keys.update(claims.values_list("invoice_id", flat=True)[:_MOST_AT_ADDRESS])
    shown = InvoiceDestination.objects.filter(network__in=networks, invoice__in=own)
    alone = shown.filter(address=address, matching=Matching.ADDRESS)
    keys.update(alone.values_list("invoice_id", flat=True))
    if address.startswith(("0x", "0X")):  # capitals are but a checksum there
        folded = own.alias(folded=Lower("address")).filter(network__in=networks, folded=address.lower())
        keys.update(folded.filter(address__startswith="0x").values_list("pk", flat=True)[:_MOST_AT_ADDRESS])
        earlier = shown.alias(folded=Lower("address")).filter(folded=address.lower(), address__startswith="0x")
        keys.update(earlier.values_list("invoice_id", flat=True)[:_MOST_AT_ADDRESS])
    return keys


def invoices_with_tag(*, merchant: Merchant, livemode: bool, tag: str) -> set[UUID]:
    """Return the keys of the merchant's invoices that are told apart by ``tag``."""
    networks = [network.code for network in registry.networks(livemode=livemode)]
    own = list_invoices(merchant=merchant, livemode=livemode)
    tagged = own.filter(network__in=networks, tag=tag, matching=Matching.TAG)
    shown = InvoiceDestination.objects.filter(network__in=networks, tag=tag, matching=Matching.TAG, invoice__in=own)
    return {*tagged.values_list("pk", flat=True), *shown.values_list("invoice_id", flat=True)}


def get_invoice(*, merchant: Merchant, livemode: bool, public_id: str) -> Invoice:
    """
    Return one of the merchant's invoices.

    :raises InvoiceNotFound: when there is none with this id
    """
    key = Invoice.key_from(public_id)
    found = _own.rows(merchant.pk, key, shape=(livemode,)) if key else ()
    if not found:
        raise InvoiceNotFound
    return found[0]


def get_session(*, merchant: Merchant, livemode: bool, session_id: str) -> Invoice:
    """
    Return one of the merchant's invoices by the id it has as a checkout session.

    :raises SessionNotFound: when there is none with this id
    """
    key = Invoice.key_of_session(session_id)
    session = list_invoices(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if session is None:
        raise SessionNotFound
    return session


def invoice_for_update(*, merchant: Merchant, livemode: bool, public_id: str) -> Invoice:
    """
    Return one of the merchant's invoices with its row locked.

    :raises InvoiceNotFound: when there is none with this id
    """
    return _one(list_invoices(merchant=merchant, livemode=livemode).select_for_update(), public_id)


def get_public_invoice(public_id: str) -> Invoice:
    """
    Return an invoice to whoever knows its id; the id is the capability.

    :raises InvoiceNotFound: when there is none with this id
    """
    return _one(Invoice.objects.select_related("merchant"), public_id)


def notes_of(invoice: Invoice) -> QuerySet[Note]:
    """Return what the merchant's people wrote about ``invoice``, oldest first."""
    return Note.objects.filter(invoice=invoice).order_by("created_at", "id")


def get_note(*, merchant: Merchant, livemode: bool, public_id: str) -> Note:
    """
    Return one of the merchant's notes, with its invoice.

    :raises NoteNotFound: when there is none with this id
    """
    key = Note.key_from(public_id)
    notes = Note.objects.filter(invoice__merchant=merchant, invoice__livemode=livemode).select_related("invoice")
    note = notes.filter(pk=key).first() if key else None
    if note is None:
        raise NoteNotFound
    return note


def public_invoice_for_update(public_id: str) -> Invoice:
    """
    Return an invoice, with its row locked and its merchant, to whoever knows its id.

    :raises InvoiceNotFound: when there is none with this id
    """
    return _one(Invoice.objects.select_related("merchant").select_for_update(of=("self",)), public_id)


def destinations_of(invoice: Invoice) -> QuerySet[InvoiceDestination]:
    """Return where ``invoice`` is, or was, to be paid, in the order chosen; nothing when nobody ever chose."""
    return InvoiceDestination.objects.filter(invoice=invoice).order_by("created_at", "id")


def invoices_at(*, merchant: Merchant, livemode: bool, network: str, addresses: Collection[str]) -> dict[str, Invoice]:
    """Return the merchant's invoices that are, or were, to be paid at ``addresses`` alone, by address."""
    own = Q(merchant=merchant, livemode=livemode)
    at = {"network": network, "matching": Matching.ADDRESS, "address__in": addresses}
    kept = InvoiceDestination.objects.filter(**at).values_list("address", "invoice_id")
    former = dict(kept.filter(invoice__merchant=merchant, invoice__livemode=livemode))
    found = Invoice.objects.filter(own).in_bulk(set(former.values()))
    present = {invoice.address: invoice for invoice in Invoice.objects.filter(own, **at)}
    return {**{address: found[key] for address, key in former.items()}, **present}


def wallet_uses(*, merchant: Merchant, wallets: Sequence[Wallet]) -> dict[UUID, WalletUse]:
    """
    Return how far each of the merchant's ``wallets`` has been used. Four queries, however many there are.

    An extended key that serves several networks is one wallet to its owner, and so are its indexes.
    """
    kin = Wallet.objects.filter(merchant=merchant, xpub__in={wallet.xpub for wallet in wallets} - {""}).order_by()
    indexes = dict(kin.values_list("xpub").annotate(next=Max("next_index")))
    paid = Invoice.objects.filter(merchant=merchant, wallet__in=kin, received_units__gt=0).order_by()
    last = dict(paid.values_list("wallet__xpub").annotate(last=Max("wallet_index")))
    former = InvoiceDestination.objects.filter(wallet__in=kin, paid_at__isnull=False).order_by()
    for xpub, index in former.values_list("wallet__xpub").annotate(last=Max("wallet_index")):
        last[xpub] = max(last.get(xpub, -1), index)
    left = merchant_selectors.addresses_left(wallets=wallets)
    return {
        wallet.pk: WalletUse(
            next_index=indexes.get(wallet.xpub),
            last_paid_index=last.get(wallet.xpub),
            addresses_left=left.get(wallet.pk),
        )
        for wallet in wallets
    }


def list_customers(*, merchant: Merchant, livemode: bool, text: str = "") -> QuerySet[Customer]:
    """Return the merchant's customers in one mode, newest first; only those with ``text`` in name or address."""
    found = Customer.objects.filter(merchant=merchant, livemode=livemode).order_by("-created_at", "-id")
    return found.filter(Q(email__icontains=text) | Q(name__icontains=text)) if text else found


def get_customer(*, merchant: Merchant, livemode: bool, public_id: str) -> Customer:
    """
    Return one of the merchant's customers.

    :raises CustomerNotFound: when there is none with this id
    """
    key = Customer.key_from(public_id)
    customer = list_customers(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if customer is None:
        raise CustomerNotFound
    return customer


def credits_of(customer: Customer) -> dict[str, Decimal]:
    """Return what the merchant owes ``customer`` from overpaid invoices, by currency."""
    owed = Credit.objects.filter(invoice__customer=customer, voided_at=None).values_list("currency")
    return dict(owed.annotate(owed=Sum("amount")).order_by("currency"))


def list_links(*, merchant: Merchant, livemode: bool) -> QuerySet[PaymentLink]:
    """Return the merchant's payment links in one mode, newest first, switched off ones too."""
    return PaymentLink.objects.filter(merchant=merchant, livemode=livemode).order_by("-created_at", "-id")


def get_link(*, merchant: Merchant, livemode: bool, public_id: str) -> PaymentLink:
    """
    Return one of the merchant's payment links.

    :raises LinkNotFound: when there is none with this id
    """
    key = PaymentLink.key_from(public_id)
    link = list_links(merchant=merchant, livemode=livemode).filter(pk=key).first() if key else None
    if link is None:
        raise LinkNotFound
    return link


def get_public_link(slug: str) -> PaymentLink:
    """
    Return a payment link, with its merchant, to whoever knows its address.

    :raises LinkNotFound: when no link has this slug
    """
    links = PaymentLink.objects.select_related("merchant")
    link = links.filter(slug=slug).first() if "\0" not in slug else None  # PostgreSQL's texts hold none
    if link is None:
        raise LinkNotFound
    return link


def _one(invoices: QuerySet[Invoice], public_id: str) -> Invoice:
    key = Invoice.key_from(public_id)
    if key is None:
        raise InvoiceNotFound
    invoice = invoices.filter(pk=key).first()
    if invoice is None:
        raise InvoiceNotFound
    return invoice


def open_invoices(_events: Collection[UUID], invoices: Collection[UUID]) -> Collection[UUID]:
    """Return those of ``invoices`` that may still change by themselves: what the log says of them is needed."""
    return set(Invoice.objects.filter(pk__in=invoices, status__in=AWAITING).values_list("pk", flat=True))
