"""
A checkout session as this format writes it: an invoice as it is now, or as an event about it says it was.

What an event does not tell (the link, the addresses to return to, the rate) is the invoice's; it does not change.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from api.selfhosted.mapping import STATUS, chain_id, event_name, status_of_event
from chains import registry
from core.exact_json import timestamp
from core.ids import public_id
from core.money import WIDE, minor_digits, round_to
from events.models import Event
from invoices.events import fiat
from invoices.models import Invoice, PaymentLink
from invoices.states import InvoiceException, InvoiceStatus
from payments.models import Payment
from payments.selectors import transactions_of

_ETH: Final = "ETH"
_USD: Final = "USD"
_DOLLAR_DIGITS: Final = 2


def session_view(invoice: Invoice, *, txid: str | None) -> dict[str, Any]:
    """Return an invoice as a checkout session; ``txid`` names the transaction that pays it."""
    return {
        "id": invoice.session_id,
        "object": "checkout_session",
        "linkId": public_id(PaymentLink.PREFIX, invoice.payment_link_id) if invoice.payment_link_id else None,
        "status": STATUS[InvoiceStatus(invoice.status), InvoiceException(invoice.exception)],
        "address": invoice.address,
        "amount": _amount(invoice.asset_code, invoice.network, units=invoice.amount_units),
        "fiat": {"amount": money(invoice.total, invoice.currency), "currency": invoice.currency},
        "ethPriceUsd": _eth_price(invoice),
        "expiresAt": timestamp(invoice.expires_at),
        "paidAt": moment(invoice.paid_at),
        "txHash": txid,
        "chainId": chain_id(invoice.network),
        "metadata": invoice.metadata or None,
        "successUrl": invoice.return_url or None,
        "cancelUrl": invoice.cancel_url or None,
        "checkoutUrl": f"{settings.PAY_BASE_URL}/checkout/{invoice.session_id}",
        "livemode": invoice.livemode,
        "createdAt": timestamp(invoice.created_at),
    }


def session_at(event: Event, invoice: Invoice, *, txid: str | None) -> dict[str, Any]:
    """Return the session as it was when ``event`` happened."""
    then: Mapping[str, Any] = event.data
    currency, asset, network = then["currency"], then["crypto_currency"], then["network"]
    return {
        **session_view(invoice, txid=txid),
        "status": status_of_event(event),
        "address": then["address"],
        "amount": _amount(asset, network, value=Decimal(then["crypto_amount"])),
        "fiat": {"amount": money(Decimal(then["total_amount"]), currency), "currency": currency},
        "expiresAt": then["expires_at"],
        "paidAt": then["paid_at"],
        "chainId": chain_id(network),
        "metadata": then["metadata"] or None,
    }


def sessions_of(invoices: Collection[Invoice]) -> list[dict[str, Any]]:
    """Return invoices as sessions: one query for the transactions of all of them."""
    txids = {key: found[0].txid for key, found in _transactions(invoice.pk for invoice in invoices).items()}
    return [session_view(invoice, txid=txids.get(invoice.pk)) for invoice in invoices]


def event_views(events: Collection[Event]) -> list[dict[str, Any]]:
    """Return events about invoices as this format tells them: two queries, however many there are."""
    keys = {event.invoice_id for event in events if event.invoice_id}
    invoices, payments = Invoice.objects.in_bulk(keys), _transactions(keys)
    return [_event_view(event, invoices, payments) for event in events]


def money(amount: Decimal, currency: str) -> str:
    """Return an amount of fiat as text with the currency's digits."""
    return f"{fiat(amount, currency):f}"


def moment(at: datetime | None) -> str | None:
    """Return a time in UTC, or None."""
    return timestamp(at) if at else None


def _event_view(
    event: Event, invoices: Mapping[UUID, Invoice], payments: Mapping[UUID, list[Payment]]
) -> dict[str, Any]:
    key = event.invoice_id
    if key is None:
        raise LookupError(f"the event {event.public_id} is about no invoice")
    seen = (payment.txid for payment in payments.get(key, ()) if payment.created_at <= event.created_at)
    return {
        "id": event.public_id,
        "object": "event",
        "type": event_name(event),
        "livemode": event.livemode,
        "createdAt": timestamp(event.created_at),
        "data": session_at(event, invoices[key], txid=next(seen, None)),
    }


def _transactions(invoices: Iterable[UUID]) -> dict[UUID, list[Payment]]:
    found: dict[UUID, list[Payment]] = {}
    for payment in transactions_of(invoices=list(invoices)):
        if payment.invoice_id:
            found.setdefault(payment.invoice_id, []).append(payment)
    return found


def _amount(code: str, network: str, *, units: int = 0, value: Decimal | None = None) -> dict[str, Any]:
    """
    Return what has to be sent. ``wei`` and ``eth`` are null where the asset is another one: a program that knows
    only these must not take an amount of dollars for one of ether.
    """
    asset = registry.asset(network, code)
    if value is None:
        value = asset.to_amount(units) if asset else Decimal(units)
    base_units = str(asset.to_units(value) if asset else units)
    is_ether = code == _ETH
    return {
        "wei": base_units if is_ether else None,
        "eth": f"{value:f}" if is_ether else None,
        "units": base_units,
        "value": f"{value:f}",
        "asset": code,
        "network": network,
    }


def _eth_price(invoice: Invoice) -> str | None:
    if invoice.asset_code != _ETH:
        return None
    rate = invoice.rate
    if invoice.currency != _USD:
        rate = WIDE.multiply(rate, WIDE.divide(invoice.total_usd, invoice.total))
    return f"{round_to(rate, max(_DOLLAR_DIGITS, minor_digits(_USD)), 'ROUND_HALF_UP'):f}"
