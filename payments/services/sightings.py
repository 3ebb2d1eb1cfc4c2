"""
"I have paid": a customer names a transaction, and we look for it on the chain and say what became of it.

Nothing is believed. The block that holds the transaction is read once more, as the scan read it, and
only for the invoice's own addresses; so nothing is credited that the scan would not credit. What is
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
from invoices.selectors import destinations_of
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


# With these, another network may know more of it: the less is known, the earlier in the list.
_VAGUE: Final = (
    Outcome.UNREADABLE,
    Outcome.NOT_FOUND,
    Outcome.UNAVAILABLE,
    Outcome.ELSEWHERE,
    Outcome.NOT_READ_YET,
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What became of ``txid``; ``payment`` where it is recorded for the invoice."""

    outcome: Outcome
    txid: str = ""
    payment: Payment | None = None
    network: str = ""  # on which it was looked for


@dataclass(frozen=True, slots=True)
class _OwnAddresses:
    """The invoice's destinations on one network, as ``chains.base.Watchlist``: nearly always one."""

    network: str
    addresses: frozenset[str]
    tags: frozenset[str]

    def among(self, addresses: Collection[str]) -> set[str]:
        return set(self.addresses) & set(addresses)

    def among_folded(self, addresses: Collection[str]) -> set[str]:
        return {address.lower() for address in self.addresses} & set(addresses)

    def references(self, candidates: Collection[str]) -> set[str]:
        return set(self.tags) & set(candidates)

    def live(self) -> Iterator[str]:
        return iter(sorted(self.addresses))


def look_for(*, invoice: Invoice, text: str, now: datetime, reader: ChainReader | None = None) -> Sighting:
    """
    Look for the transaction named in ``text`` and say what it did for ``invoice``. Never raises for the chain.

    Where customers chose what they pay in, all networks they were ever shown are looked at, the present one first.
    """
    answers: list[Sighting] = []
    for own in _destinations(invoice):
        answers.append(_look_on(own, invoice, text, now, reader))
        if answers[-1].outcome not in _VAGUE:
            return answers[-1]
    return max(answers, key=lambda answer: _VAGUE.index(answer.outcome))


def _look_on(own: _OwnAddresses, invoice: Invoice, text: str, now: datetime, reader: ChainReader | None) -> Sighting:
    network = registry.network(own.network)
    txid = txids.find_txid(network, text)
    if not txid:
        return Sighting(Outcome.UNREADABLE, network=own.network)
    known = _recorded(own, invoice, txid)
    if known is not None and known.status in RECEIVED:
        return _told(known, txid)
    if not _may_look(own, invoice):
        return Sighting(Outcome.TOO_OFTEN, txid, network=own.network)
    slot = ratelimit.acquire_slot(_LOOKS, network.code, amount=_AT_ONCE, ttl=_SLOT_SECONDS)
    if slot is None:
        return Sighting(Outcome.TOO_OFTEN, txid, network=own.network)
    try:
        return _look(own, invoice, txid, reader or registry.reader(network.code), now)
    except (ChainUnavailable, LookupError) as problem:  # LookupError: its node was taken out of the settings
        log.warning("sighting_unavailable", network=network.code, problem=str(problem))
        return Sighting(Outcome.UNAVAILABLE, txid, network=own.network)
    finally:
        ratelimit.release_slot(_LOOKS, network.code, slot)


def _destinations(invoice: Invoice) -> list[_OwnAddresses]:
    places: dict[str, list[tuple[str, str]]] = {invoice.network: [(invoice.address, invoice.tag)]}
    for place in destinations_of(invoice) if invoice.payment_options else ():
        if registry.find_network(place.network) is None:
            continue  # it was taken out of the settings
        places.setdefault(place.network, []).append((place.address, place.tag))
    return [
        _OwnAddresses(network, frozenset(address for address, _ in at), frozenset(tag for _, tag in at if tag))
        for network, at in places.items()
    ]


def _may_look(own: _OwnAddresses, invoice: Invoice) -> bool:
    return (
        ratelimit.hit(_LOOKS, invoice.public_id, PER_INVOICE).allowed
        and ratelimit.hit(f"{_LOOKS}-network", own.network, PER_NETWORK).allowed
    )


def _look(own: _OwnAddresses, invoice: Invoice, txid: str, reader: ChainReader, now: datetime) -> Sighting:
    height = reader.height_of(txid)
    if height is None:
        return Sighting(Outcome.NOT_FOUND, txid, network=own.network)
    cursor = Cursor.objects.filter(network=own.network).first()
    if cursor is None or height > cursor.height:
        return Sighting(Outcome.NOT_READ_YET, txid, network=own.network)
    if reader.block_at(height).timestamp + CLOCK_SKEW < invoice.created_at:
        return Sighting(Outcome.ELSEWHERE, txid, network=own.network)  # older than the address: nothing to read
    fresh = read_again(Blocks(own.network, height, height, own), reader=reader, now=now)
    if fresh:
        log.error("sighting_credited", network=own.network, txid=txid, invoice_id=invoice.public_id)
    found = _recorded(own, invoice, txid)
    if found is not None:
        return _told(found, txid)
    outcome = Outcome.REVERTED if reader.has_failed(txid) else Outcome.ELSEWHERE
    return Sighting(outcome, txid, network=own.network)


def _recorded(own: _OwnAddresses, invoice: Invoice, txid: str) -> Payment | None:
    """Return what the transaction paid to this invoice, or left in the inbox at an address it shares with others."""
    which = Q(invoice=invoice) | Q(invoice=None, merchant_id=invoice.merchant_id, address__in=own.addresses)
    found = Payment.objects.filter(which, network=own.network, txid=txid)
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
    return Sighting(outcome, txid, payment, payment.network)
