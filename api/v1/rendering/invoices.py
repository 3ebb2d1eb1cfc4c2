"""An invoice as its merchant sees it, and as its customer does."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from api.v1.rendering.amounts import crypto_amount, fiat, moment, plain, threshold
from api.v1.rendering.payments import payment_of_invoice, public_payment, refund_view
from chains import registry, uris
from chains.tags import DESTINATION_TAG
from core.ids import public_id
from events.models import Event
from invoices.events import progress
from invoices.models import Customer, Invoice, InvoiceDestination, PaymentLink
from payments.models import Payment, Refund
from payments.states import RECEIVED
from webhooks.models import Delivery

_ITEM_KEYS: Final = ("name", "description", "quantity", "unit_price")


def invoice_view(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as answered to its creation and in lists."""
    return {
        "id": invoice.public_id,
        **_what(invoice),
        **_how_to_pay(invoice),
        "qr_code_url": qr_code_url(invoice),
        "status": str(invoice.status),
        "exception": str(invoice.exception),
        "livemode": invoice.livemode,
        "customer_url": customer_url(invoice),
        "expires_at": moment(invoice.expires_at),
        "created_at": moment(invoice.created_at),
        "paid_at": moment(invoice.paid_at),
        "cancelled_at": moment(invoice.cancelled_at),
        "cancel_reason": invoice.cancel_reason or None,
        "amount_received": fiat(invoice.received_value, invoice.currency),
        "payment_progress": progress(invoice),
        "exchange_rate": _exchange_rate(invoice),
        "rate_evidence": [_rate_source(quotation) for quotation in invoice.rate_evidence],
        "payment_tolerance": _tolerance(invoice),
        "webhook_url": invoice.webhook_url or None,
        "return_url": invoice.return_url or None,
        "cancel_url": invoice.cancel_url or None,
        "customer_id": public_id(Customer.PREFIX, invoice.customer_id) if invoice.customer_id else None,
        "payment_link_id": (
            public_id(PaymentLink.PREFIX, invoice.payment_link_id) if invoice.payment_link_id else None
        ),
        "metadata": invoice.metadata,
    }


def merchant_view(
    invoice: Invoice,
    *,
    payments: Iterable[Payment],
    refunds: Iterable[Refund],
    destinations: Iterable[InvoiceDestination],
    audit: Iterable[Event],
    deliveries: Iterable[Delivery],
) -> dict[str, Any]:
    """Return an invoice with everything that happened to it."""
    return {
        **invoice_view(invoice),
        "payments": [payment_of_invoice(payment) for payment in payments],
        "refunds": [refund_view(refund) for refund in refunds],
        "destinations": [_destination(place) for place in destinations],
        "audit_log": [audit_entry(event) for event in audit],
        "webhook_deliveries": [_delivery(delivery) for delivery in deliveries],
    }


def public_view(invoice: Invoice, *, payments: Iterable[Payment], now: datetime) -> dict[str, Any]:
    """Return what a customer may know: no metadata, no merchant's internals."""
    return {
        "id": invoice.public_id,
        **_what(invoice),
        **_how_to_pay(invoice),
        "status": str(invoice.status),
        "exception": str(invoice.exception),
        "livemode": invoice.livemode,
        "expires_at": moment(invoice.expires_at),
        "paid_at": moment(invoice.paid_at),
        "payments": [public_payment(payment, invoice) for payment in payments if payment.status in RECEIVED],
        "payment_progress": progress(invoice),
        "return_url": invoice.return_url or None,
        "cancel_url": invoice.cancel_url or None,
        "time_remaining": seconds_left(invoice, now=now),
    }


def audit_entry(event: Event) -> dict[str, Any]:
    """Return who did what, when and from where."""
    return {
        "id": public_id(Event.AUDIT_PREFIX, event.pk),
        "event": event.type,
        "timestamp": moment(event.created_at),
        "actor": event.actor,
        "ip_address": event.ip_address or None,
        "user_agent": event.user_agent or None,
        "request_id": event.request_id or None,
    }


def seconds_left(invoice: Invoice, *, now: datetime) -> int:
    """Return the seconds left to pay; 0 once there is nothing more to wait for."""
    if not invoice.is_awaiting:
        return 0
    return max(int((invoice.expires_at - now).total_seconds()), 0)


def payment_uri(invoice: Invoice) -> str:
    """Return what a wallet opens, for what is still to be sent."""
    asset = invoice.asset
    units = invoice.remaining_units or invoice.amount_units
    return uris.payment_uri(asset, invoice.address, asset.to_amount(units), tag=invoice.tag)


def customer_url(invoice: Invoice) -> str:
    """Return the address of the pay page."""
    return f"{settings.PAY_BASE_URL}/invoice/{invoice.public_id}"


def qr_code_url(invoice: Invoice) -> str:
    """Return the address of the QR code; another one for each thing that the customer may choose."""
    chosen = f"&v={invoice.asset_code}-{invoice.network}" if invoice.payment_options else ""
    return f"{settings.API_BASE_URL}/api/v1/public/invoice/{invoice.public_id}/qr?size=256{chosen}"


def _what(invoice: Invoice) -> dict[str, Any]:
    currency = invoice.currency
    return {
        "title": invoice.title,
        "description": invoice.description,
        "items": [_item(item, currency) for item in invoice.items],
        "subtotal": fiat(invoice.subtotal, currency),
        "tax": fiat(invoice.tax, currency),
        "total": fiat(invoice.total, currency),
        "currency": currency,
        "priced_in_asset": bool(invoice.priced_in_asset),
    }


def _how_to_pay(invoice: Invoice) -> dict[str, Any]:
    return {
        "crypto_currency": invoice.asset_code,
        "network": invoice.network,
        **crypto_amount(invoice),
        "address": invoice.address,
        "tag": invoice.tag or None,
        **_named_tag(invoice),
        "matching": str(invoice.matching),
        "payment_uri": payment_uri(invoice),
        "payment_options": [
            {
                "crypto_currency": option["asset"],
                "network": option["network"],
                "current": invoice.asks_for(network=option["network"], asset_code=option["asset"]),
            }
            for option in invoice.payment_options or ()
        ],
    }


def _named_tag(invoice: Invoice) -> dict[str, Any]:
    """Return the tag under the name it has on its network: ``destination_tag`` (a number) or ``reference``."""
    network = registry.find_network(invoice.network)
    if not invoice.tag or network is None:
        return {}
    if network.tag_kind == DESTINATION_TAG:
        return {"destination_tag": int(invoice.tag)}
    return {network.tag_kind: invoice.tag} if network.tag_kind else {}


def _item(item: Mapping[str, Any], currency: str) -> dict[str, Any]:
    line = {key: item[key] for key in _ITEM_KEYS if key in item}
    line["quantity"] = plain(Decimal(item["quantity"]))
    line["unit_price"] = fiat(Decimal(item["unit_price"]), currency)
    return line


def _exchange_rate(invoice: Invoice) -> dict[str, Any]:
    return {
        "rate": plain(invoice.rate),
        "source": invoice.rate_source,
        "locked_at": moment(invoice.quoted_at),
        "expires_at": moment(invoice.quote_expires_at),
    }


def _rate_source(quotation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one source said when the invoice was quoted, and whether it counted."""
    return {
        "source": quotation["source"],
        "price": plain(Decimal(quotation["price"])),
        "observed_at": quotation["observed_at"],
        "used": quotation["used"],
        "carried_from": quotation.get("carried_from"),
    }


def _tolerance(invoice: Invoice) -> dict[str, Any]:
    return {
        "underpayment_threshold": threshold(invoice.underpayment_threshold, invoice.currency),
        "overpayment_threshold": threshold(invoice.overpayment_threshold, invoice.currency),
        "overpayment_action": str(invoice.overpayment_action),
    }


def _destination(place: InvoiceDestination) -> dict[str, Any]:
    """Return where the invoice is, or was, to be paid; all of these stay watched."""
    return {"network": place.network, "address": place.address, "tag": place.tag or None}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.public_id,
        "event": delivery.event_type,
        "url": delivery.url,
        "status": str(delivery.status),
        "attempts": delivery.attempts,
        "response_code": delivery.response_code,
        "delivered_at": moment(delivery.delivered_at),
    }
