"""From an event to the deliveries it owes. Runs inside the dispatching transaction, so it only writes rows."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from events.models import Event
from events.types import DELIVERABLE, WEBHOOK_TEST
from webhooks.formats import NATIVE, DeliveryFormat, format_called, is_known
from webhooks.models import Delivery, InvoiceHook, WebhookEndpoint

Receiver = WebhookEndpoint | InvoiceHook

INVOICE_CREATED = "invoice.created"


@transaction.atomic
def owe(*, event: Event, now: datetime) -> int:
    """Create a delivery for each receiver of ``event``; return how many. Safe to repeat."""
    if event.merchant_id is None or event.type not in DELIVERABLE or event.type == WEBHOOK_TEST:
        return 0
    receivers = _receivers(event, event.merchant_id)
    bodies = {name: format_called(name).body(event) for name in {receiver.format for receiver in receivers}}
    deliveries = [
        new_delivery(event=event, receiver=receiver, body=bodies[receiver.format], now=now) for receiver in receivers
    ]
    if deliveries:
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    return len(deliveries)


def render_body(event: Event, receiver: Receiver) -> str:
    """Return the text that every attempt to tell ``receiver`` of this event sends, byte by byte."""
    return format_of(receiver).body(event)


def format_of(receiver: Receiver) -> DeliveryFormat:
    """Return how a receiver is told."""
    return format_called(receiver.format)


def _receivers(event: Event, merchant_id: UUID) -> Sequence[Receiver]:
    """Return who is to be told of ``event``: those who listen, and in whose format there are words for it."""
    endpoints = [
        endpoint
        for endpoint in _listening(merchant_id, event.livemode)
        if endpoint.wants(event.type) and format_of(endpoint).tells(event.type)
    ]
    hook = _hook_of(event)
    if hook is None or not format_of(hook).tells(event.type):
        return endpoints
    if any((endpoint.url, endpoint.format) == (hook.url, hook.format) for endpoint in endpoints):
        return endpoints  # the same address is told already, and there with a secret it knows
    return [*endpoints, hook]


def new_delivery(*, event: Event, receiver: Receiver, body: str, now: datetime) -> Delivery:
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


def _lane_of(receiver: Receiver) -> str:
    if isinstance(receiver, WebhookEndpoint):
        return receiver.public_id
    # A shop names the order in the address that it gives with each invoice: that is one receiver, not thousands. As
    # thousands, a server of theirs that hangs would soon hold every place there is, and the others' webhooks.
    host = (urlsplit(receiver.url).hostname or "").rstrip(".")
    return hashlib.sha256(f"{receiver.merchant_id}:{host}".encode()).hexdigest()


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
    wanted = event.data.get("webhook_format", NATIVE)
    hook, _ = InvoiceHook.objects.get_or_create(
        invoice_id=event.invoice_id,
        defaults={
            "merchant_id": event.merchant_id,
            "livemode": event.livemode,
            "url": url,
            "format": wanted if is_known(wanted) else NATIVE,
        },
    )
    return hook
