"""
"I have paid": a customer names a transaction, and we look for it on the chain and say what became of it.

Nothing is believed. The block that holds the transaction is read once more, as the scan read it, and
only for the invoice's own address; so nothing is credited that the scan would not credit. What is
recorded already is answered without a node, and how often nodes are asked is limited for each invoice
and for each network, however many people ask.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog
from django.db.models import Q

from chains import registry, txids
from chains.base import ChainReader, ChainUnavailable
from core import ratelimit
from invoices.models import Invoice
from payments.models import Cursor, Payment
from payments.services.matching import CLOCK_SKEW
from payments.services.rescan import Blocks, read_again
from payments.states import RECEIVED, PaymentStatus, Review

log = structlog.get_logger(__name__)

PER_INVOICE: Final = ratelimit.Limit(5, 60)
PER_NETWORK: Final = ratelimit.Limit(30, 60)
_LOOKS: Final = "sighting"
_AT_ONCE: Final = 2  # readings on one network; each holds a thread of a web server while the node answers
_SLOT_SECONDS: Final = 120


class Outcome(StrEnum):
    """What we can say of the transaction."""

    UNREADABLE = "unreadable"  # what was given is no transaction id of the network
    COUNTED = "counted"
    CONFIRMING = "confirming"  # counted as soon as it is deep enough
    WRONG_ASSET = "wrong_asset"
    IN_REVIEW = "in_review"
    DECIDED = "decided"  # returned, or let be, by the merchant
    NOT_FOUND = "not_found"
    NOT_READ_YET = "not_read_yet"  # in a block that the scan will reach in a moment
    REVERTED = "reverted"
    ELSEWHERE = "elsewhere"  # it moved nothing that we know to the invoice's address
    UNAVAILABLE = "unavailable"
    TOO_OFTEN = "too_often"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What became of ``txid``; ``payment`` where it is recorded for the invoice."""

    outcome: Outcome
    txid: str = ""
    payment: Payment | None = None


@dataclass(frozen=True, slots=True)
class _OwnAddress:
    """The invoice's destination alone, as ``chains.base.Watchlist``: a chain read by account is asked for one."""

    address: str
    tag: str

    def among(self, addresses: Collection[str]) -> set[str]:
        return {self.address} & set(addresses)

    def among_folded(self, addresses: Collection[str]) -> set[str]:
        return {self.address.lower()} & set(addresses)

    def references(self, candidates: Collection[str]) -> set[str]:
        return {self.tag} & set(candidates) if self.tag else set()

    def live(self) -> Iterator[str]:
        return iter((self.address,))


def look_for(*, invoice: Invoice, text: str, now: datetime, reader: ChainReader | None = None) -> Sighting:
    """Look for the transaction named in ``text`` and say what it did for ``invoice``. Never raises for the chain."""
    network = registry.network(invoice.network)
    txid = txids.find_txid(network, text)
    if not txid:
        return Sighting(Outcome.UNREADABLE)
    known = _recorded(invoice, txid)
    if known is not None and known.status in RECEIVED:
        return _told(known, txid)
    if not _may_look(invoice):
        return Sighting(Outcome.TOO_OFTEN, txid)
    slot = ratelimit.acquire_slot(_LOOKS, network.code, amount=_AT_ONCE, ttl=_SLOT_SECONDS)
    if slot is None:
        return Sighting(Outcome.TOO_OFTEN, txid)
    try:
        return _look(invoice, txid, reader or registry.reader(network.code), now)
    except (ChainUnavailable, LookupError) as problem:  # LookupError: its node was taken out of the settings
        log.warning("sighting_unavailable", network=network.code, problem=str(problem))
        return Sighting(Outcome.UNAVAILABLE, txid)
    finally:
        ratelimit.release_slot(_LOOKS, network.code, slot)


def _may_look(invoice: Invoice) -> bool:
    return (
        ratelimit.hit(_LOOKS, invoice.public_id, PER_INVOICE).allowed
        and ratelimit.hit(f"{_LOOKS}-network", invoice.network, PER_NETWORK).allowed
    )


def _look(invoice: Invoice, txid: str, reader: ChainReader, now: datetime) -> Sighting:
    height = reader.height_of(txid)
    if height is None:
        return Sighting(Outcome.NOT_FOUND, txid)
    cursor = Cursor.objects.filter(network=invoice.network).first()
    if cursor is None or height > cursor.height:
        return Sighting(Outcome.NOT_READ_YET, txid)
    if reader.block_at(height).timestamp + CLOCK_SKEW < invoice.created_at:
        return Sighting(Outcome.ELSEWHERE, txid)  # older than the address: there is nothing to read
    blocks = Blocks(invoice.network, height, height, _OwnAddress(invoice.address, invoice.tag))
    fresh = read_again(blocks, reader=reader, now=now)
    if fresh:
        log.error("sighting_credited", network=invoice.network, txid=txid, invoice_id=invoice.public_id)
    found = _recorded(invoice, txid)
    if found is not None:
        return _told(found, txid)
    return Sighting(Outcome.REVERTED if reader.has_failed(txid) else Outcome.ELSEWHERE, txid)


def _recorded(invoice: Invoice, txid: str) -> Payment | None:
    """Return what the transaction paid to this invoice, or left in the inbox at an address it shares with others."""
    own = Q(invoice=invoice) | Q(invoice=None, merchant_id=invoice.merchant_id, address=invoice.address)
    found = Payment.objects.filter(own, network=invoice.network, txid=txid)
    return found.order_by("-counts", "created_at", "id").first()


def _told(payment: Payment, txid: str) -> Sighting:
    if payment.status not in RECEIVED:
        outcome = Outcome.NOT_FOUND  # its block was replaced, and it is in none now
    elif payment.review == Review.OPEN:
        outcome = Outcome.WRONG_ASSET if payment.review_reason == "wrong_asset" else Outcome.IN_REVIEW
    elif payment.review in {Review.REFUNDED, Review.IGNORED}:
        outcome = Outcome.DECIDED
    else:
        outcome = Outcome.COUNTED if payment.status == PaymentStatus.CONFIRMED else Outcome.CONFIRMING
    return Sighting(outcome, txid, payment)
