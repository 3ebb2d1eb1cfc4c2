"""Payment links, webhook endpoints and customers as this format writes them."""

from typing import Any, Final

from django.conf import settings

from api.selfhosted.mapping import subscriptions_told
from api.selfhosted.sessions import moment, money
from invoices.models import Customer, PaymentLink
from webhooks.models import WebhookEndpoint
from webhooks.services import TestResult

_SHOWN_OF_SECRET: Final = 12


def link_view(link: PaymentLink) -> dict[str, Any]:
    """Return a payment link; ``fiatAmount`` is null where the payer chooses, as links made elsewhere may allow."""
    return {
        "id": link.public_id,
        "object": "payment_link",
        "slug": link.slug,
        "title": link.title,
        "description": link.description or None,
        "fiatAmount": None if link.amount is None else money(link.amount, link.currency),
        "fiatCurrency": link.currency,
        "successUrl": link.return_url or None,
        "cancelUrl": link.cancel_url or None,
        "active": link.is_active,
        "checkoutUrl": f"{settings.PAY_BASE_URL}/l/{link.slug}",
        "livemode": link.livemode,
        "createdAt": moment(link.created_at),
        "updatedAt": moment(link.updated_at),
    }


def endpoint_view(endpoint: WebhookEndpoint, *, secret: str | None = None) -> dict[str, Any]:
    """Return a webhook endpoint; ``secret`` is shown when it was made just now, and never again."""
    view = {
        "id": endpoint.public_id,
        "object": "webhook_endpoint",
        "url": endpoint.url,
        "events": subscriptions_told(endpoint.events),
        "active": endpoint.enabled,
        "secretPrefix": endpoint.secret[:_SHOWN_OF_SECRET],
        "livemode": endpoint.livemode,
        "createdAt": moment(endpoint.created_at),
    }
    return view | ({"secret": secret} if secret else {})


def test_view(result: TestResult) -> dict[str, Any]:
    """Return what came of a test."""
    return {
        "object": "webhook_test",
        "deliveryId": result.delivery_id,
        "status": result.status,
        "responseStatus": result.response_code,
        "responseTimeMs": result.response_time_ms,
        "error": result.error or None,
    }


def customer_view(customer: Customer) -> dict[str, Any]:
    """Return a customer."""
    return {
        "id": customer.public_id,
        "object": "customer",
        "email": customer.email,
        "metadata": customer.metadata or None,
        "livemode": customer.livemode,
        "createdAt": moment(customer.created_at),
        "updatedAt": moment(customer.updated_at),
    }
