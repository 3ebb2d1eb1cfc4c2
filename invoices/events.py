"""What the log says of an invoice. The data is frozen when the event happens; webhooks send it as it is."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from core import exact_json
from core.ids import public_id
from core.money import minor_digits, round_down, round_to
from events.outbox import Happening
from invoices.models import Invoice
from invoices.states import InvoiceStatus

STATUS_EVENT: Final[Mapping[InvoiceStatus, str]] = {
    InvoiceStatus.CREATED: "invoice.created",
    InvoiceStatus.PENDING: "invoice.pending",
    InvoiceStatus.PARTIAL: "invoice.partially_paid",
    InvoiceStatus.CONFIRMING: "invoice.confirming",
    InvoiceStatus.PAID: "invoice.paid",
    InvoiceStatus.EXPIRED: "invoice.expired",
    InvoiceStatus.CANCELLED: "invoice.cancelled",
    InvoiceStatus.REFUNDED: "invoice.refunded",
}


def fiat(value: Decimal, currency: str) -> Decimal:
    """Return ``value`` with the currency's minor digits, rounded down: a fraction of a cent was not received."""
    return round_down(value, minor_digits(currency))


def progress(invoice: Invoice) -> dict[str, Any]:
    """Return how much of the asset has arrived: amounts in the asset, percent with two digits."""
    asset = invoice.asset
    percent = Decimal(100 * invoice.received_units) / invoice.amount_units
    return {
        "received": asset.to_amount(invoice.received_units),
        "required": asset.to_amount(invoice.amount_units),
        "remaining": asset.to_amount(invoice.remaining_units),
        "percent": min(round_to(percent, 2, "ROUND_DOWN"), Decimal("100.00")),
    }


def snapshot(invoice: Invoice) -> dict[str, Any]:
    """Return what every event about ``invoice`` carries."""
    return {
        "invoice_id": invoice.public_id,
        "title": invoice.title,
        "status": str(invoice.status),
        "exception": str(invoice.exception),
        "total_amount": fiat(invoice.total, invoice.currency),
        "total_received": fiat(invoice.received_value, invoice.currency),
        "currency": invoice.currency,
        "crypto_currency": invoice.asset_code,
        "crypto_amount": invoice.asset.to_amount(invoice.amount_units),
        **({"priced_in_asset": True} if invoice.priced_in_asset else {}),
        "network": invoice.network,
        "address": invoice.address,
        **({"tag": invoice.tag} if invoice.tag else {}),
        "payment_progress": progress(invoice),
        "paid_at": _time(invoice.paid_at),
        "created_at": _time(invoice.created_at),
        "expires_at": _time(invoice.expires_at),
        "metadata": invoice.metadata,
        "reporting": {
            "currency": invoice.reporting_currency,
            "total": fiat(invoice.reporting_total, invoice.reporting_currency),
        },
    }


def about(invoice: Invoice, event_type: str, **more: Any) -> Happening:
    """Return an event of ``event_type`` about ``invoice`` as it is now."""
    return Happening(
        type=event_type,
        merchant_id=invoice.merchant_id,
        livemode=invoice.livemode,
        invoice_id=invoice.pk,
        object_id=public_id(Invoice.PREFIX, invoice.pk),
        data={**snapshot(invoice), **more},
    )


def _time(moment: datetime | None) -> str | None:
    return exact_json.timestamp(moment) if moment else None
