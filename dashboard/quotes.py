"""The rates that an invoice has shown, and what each of them rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from chains import registry
from invoices.models import Invoice, ReplacedQuote


@dataclass(frozen=True, slots=True)
class Source:
    """What one source said; ``carried_from`` is the currency it said it in, when the rate was carried over."""

    name: str
    price: str
    observed_at: datetime
    is_used: bool
    carried_from: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A rate, what had to be sent of which asset at it, and when it held. ``until`` is None while it holds."""

    rate: str
    source: str
    amount: str
    asset: str
    since: datetime
    until: datetime | None
    sources: tuple[Source, ...]


def quotes_of(invoice: Invoice, replaced: Iterable[ReplacedQuote]) -> list[Quote]:
    """Return every rate of ``invoice``, the one that holds first."""
    return [_quote(invoice, None), *(_quote(each, each.replaced_at) for each in replaced)]


def _quote(given: Invoice | ReplacedQuote, until: datetime | None) -> Quote:
    asset = registry.asset(given.network, given.asset_code)
    return Quote(
        rate=f"{given.rate.normalize():f}",
        source=given.rate_source,
        amount=f"{asset.to_amount(given.amount_units):f}" if asset else "?",
        asset=given.asset_code,
        since=given.quoted_at,
        until=until,
        sources=tuple(_source(each) for each in given.rate_evidence),
    )


def _source(said: dict[str, Any]) -> Source:
    return Source(
        name=said["source"],
        price=f"{Decimal(said['price']).normalize():f}",
        observed_at=datetime.fromisoformat(said["observed_at"]),
        is_used=said["used"],
        carried_from=said.get("carried_from", ""),
    )
