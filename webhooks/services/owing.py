"""From an event to the deliveries it owes. Runs inside the dispatching transaction, so it only writes rows."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core import exact_json
from events.models import Event
from events.payload import payload
from events.types import DELIVERABLE, WEBHOOK_TEST
from webhooks.models import Delivery, InvoiceHook, WebhookEndpoint

INVOICE_CREATED = "invoice.created"


@transaction.atomic
def owe(*, event: Event, now: datetime) -> int:
    """Create a delivery for each receiver of ``event``; return how many. Safe to repeat."""
    if event.merchant_id is None or event.type not in DELIVERABLE or event.type == WEBHOOK_TEST:
        return 0
    endpoints = [endpoint for endpoint in _listening(event.merchant_id, event.livemode) if endpoint.wants(event.type)]
    hook = _hook_of(event)
    if hook is not None and any(endpoint.url == hook.url for endpoint in endpoints):
        hook = None  # the same address is told already, and there with a secret it knows
    if not endpoints and hook is None:
        return 0
    body = render_body(event)
    deliveries = [new_delivery(event=event, receiver=endpoint, body=body, now=now) for endpoint in endpoints]
    if hook is not None:
        deliveries.append(new_delivery(event=event, receiver=hook, body=body, now=now))
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    return len(deliveries)


def render_body(event: Event) -> str:
    """Return the text that every attempt for this event sends, byte by byte."""
    return exact_json.dumps(payload(event))


def new_delivery(*, event: Event, receiver: WebhookEndpoint | InvoiceHook, body: str, now: datetime) -> Delivery:
    """Return an unsaved delivery of ``event``, due ``now``."""
    return Delivery(
        merchant_id=receiver.merchant_id,
        livemode=receiver.livemode,
        endpoint=receiver if isinstance(receiver, WebhookEndpoint) else None,
        hook=receiver if isinstance(receiver, InvoiceHook) else None,
        event=event,
        event_type=event.type,
        invoice_id=event.invoice_id,
        url=receiver.url,
        lane=_lane_of(receiver),
        body=body,
        created_at=now,
        next_attempt_at=now,
    )


def _lane_of(receiver: WebhookEndpoint | InvoiceHook) -> str:
    if isinstance(receiver, WebhookEndpoint):
        return receiver.public_id
    # A shop gives the same address with each invoice: that is one receiver, not thousands.
    return hashlib.sha256(f"{receiver.merchant_id}:{receiver.url}".encode()).hexdigest()


def _listening(merchant_id: UUID, livemode: bool) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(
        merchant_id=merchant_id, livemode=livemode, deleted_at=None, disabled_reason=""
    )


def _hook_of(event: Event) -> InvoiceHook | None:
    if event.invoice_id is None or event.merchant_id is None:
        return None
    if event.type != INVOICE_CREATED:
        return InvoiceHook.objects.filter(invoice_id=event.invoice_id).first()
    url = event.data.get("webhook_url")
    if not url:
        return None
    hook, _ = InvoiceHook.objects.get_or_create(
        invoice_id=event.invoice_id,
        defaults={"merchant_id": event.merchant_id, "livemode": event.livemode, "url": url},
    )
    return hook
