"""
What an invoice is paid in, where its customer may choose: the option at present, and how another one takes its place.

Each network that was ever chosen keeps its destination: chosen again it is the same, and it is watched all the
while. The quote that was shown stays payable as any replaced quote does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from chains import registry
from chains.base import Asset
from core.statements import insert
from events.outbox import emit
from invoices.errors import AmountsExhausted
from invoices.events import about
from invoices.models import Invoice, InvoiceDestination, Matching, ReplacedQuote
from invoices.quotes import QUOTE_GRACE, quote, value_of
from invoices.rates.book import price_of
from invoices.services.claims import claim_amount
from merchants import services as merchant_services
from merchants.errors import NoWalletConfigured
from merchants.models import Merchant

CHOSEN: Final = "invoice.option_chosen"
USED_UP: Final = "The wallet on this network gives only addresses that were used before."
_ATTEMPTS: Final = 1_000
_PLACE: Final = ("network", "address", "tag", "matching", "wallet_id", "wallet_index")


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is asked for: base units of an asset, what they are worth, and the rate they rest on."""

    units: int
    value: Decimal
    rate: Decimal
    source: str
    observed_at: datetime
    evidence: list[Any]
    quoted_at: datetime


def make_current(
    invoice: Invoice,
    option: Asset,
    *,
    by: str,
    now: datetime,
    address: str = "",
    sent_at: datetime | None = None,
) -> None:
    """
    Have ``invoice``, for which nothing was received and whose row the caller has locked, be paid in ``option``.

    ``by`` is ``customer``, ``merchant`` or ``payment``. Money that has come decides by itself: then ``address`` is
    where it went, a destination of this invoice, and with ``sent_at`` the quote its sender saw holds if it still does.

    :raises RateUnavailable: when there is no fresh rate; nothing was changed
    :raises NoWalletConfigured: when the merchant has no wallet there any more, or its addresses are used up
    :raises NetworkUnavailable: when nothing watches the network any more
    :raises AmountsExhausted: when no amount is free at an address that invoices share
    """
    terms = _shown(invoice, option, sent_at) if sent_at else None
    terms = terms or _quoted(invoice, option, now)
    previous = {"crypto_currency": invoice.asset_code, "network": invoice.network, "address": invoice.address}
    _remember(invoice, now)
    place = _kept(invoice, option, address) or _issue(invoice, option, now)
    replaced_quote(invoice, now=now).save(force_insert=True)
    for name in _PLACE:
        setattr(invoice, name, getattr(place, name))
    invoice.asset_code = option.code
    _ask(invoice, terms)
    if not address and not claim_amount(invoice, now=now):
        raise AmountsExhausted(field="network")
    invoice.updated_at = now
    invoice.save()
    emit(about(invoice, CHOSEN, previous=previous, chosen_by=by))


def replaced_quote(invoice: Invoice, *, now: datetime) -> ReplacedQuote:
    """Return, not saved yet, the quote that ``invoice`` shows, as one that is replaced now."""
    return ReplacedQuote(
        invoice=invoice,
        network=invoice.network,
        asset_code=invoice.asset_code,
        rate=invoice.rate,
        rate_source=invoice.rate_source,
        rate_evidence=invoice.rate_evidence,
        amount_units=invoice.amount_units,
        quoted_at=invoice.quoted_at,
        replaced_at=now,
        created_at=now,
    )


def is_anothers(*, network: str, address: str, merchant: Merchant) -> bool:
    """Return whether an address serves, or served, an invoice of another merchant alone."""
    alone = {"network": network, "address": address, "matching": Matching.ADDRESS}
    present = Invoice.objects.filter(**alone).exclude(merchant=merchant).values("pk")
    former = InvoiceDestination.objects.filter(**alone).exclude(invoice__merchant=merchant).values("pk")
    return present.union(former, all=True).exists()


def _shown(invoice: Invoice, option: Asset, sent_at: datetime) -> _Terms | None:
    """Return the quote for ``option`` that whoever sent at ``sent_at`` may rely on, the best one, or None."""
    shown = invoice.replaced_quotes.filter(
        network=option.network,
        asset_code=option.code,
        quoted_at__lte=sent_at,
        replaced_at__gte=sent_at - QUOTE_GRACE,
    )
    best = shown.order_by("-rate", "-quoted_at").first()
    if best is None:
        return None
    return _Terms(
        units=best.amount_units,
        value=value_of(best.amount_units, rate=best.rate, asset=option),
        rate=best.rate,
        source=best.rate_source,
        observed_at=best.quoted_at,
        evidence=best.rate_evidence,
        quoted_at=best.quoted_at,
    )


def _quoted(invoice: Invoice, option: Asset, now: datetime) -> _Terms:
    price = price_of(option.code, currencies={invoice.currency}, livemode=invoice.livemode, now=now)
    agreed = price.on(invoice.currency)
    asked = quote(invoice.total, rate=agreed.rate, asset=option)
    return _Terms(asked.units, asked.value, asked.rate, agreed.source, agreed.observed_at, agreed.evidence(), now)


def _ask(invoice: Invoice, terms: _Terms) -> None:
    invoice.amount_units, invoice.asked_value, invoice.rate = terms.units, terms.value, terms.rate
    invoice.rate_source, invoice.rate_observed_at = terms.source, terms.observed_at
    invoice.rate_evidence = terms.evidence
    invoice.quoted_at = terms.quoted_at
    lock = timedelta(seconds=invoice.price_lock_seconds)
    invoice.quote_expires_at = min(terms.quoted_at + lock, invoice.expires_at)


def _remember(invoice: Invoice, now: datetime) -> None:
    """Keep where the invoice is paid at present, if that is not kept yet."""
    place = InvoiceDestination(invoice=invoice, asset_code=invoice.asset_code, created_at=now)
    for name in _PLACE:
        setattr(place, name, getattr(invoice, name))
    insert(place, unless_taken=True)


def _kept(invoice: Invoice, option: Asset, address: str) -> InvoiceDestination | None:
    """
    Return where the invoice is paid on the option's network, if that was ever shown: one address for all coins there.

    On the sandbox, which is one network, each coin has an address of its own, so that choosing can be tried out.
    """
    kept = InvoiceDestination.objects.filter(invoice=invoice, network=option.network)
    if address:
        kept = kept.filter(address=address)
    elif option.network == registry.SANDBOX:
        kept = kept.filter(asset_code=option.code)
    return kept.order_by("created_at", "id").first()


def _issue(invoice: Invoice, option: Asset, now: datetime) -> InvoiceDestination:
    """Take a destination on the option's network, as for a new invoice, and keep it."""
    for _ in range(_ATTEMPTS):
        issued = merchant_services.issue_destination(
            merchant=invoice.merchant, network=option.network, livemode=invoice.livemode, now=now
        )
        at = {"network": option.network, "address": issued.address}
        if issued.matching != "address":
            if is_anothers(**at, merchant=invoice.merchant):
                break
        elif Invoice.objects.filter(**at, matching=Matching.ADDRESS).exists():
            continue  # a merchant listed an address of a key that is also used here
        place = InvoiceDestination(
            invoice=invoice,
            asset_code=option.code,
            tag=issued.tag,
            matching=issued.matching,
            wallet_id=issued.wallet_id,
            wallet_index=issued.index,
            created_at=now,
            **at,
        )
        if insert(place, unless_taken=True):
            return place
    raise NoWalletConfigured(USED_UP, field="network")
