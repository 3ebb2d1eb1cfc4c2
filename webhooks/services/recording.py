"""
Records: what came of attempts, for many of them in one transaction.

An outcome counts only while its lease is still held: who was overtaken records nothing. Deliveries
that were made cost one statement together; each failure is looked at by itself, as what follows from
it depends on how often it failed before.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from random import SystemRandom
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from events.types import WEBHOOK_TEST
from webhooks.models import Attempt, Delivery, WebhookEndpoint
from webhooks.services import circuits
from webhooks.services.attempts import Result
from webhooks.services.endpoints import disable, tell_of_trouble
from webhooks.states import (
    JITTER_PERCENT,
    MAX_TROUBLE,
    PATIENCE,
    TROUBLE,
    Backoff,
    DeliveryStatus,
    DisabledReason,
    Outcome,
    parse_retry_after,
    pause_before_retry,
)

log = structlog.get_logger(__name__)
_random = SystemRandom()

_HOOK_RETRIES: Final = 5

_DELIVERED = """
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(told)s::jsonb) AS told(
        id uuid, token uuid, started_at timestamptz, elapsed_ms integer, headers jsonb, code integer, response text
    )
), made AS (
    UPDATE webhooks_delivery AS delivery
    SET status = 'delivered', next_attempt_at = NULL, failure = '', attempts = delivery.attempts + 1,
        delivered_at = told.started_at + told.elapsed_ms * interval '1 millisecond', response_code = told.code,
        lease_token = NULL, leased_until = NULL
    FROM told
    WHERE delivery.id = told.id AND delivery.lease_token = told.token
    RETURNING told.*, delivery.attempts
)
INSERT INTO webhooks_attempt (
    id, created_at, delivery_id, number, started_at, elapsed_ms, headers, response_code, response, error
)
SELECT uuidv7(), now(), id, attempts, started_at, elapsed_ms, headers, code, response, ''
FROM made
RETURNING delivery_id
"""


@transaction.atomic
def record(results: Sequence[Result]) -> int:
    """Record what came of attempts; return how many of them still held their lease."""
    # The endpoints first and in order: disabling one takes the locks in the same order.
    troubled = _lock_endpoints(results)
    recorded = _record_made([each for each in results if each.outcome.succeeded])
    for result in results:
        if not result.outcome.succeeded and _record_failed(result, troubled):
            recorded.add(result.claim.delivery_id)
    kept = results
    if len(recorded) < len(results):
        kept = [each for each in results if each.claim.delivery_id in recorded]
        log.warning("webhook_leases_lost", count=len(results) - len(kept))
    for result in sorted(kept, key=lambda each: each.finished_at) if troubled else ():
        endpoint = troubled.get(result.claim.endpoint_id)
        if endpoint and result.claim.event_type != WEBHOOK_TEST:
            _judge(endpoint, result.outcome, at=result.finished_at)
    circuits.note(kept)
    return len(recorded)


def _lock_endpoints(results: Iterable[Result]) -> dict[UUID | None, WebhookEndpoint]:
    """Lock every endpoint of ``results``; return those that fail now or failed before."""
    keys = {each.claim.endpoint_id for each in results if each.claim.endpoint_id}
    rows = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    failing = {key for key, since in rows.values_list("pk", "failing_since") if since is not None}
    failed = [each.claim for each in results if not each.outcome.succeeded]
    failing |= {claim.endpoint_id for claim in failed if claim.endpoint_id}
    return dict(WebhookEndpoint.objects.in_bulk(failing)) if failing else {}


def _record_made(results: Sequence[Result]) -> set[UUID]:
    if not results:
        return set()
    # As one JSON text: an array for each column costs Python three times as much.
    told = [
        {
            "id": str(each.claim.delivery_id),
            "token": str(each.claim.token),
            "started_at": each.claim.at.isoformat(),
            "elapsed_ms": each.outcome.elapsed_ms,
            "headers": each.claim.headers,
            "code": each.outcome.status_code,
            "response": _first_kilobyte(each.outcome.response),
        }
        for each in results
    ]
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERED, {"told": json.dumps(told)})
        return {row[0] for row in cursor.fetchall()}


def _record_failed(result: Result, endpoints: dict[UUID | None, WebhookEndpoint]) -> bool:
    claim, outcome = result.claim, result.outcome
    delivery = Delivery.objects.select_for_update().filter(pk=claim.delivery_id, lease_token=claim.token).first()
    if delivery is None:
        return False
    delivery.attempts += 1
    delivery.response_code = outcome.status_code
    Attempt.objects.create(
        delivery=delivery,
        number=delivery.attempts,
        started_at=claim.at,
        elapsed_ms=outcome.elapsed_ms,
        headers=claim.headers,
        response_code=outcome.status_code,
        response=_first_kilobyte(outcome.response),
        error=outcome.error[:MAX_TROUBLE],
    )
    _plan_next(delivery, endpoints.get(claim.endpoint_id), outcome, finished_at=result.finished_at)
    delivery.lease_token = delivery.leased_until = None
    delivery.save()
    return True


def _first_kilobyte(text: str) -> str:
    return text[: Attempt.MAX_RESPONSE].replace("\0", "�").encode()[: Attempt.MAX_RESPONSE].decode(errors="ignore")


def _plan_next(
    delivery: Delivery, endpoint: WebhookEndpoint | None, outcome: Outcome, *, finished_at: datetime
) -> None:
    failures = delivery.attempts - delivery.attempts_before_round
    retries = endpoint.max_retries if endpoint else _HOOK_RETRIES
    delivery.failure = outcome.trouble
    if delivery.event_type == WEBHOOK_TEST or outcome.is_gone or failures > retries:
        delivery.status, delivery.next_attempt_at = DeliveryStatus.FAILED, None
        if delivery.event_type != WEBHOOK_TEST:
            log.error("webhook_given_up", delivery=delivery.public_id, attempts=delivery.attempts)
        return
    pause = pause_before_retry(
        backoff=endpoint.retry_backoff if endpoint else Backoff.EXPONENTIAL,
        failures=failures,
        jitter=_random.randint(0, JITTER_PERCENT),
    )
    delivery.next_attempt_at = finished_at + max(pause, parse_retry_after(outcome.retry_after, now=finished_at))


def _judge(endpoint: WebhookEndpoint, outcome: Outcome, *, at: datetime) -> None:
    """Remember how long the endpoint has only failed, and disable it when that is too long or it is gone."""
    if outcome.succeeded:
        if endpoint.failing_since is not None:
            endpoint.failing_since = None
            endpoint.save(update_fields=["failing_since"])
        return
    if outcome.is_gone:
        disable(endpoint, DisabledReason.GONE, last=outcome.trouble)
    elif endpoint.failing_since is None:
        endpoint.failing_since, endpoint.is_trouble_told = at, False
        endpoint.save(update_fields=["failing_since", "is_trouble_told"])
    elif at - endpoint.failing_since >= PATIENCE:
        disable(endpoint, DisabledReason.FAILING, last=outcome.trouble)
    elif at - endpoint.failing_since >= TROUBLE and not endpoint.is_trouble_told:
        tell_of_trouble(endpoint, last=outcome.trouble)
