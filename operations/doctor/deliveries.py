"""Every event owed to a receiver is delivered or visibly given up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from events.types import DELIVERABLE, WEBHOOK_TEST
from operations.doctor.base import CHUNK, Check, Moment, Row, asks, asks_in_slices, stream
from webhooks import formats
from webhooks.models import WebhookEndpoint

_MARGIN: Final = timedelta(hours=1)
_TOLD: Final = sorted(DELIVERABLE - {WEBHOOK_TEST})

# An endpoint is owed what happened since it was last changed; what it wanted before is not known any more.
_CHANGED: Final = """
SELECT max(position) AS position, bool_or(position IS NULL) AS is_waiting FROM events_event
WHERE object_id = %(name)s::text AND invoice_id IS NULL
"""
_OWED: Final = """
SELECT e.id AS event, e.type FROM events_event e
WHERE e.merchant_id = %(merchant)s::uuid AND e.livemode = %(livemode)s::boolean AND e.position > %(since)s::bigint
  AND e.type = ANY(%(types)s::text[]) AND e.created_at > %(kept)s::timestamptz
  AND NOT EXISTS (SELECT FROM webhooks_delivery d WHERE d.event_id = e.id AND d.endpoint_id = %(endpoint)s::uuid)
  AND NOT EXISTS (SELECT FROM events_faileddispatch f WHERE f.event_id = e.id AND f.subscriber = 'webhooks')
ORDER BY e.position
"""
_UNHOOKED: Final = """
SELECT i.id AS invoice FROM invoices_invoice i
JOIN events_event e ON e.invoice_id = i.id AND e.type = 'invoice.created' AND e.position IS NOT NULL
WHERE i.id > %(after)s AND i.id <= %(upto)s AND i.webhook_url <> ''
  AND NOT EXISTS (SELECT FROM webhooks_invoicehook h WHERE h.invoice_id = i.id)
  AND NOT EXISTS (SELECT FROM events_faileddispatch f WHERE f.event_id = e.id AND f.subscriber = 'webhooks')
ORDER BY i.id
"""
# An address that is told as an endpoint already is not told as an invoice's own as well.
_OF_HOOKS: Final = """
SELECT e.id AS event, e.type, h.invoice_id AS invoice FROM webhooks_invoicehook h
JOIN events_event e ON e.invoice_id = h.invoice_id AND e.position IS NOT NULL AND e.type = ANY(%(types)s::text[])
WHERE e.created_at > %(kept)s::timestamptz AND h.format = %(format)s::text
  AND NOT EXISTS (SELECT FROM webhooks_delivery d WHERE d.event_id = e.id AND d.hook_id = h.id)
  AND NOT EXISTS (SELECT FROM events_faileddispatch f WHERE f.event_id = e.id AND f.subscriber = 'webhooks')
  AND NOT EXISTS (SELECT FROM webhooks_webhookendpoint w
                  WHERE w.merchant_id = h.merchant_id AND w.url = h.url AND w.format = h.format)
ORDER BY e.position
"""
_STRANGERS: Final = """
SELECT d.id AS delivery, d.event_id AS event FROM webhooks_delivery d JOIN events_event e ON e.id = d.event_id
LEFT JOIN webhooks_webhookendpoint w ON w.id = d.endpoint_id LEFT JOIN webhooks_invoicehook h ON h.id = d.hook_id
WHERE (d.merchant_id, d.livemode) <> (e.merchant_id, e.livemode)
   OR (d.merchant_id, d.livemode) <> (coalesce(w.merchant_id, h.merchant_id), coalesce(w.livemode, h.livemode))
ORDER BY d.id
"""
_REFUSED: Final = """
SELECT id AS delivery, response_code AS answer FROM webhooks_delivery
WHERE status = 'delivered' AND (response_code IS NULL OR response_code NOT BETWEEN 200 AND 299) ORDER BY id
"""
_STUCK: Final = """
SELECT d.url, count(*) AS deliveries, min(d.next_attempt_at) AS since FROM webhooks_delivery d
WHERE d.status = 'pending' AND d.next_attempt_at < %(settled)s::timestamptz
  AND NOT EXISTS (SELECT FROM webhooks_delivery busy WHERE busy.lane = d.lane AND busy.lease_token IS NOT NULL
                  AND busy.leased_until > %(settled)s::timestamptz)
  AND NOT EXISTS (SELECT FROM webhooks_circuit left_alone WHERE left_alone.lane = d.lane
                  AND left_alone.open_until > %(settled)s::timestamptz)
GROUP BY d.lane, d.url ORDER BY since
"""


def _kept_since(moment: Moment) -> datetime:
    """Return since when deliveries are kept; a little later, as the clock deletes them meanwhile."""
    days = settings.DELIVERY_DAYS
    return moment.now - timedelta(days=days) + _MARGIN if days else datetime.min.replace(tzinfo=UTC)


def _told_in(name: str) -> list[str]:
    """Return what a format has words for; nothing is owed in one that is not spoken here any more."""
    return [kind for kind in _TOLD if formats.format_called(name).tells(kind)] if formats.is_known(name) else []


def _hooks_not_owed(moment: Moment) -> Iterator[Row]:
    for name in formats.names():
        yield from stream(_OF_HOOKS, types=_told_in(name), kept=_kept_since(moment), format=name)


def _not_owed(moment: Moment) -> Iterator[Row]:
    for endpoint in WebhookEndpoint.objects.filter(deleted_at=None, disabled_reason="").iterator(chunk_size=CHUNK):
        changed = next(iter(stream(_CHANGED, name=endpoint.public_id)))
        if changed["position"] is None or changed["is_waiting"]:
            continue
        owed = stream(
            _OWED,
            merchant=endpoint.merchant_id,
            livemode=endpoint.livemode,
            endpoint=endpoint.pk,
            since=changed["position"],
            kept=_kept_since(moment),
            types=[kind for kind in _told_in(endpoint.format) if endpoint.wants(kind)],
        )
        for row in owed:
            yield {**row, "endpoint": endpoint.pk}


CHECKS: Final = (
    Check(
        "owed",
        _("Every event that an endpoint subscribes to is owed to it."),
        _("Event %(event)s (%(type)s) is not owed to endpoint %(endpoint)s."),
        _("Deliveries were deleted by hand. The receiver can read the event at GET /api/v1/events."),
        _not_owed,
    ),
    Check(
        "hooks",
        _("An invoice with an address of its own for webhooks has it remembered."),
        _("Invoice %(invoice)s names an address for webhooks that is not told."),
        _("Rows were deleted by hand: restore them from a backup, or tell the merchant to read GET /api/v1/events."),
        asks_in_slices(_UNHOOKED),
        has_views=True,
    ),
    Check(
        "hooks-owed",
        _("Every event of such an invoice is owed to that address."),
        _("Event %(event)s (%(type)s) of invoice %(invoice)s is not owed to the invoice's own address."),
        _("Deliveries were deleted by hand. The receiver can read the event at GET /api/v1/events."),
        _hooks_not_owed,
    ),
    Check(
        "receivers",
        _("A delivery tells a merchant of the merchant's own events, and of no others."),
        _("Delivery %(delivery)s sends event %(event)s to somebody else's receiver."),
        _("Give it up at /admin/ at once, if it still waits. Somebody has written to the tables by hand."),
        asks(_STRANGERS),
    ),
    Check(
        "accepted",
        _("What counts as delivered was accepted by its receiver."),
        _("Delivery %(delivery)s counts as delivered and was answered with %(answer)s."),
        _("Send it again at /admin/ or with POST /api/v1/webhook-deliveries/…/redeliver."),
        asks(_REFUSED),
    ),
    Check(
        "sent",
        _("What is due for a receiver is being sent."),
        _("%(deliveries)s deliveries to %(url)s are due, the oldest since %(since)s, and nobody sends them."),
        _("Start the clock (beat) and a worker with WEBHOOK_SENDERS above 0."),
        asks(_STUCK),
    ),
)
