"""
Records: what came of attempts, for many of them in one transaction.

An outcome counts only while its lease is still held: who was overtaken records nothing. A batch costs
one statement, and one more to read how often those that failed had failed before.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from core.ids import public_id
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
    DisabledReason,
    Outcome,
    parse_retry_after,
    pause_before_retry,
)

log = structlog.get_logger(__name__)
_random = SystemRandom()

_HOOK_RETRIES: Final = 5

# What a row does not name is NULL: a delivery that arrived names neither a next attempt nor a failure.
_WRITE = """
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(told)s::jsonb) AS told(
        id uuid, token uuid, started_at timestamptz, elapsed_ms integer, headers jsonb, code integer, response text,
        error text, status text, next_attempt_at timestamptz, failure text
    )
), made AS (
    UPDATE webhooks_delivery AS delivery
    SET status = told.status, next_attempt_at = told.next_attempt_at, failure = COALESCE(told.failure, ''),
        attempts = delivery.attempts + 1, response_code = told.code, lease_token = NULL, leased_until = NULL,
        delivered_at = CASE WHEN told.status = 'delivered'
            THEN told.started_at + told.elapsed_ms * interval '1 millisecond' END
    FROM told
    WHERE delivery.id = told.id AND delivery.lease_token = told.token
    RETURNING told.*, delivery.attempts
), history AS (
    INSERT INTO webhooks_attempt (
        id, created_at, delivery_id, number, started_at, elapsed_ms, headers, response_code, response, error
    )
    SELECT uuidv7(), now(), id, attempts, started_at, elapsed_ms, headers, code, response, COALESCE(error, '')
    FROM made
)
SELECT token FROM made
"""


@transaction.atomic
def record(results: Sequence[Result]) -> int:
    """Record what came of attempts; return how many of them still held their lease."""
    # The endpoints first and in order: disabling one takes the locks in the same order.
    troubled = _lock_endpoints(results)
    rows = [_row(each) for each in results]
    _plan_next(results, rows, troubled)
    held = _write(rows)
    kept = results
    if len(held) < len(results):
        kept = [each for each in results if each.claim.token in held]
        log.warning("webhook_leases_lost", count=len(results) - len(kept))
    for result in sorted(kept, key=lambda each: each.finished_at) if troubled else ():
        endpoint = troubled.get(result.claim.endpoint_id)
        if endpoint and result.claim.event_type != WEBHOOK_TEST:
            _judge(endpoint, result.outcome, at=result.finished_at)
    circuits.note(kept)
    return len(kept)


def _lock_endpoints(results: Iterable[Result]) -> dict[UUID | None, WebhookEndpoint]:
    """Lock every endpoint of ``results``; return those that fail now or failed before."""
    keys = {each.claim.endpoint_id for each in results if each.claim.endpoint_id}
    rows = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    failing = {key for key, since in rows.values_list("pk", "failing_since") if since is not None}
    failed = [each.claim for each in results if not each.outcome.succeeded]
    failing |= {claim.endpoint_id for claim in failed if claim.endpoint_id}
    return dict(WebhookEndpoint.objects.in_bulk(failing)) if failing else {}


def _row(result: Result) -> dict[str, Any]:
    """Return what is written of an attempt, as if it had arrived."""
    claim, outcome = result.claim, result.outcome
    return {
        "id": str(claim.delivery_id),
        "token": str(claim.token),
        "started_at": claim.at.isoformat(),
        "elapsed_ms": outcome.elapsed_ms,
        "headers": claim.headers,
        "code": outcome.status_code,
        "response": outcome.response and _first_kilobyte(outcome.response),
        "status": "delivered",
    }


def _plan_next(
    results: Sequence[Result], rows: Sequence[dict[str, Any]], endpoints: dict[UUID | None, WebhookEndpoint]
) -> None:
    """Say in the rows of what did not arrive when it is tried again, or that it is given up."""
    failed = [(result, row) for result, row in zip(results, rows, strict=True) if not result.outcome.succeeded]
    if not failed:
        return
    keys = [result.claim.delivery_id for result, _row in failed]
    locked = Delivery.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    pasts = {key: made - before for key, made, before in locked.values_list("pk", "attempts", "attempts_before_round")}
    for result, row in failed:
        pause = _pause(result, endpoints.get(result.claim.endpoint_id), pasts.get(result.claim.delivery_id, 0) + 1)
        row |= {"status": "failed", "failure": result.outcome.trouble, "error": result.outcome.error[:MAX_TROUBLE]}
        if pause is not None:
            row |= {"status": "pending", "next_attempt_at": (result.finished_at + pause).isoformat()}


def _pause(result: Result, endpoint: WebhookEndpoint | None, failures: int) -> timedelta | None:
    """Return how long to wait after the n-th failure in a row; None when that was the last attempt."""
    claim, outcome = result.claim, result.outcome
    retries = endpoint.max_retries if endpoint else _HOOK_RETRIES
    if claim.event_type == WEBHOOK_TEST:
        return None
    if outcome.is_gone or failures > retries:
        log.error("webhook_given_up", delivery=public_id(Delivery.PREFIX, claim.delivery_id), attempts=failures)
        return None
    pause = pause_before_retry(
        backoff=endpoint.retry_backoff if endpoint else Backoff.EXPONENTIAL,
        failures=failures,
        jitter=_random.randint(0, JITTER_PERCENT),
    )
    return max(pause, parse_retry_after(outcome.retry_after, now=result.finished_at))


def _write(rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Write deliveries and attempts; return the tokens of the leases that were still held."""
    # As one JSON text: an array for each column costs Python three times as much.
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"told": json.dumps(rows)})
        return {token for (token,) in cursor.fetchall()}


def _first_kilobyte(text: str) -> str:
    return text[: Attempt.MAX_RESPONSE].replace("\0", "�").encode()[: Attempt.MAX_RESPONSE].decode(errors="ignore")


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
