"""Webhook endpoints, deliveries and events as the API shows them."""

from typing import Any

from core import exact_json
from core.ids import public_id
from events.models import Event
from events.payload import payload
from webhooks import signing
from webhooks.models import Attempt, Delivery, Replay, WebhookEndpoint
from webhooks.selectors import progress_of
from webhooks.services import TestResult


def endpoint_view(endpoint: WebhookEndpoint, *, secret: str | None = None) -> dict[str, Any]:
    """Return an endpoint; ``secret`` is shown in full when it was made just now, otherwise it is masked."""
    view = {
        "id": endpoint.public_id,
        "url": endpoint.url,
        "events": endpoint.events,
        "secret": secret or signing.masked(endpoint.secret),
        "status": "active" if endpoint.enabled else "disabled",
        "allowed_ips": endpoint.allowed_ips,
        "max_retries": endpoint.max_retries,
        "retry_backoff": endpoint.retry_backoff,
        "timeout": endpoint.timeout,
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason or None,
        "format": endpoint.format,
        "livemode": endpoint.livemode,
        "created_at": endpoint.created_at,
    }
    # One that was made or changed just now has not been looked up with its figures.
    return view | {
        "last_delivery_at": getattr(endpoint, "last_delivery_at", None),
        "success_rate": getattr(endpoint, "success_rate", None),
    }


def test_view(result: TestResult) -> dict[str, Any]:
    """Return what came of a test."""
    return {
        "test_id": result.test_id,
        "status": result.status,
        "response_code": result.response_code,
        "response_time_ms": result.response_time_ms,
        "delivered_at": result.delivered_at,
        "error": result.error or None,
    }


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    """Return one entry of the list of deliveries."""
    return {
        "id": delivery.public_id,
        "event_id": public_id(Event.PREFIX, delivery.event_id),
        "event_type": delivery.event_type,
        "invoice_id": delivery.invoice_id and public_id("inv", delivery.invoice_id),
        "url": delivery.url,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "response_code": delivery.response_code,
        "next_attempt_at": delivery.next_attempt_at,
        "delivered_at": delivery.delivered_at,
        "failure": delivery.failure or None,
        "created_at": delivery.created_at,
    }


def delivery_detail(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery with what was sent and each attempt at it."""
    return delivery_view(delivery) | {
        "payload": exact_json.loads(delivery.body),
        "history": [_attempt(attempt) for attempt in delivery.history.order_by("number")],
    }


def replay_view(replay: Replay) -> dict[str, Any]:
    """Return how far a replay is."""
    progress = progress_of(replay)
    is_over = replay.finished_at is not None and not progress.waiting
    return {
        "id": replay.public_id,
        "period_start": replay.start,
        "period_end": replay.end,
        "status": "stopped" if replay.is_stopped else "completed" if is_over else "running",
        "total": progress.total,
        "delivered": progress.delivered,
        "failed": progress.failed,
        "waiting": progress.waiting,
        "percent": progress.percent,
        "created_at": replay.created_at,
    }


def event_view(event: Event) -> dict[str, Any]:
    """Return an event as webhooks carry it, with its place in the log."""
    return payload(event) | {"position": event.position}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "elapsed_ms": attempt.elapsed_ms,
        "response_code": attempt.response_code,
        "response": attempt.response,
        "error": attempt.error or None,
    }
