"""
Which invoice a transfer is for, and if none: whose address it went to.

A transfer that was recorded before stays where it is. A new one belongs to the invoice that asked
for exactly this amount of this asset at a shared address, else to that of the address and tag, else
to that of the address alone; else its owner finds it in the inbox.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.db.models import Q

from chains.base import Transfer
from invoices.models import AmountClaim, Invoice, InvoiceDestination, Matching
from merchants.models import WalletAddress
from payments.models import Payment, PayoutKind, PayoutTransaction
from payments.services.credit import Change, Key, sent_at, transfer_key, upsert, upsert_unmatched

# Block times are what miners say: those of Bitcoin may be two hours off.
CLOCK_SKEW: Final = timedelta(hours=2)

Amount: TypeAlias = tuple[str, str, int]  # address, asset, base units


@dataclass(frozen=True, slots=True)
class Matches:
    """The locked invoices that some transfers can touch, and the owners of the addresses that merchants listed."""

    by_id: Mapping[UUID, Invoice]
    known: Mapping[Key, UUID | None]  # where recorded transfers stand; None: in the inbox
    by_address: Mapping[str, Invoice]
    by_tag: Mapping[tuple[str, str], Invoice]
    claims: Mapping[Amount, Collection[AmountClaim]]
    owners: Mapping[str, UUID]
    own: Collection[str]  # transactions in which a vault moves coin for fees between its own addresses

    def record(self, transfer: Transfer, *, now: datetime) -> Change | None:
        """Record ``transfer`` where it belongs; None when it belongs to nobody here."""
        if transfer.txid in self.own:
            return None
        key = transfer_key(transfer)
        invoice = self.invoice(self.known[key]) if key in self.known else self._invoice_for(transfer, now)
        if invoice is not None:
            return upsert(invoice, transfer, now=now)
        owner = self.owners.get(transfer.recipient)
        return upsert_unmatched(owner, transfer, now=now) if owner else None

    def invoice(self, key: UUID | None) -> Invoice | None:
        """Return the locked invoice of a payment; None for a payment in the inbox that has none."""
        return None if key is None else self.by_id[key]

    def _invoice_for(self, transfer: Transfer, now: datetime) -> Invoice | None:
        claim = self._claim_on(transfer, sent_at(transfer, now))
        if claim is not None:
            return self.by_id[claim.invoice_id]
        return self.by_tag.get((transfer.recipient, transfer.tag)) or self.by_address.get(transfer.recipient)

    def _claim_on(self, transfer: Transfer, moment: datetime) -> AmountClaim | None:
        """Return the claim that was open when the transfer was sent, however late it is read."""
        open_then = [
            claim
            for claim in self.claims.get((transfer.recipient, transfer.asset, transfer.units), ())
            if claim.created_at - CLOCK_SKEW <= moment and (claim.released_at is None or moment <= claim.released_at)
        ]
        return max(open_then, key=lambda claim: (claim.created_at <= moment, claim.created_at), default=None)


def find_matches(network: str, transfers: Sequence[Transfer], *, also: Collection[UUID] = ()) -> Matches:
    """
    Lock the invoices that ``transfers`` can touch, and those in ``also``, always in the same order.

    The caller holds the network's cursor: whoever decides about a payment in the inbox takes it too.
    """
    recorded = Payment.objects.filter(network=network, txid__in={transfer.txid for transfer in transfers})
    known = {transfer_key(payment): payment.invoice_id for payment in recorded} if transfers else {}
    news = [transfer for transfer in transfers if transfer_key(transfer) not in known]
    owners = _owners(network, {transfer.recipient for transfer in transfers})
    claims = _claims(network, [transfer for transfer in news if transfer.recipient in owners])
    claiming = {claim.invoice_id for same in claims.values() for claim in same}
    wanted = {*also, *filter(None, known.values()), *claiming, *_named(network, news)}
    locked = _locked(wanted)
    places = _places(network, locked)
    return Matches(
        by_id={invoice.pk: invoice for invoice in locked},
        known=known,
        by_address={place.address: invoice for place, invoice in places if place.matching == Matching.ADDRESS},
        by_tag={(place.address, place.tag): invoice for place, invoice in places if place.matching == Matching.TAG},
        claims=claims,
        owners=owners,
        own=own_transactions(network, transfers),
    )


def own_transactions(network: str, transfers: Sequence[Transfer]) -> set[str]:
    """Return the transactions among ``transfers`` in which a vault moved coin for fees: nobody has paid."""
    if not transfers:
        return set()
    gas = PayoutTransaction.objects.filter(
        txid__in={transfer.txid for transfer in transfers}, payout__kind=PayoutKind.GAS, payout__network=network
    )
    return set(gas.values_list("txid", flat=True))


def _named(network: str, transfers: Iterable[Transfer]) -> set[UUID]:
    """Return the invoices at these addresses, or at these addresses with these tags, now or before."""
    addresses = {transfer.recipient for transfer in transfers}
    if not addresses:
        return set()
    # Each of the two partial indexes serves one question; an OR between them would serve neither.
    found = _at(network=network, matching=Matching.ADDRESS, address__in=addresses)
    tags = {transfer.tag for transfer in transfers if transfer.tag}
    if tags:
        found |= _at(network=network, matching=Matching.TAG, tag__in=tags, address__in=addresses)
    return found


def _at(**place: Any) -> set[UUID]:
    """Return the invoices with such a destination. One question: what moves meanwhile is found in one of the tables."""
    present = Invoice.objects.filter(**place).values_list("pk", flat=True)
    kept = InvoiceDestination.objects.filter(**place).values_list("invoice_id", flat=True)
    return set(present.union(kept, all=True))


def _places(network: str, locked: Collection[Invoice]) -> list[tuple[Invoice | InvoiceDestination, Invoice]]:
    """Return where these invoices are, or were, to be paid on ``network``; asked for now that nobody can move them."""
    choosing = {invoice.pk: invoice for invoice in locked if invoice.payment_options}
    kept = InvoiceDestination.objects.filter(network=network, invoice_id__in=list(choosing)) if choosing else ()
    present = [(invoice, invoice) for invoice in locked if invoice.network == network]
    return [*((place, choosing[place.invoice_id]) for place in kept), *present]


def _claims(network: str, transfers: Collection[Transfer]) -> dict[Amount, list[AmountClaim]]:
    """Return the claims on these amounts that were open when the oldest of the transfers was sent, or later."""
    if not transfers:
        return {}
    mined = [transfer.block.timestamp for transfer in transfers if transfer.block]
    was_open = Q(released_at=None) | (Q(released_at__gte=min(mined)) if mined else Q())
    found = AmountClaim.objects.filter(
        was_open,
        network=network,
        address__in={transfer.recipient for transfer in transfers},
        asset_code__in={transfer.asset for transfer in transfers},
        units__in={transfer.units for transfer in transfers},
    )
    claims: dict[Amount, list[AmountClaim]] = defaultdict(list)
    for claim in found:
        claims[claim.address, claim.asset_code, int(claim.units)].append(claim)
    return claims


def _locked(keys: Collection[UUID]) -> list[Invoice]:
    if not keys:
        return []
    invoices = Invoice.objects.select_for_update(of=("self",)).select_related("merchant")
    return list(invoices.filter(pk__in=keys).order_by("pk"))


def _owners(network: str, addresses: Collection[str]) -> dict[str, UUID]:
    if not addresses:
        return {}
    listed = WalletAddress.objects.filter(network=network, address__in=addresses)
    return dict(listed.values_list("address", "wallet__merchant_id"))
