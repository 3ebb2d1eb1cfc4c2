"""Payment links, checkout sessions and customers."""

from typing import Any

from django.conf import settings

from api.v1.rendering.amounts import fiat, moment
from core.ids import public_id
from invoices.events import progress
from invoices.models import Customer, Invoice, PaymentLink
from invoices.selectors import credits_of


def link_view(link: PaymentLink) -> dict[str, Any]:
    """Return a payment link as its merchant sees it."""
    amounts = {name: getattr(link, name) for name in ("amount", "min_amount", "max_amount")}
    return {
        "id": link.public_id,
        "url": link_url(link),
        "slug": link.slug,
        "title": link.title,
        "description": link.description or None,
        "currency": link.currency,
        **{name: None if value is None else fiat(value, link.currency) for name, value in amounts.items()},
        "crypto_currency": link.asset_code or None,
        "network": link.network or None,
        "return_url": link.return_url or None,
        "cancel_url": link.cancel_url or None,
        "asks_email": link.asks_email,
        "max_payments": link.max_payments,
        "expires_at": moment(link.expires_at),
        "is_active": link.is_active,
        "metadata": link.metadata,
        "livemode": link.livemode,
        "created_at": moment(link.created_at),
        "updated_at": moment(link.updated_at),
    }


def link_url(link: PaymentLink) -> str:
    """Return where payers go."""
    return f"{settings.PAY_BASE_URL}/l/{link.slug}"


def session_view(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as the session of its customer."""
    link, customer = invoice.payment_link_id, invoice.customer_id
    return {
        "id": invoice.session_id,
        "url": session_url(invoice),
        "invoice_id": invoice.public_id,
        "payment_link_id": public_id(PaymentLink.PREFIX, link) if link else None,
        "customer_id": public_id(Customer.PREFIX, customer) if customer else None,
        "title": invoice.title,
        "description": invoice.description or None,
        "amount": fiat(invoice.total, invoice.currency),
        "currency": invoice.currency,
        "status": str(invoice.status),
        "exception": str(invoice.exception),
        "crypto_currency": invoice.asset_code,
        "network": invoice.network,
        "crypto_amount": invoice.asset.to_amount(invoice.amount_units),
        "address": invoice.address,
        "tag": invoice.tag or None,
        "payment_progress": progress(invoice),
        "return_url": invoice.return_url or None,
        "cancel_url": invoice.cancel_url or None,
        "metadata": invoice.metadata,
        "livemode": invoice.livemode,
        "expires_at": moment(invoice.expires_at),
        "paid_at": moment(invoice.paid_at),
        "created_at": moment(invoice.created_at),
    }


def session_url(invoice: Invoice) -> str:
    """Return where the customer of a session pays."""
    return f"{settings.PAY_BASE_URL}/checkout/{invoice.session_id}"


def customer_view(customer: Customer) -> dict[str, Any]:
    """Return a customer as in lists."""
    return {
        "id": customer.public_id,
        "email": customer.email,
        "name": customer.name or None,
        "metadata": customer.metadata,
        "livemode": customer.livemode,
        "created_at": moment(customer.created_at),
        "updated_at": moment(customer.updated_at),
    }


def customer_in_full(customer: Customer) -> dict[str, Any]:
    """Return a customer with what the merchant owes them."""
    owed = credits_of(customer).items()
    return {
        **customer_view(customer),
        "credits": [{"currency": currency, "amount": fiat(amount, currency)} for currency, amount in owed],
    }
