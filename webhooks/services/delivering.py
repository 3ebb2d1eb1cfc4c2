"""
Claim, talk, record.

A claim is a lease on a delivery, taken in one short transaction; the request is made outside any
transaction; the outcome is recorded only by whoever still holds the lease. A worker that dies on
the way leaves a lease that lapses, and the delivery is attempted again with the same id.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from core import http
from events.types import WEBHOOK_TEST
from merchants import selectors as merchants
from webhooks import signing
from webhooks.models import Attempt, Delivery, WebhookEndpoint
from webhooks.services.endpoints import disable, tell_of_trouble
from webhooks.states import (
    JITTER_PERCENT,
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

AT_ONCE_PER_LANE: Final = 2
_CLAIMED_AT_ONCE: Final = 100
_CLAIM_SECONDS: Final = 60  # between the claim and the start of the attempt
_MARGIN_SECONDS: Final = 30  # beyond the request's own time limit
_HANDING_OUT: Final = 0x776562686F6F6B  # "webhook"
_HOOK_RETRIES: Final = 5
_HOOK_TIMEOUT: Final = 30

_DUE = """
WITH RECURSIVE lanes AS (
    (SELECT lane FROM webhooks_delivery WHERE status = 'pending' ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT next.lane FROM webhooks_delivery AS next
            WHERE next.status = 'pending' AND next.lane > lanes.lane ORDER BY next.lane LIMIT 1)
    FROM lanes WHERE lanes.lane IS NOT NULL
)
SELECT due.id
FROM lanes CROSS JOIN LATERAL (
    SELECT id, next_attempt_at FROM webhooks_delivery
    WHERE status = 'pending' AND lane = lanes.lane AND next_attempt_at <= %(now)s
      AND (lease_token IS NULL OR leased_until <= %(now)s)
    ORDER BY next_attempt_at
    LIMIT GREATEST(0, %(per_lane)s - (
        SELECT count(*) FROM webhooks_delivery AS busy
        WHERE busy.lane = lanes.lane AND busy.lease_token IS NOT NULL AND busy.leased_until > %(now)s
    ))
) AS due
ORDER BY due.next_attempt_at
LIMIT %(limit)s
"""


# Skips rows somebody else holds, as waiting for them in an order of our own could be a deadlock.
_LEASE = """
UPDATE webhooks_delivery SET lease_token = gen_random_uuid(), leased_until = %(until)s
WHERE id IN (
    SELECT id FROM webhooks_delivery
    WHERE id = ANY(%(keys)s) AND status = 'pending' AND next_attempt_at <= %(now)s
      AND (lease_token IS NULL OR leased_until <= %(now)s)
    FOR UPDATE SKIP LOCKED
)
RETURNING id, lease_token
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A right to attempt one delivery, until its lease lapses."""

    delivery_id: UUID
    token: UUID


@dataclass(frozen=True, slots=True)
class _Job:
    """Everything a request needs, so that nothing is read while the network is waited for."""

    claim: Claim
    url: str
    body: bytes
    headers: dict[str, str]
    timeout: int
    allowed_ips: tuple[str, ...]


@transaction.atomic
def claim_due(*, now: datetime, limit: int = _CLAIMED_AT_ONCE) -> list[Claim]:
    """Lease up to ``limit`` deliveries that are due, at most two per receiver at once; the oldest first."""
    with connection.cursor() as cursor:
        # One at a time: two workers that count the same free places would each fill them.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_HANDING_OUT])
        cursor.execute(_DUE, {"now": now, "per_lane": AT_ONCE_PER_LANE, "limit": limit})
        keys = [row[0] for row in cursor.fetchall()]
    return _lease(keys, now=now)


def deliver(*, delivery_id: UUID, now: datetime) -> bool:
    """Attempt one delivery now if it is due and nobody else is at it; return whether it succeeded."""
    return any(attempt(claim=claim, now=now) for claim in _lease([delivery_id], now=now))


def attempt(*, claim: Claim, now: datetime) -> bool:
    """Make the claimed request and record what came of it; return whether it succeeded."""
    job = _start(claim, now=now)
    if job is None:
        return False
    outcome = _talk(job)
    return _record(job, outcome, now=now)


def _lease(keys: list[UUID], *, now: datetime) -> list[Claim]:
    """Lease those of ``keys`` that are still due and free, in the order given."""
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, {"keys": keys, "now": now, "until": now + timedelta(seconds=_CLAIM_SECONDS)})
        tokens = dict(cursor.fetchall())
    return [Claim(key, tokens[key]) for key in keys if key in tokens]


@transaction.atomic
def _start(claim: Claim, *, now: datetime) -> _Job | None:
    """Renew the lease for the length of the request, or return None when there is nothing to request any more."""
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("endpoint", "hook")
        .filter(pk=claim.delivery_id, lease_token=claim.token, status=DeliveryStatus.PENDING)
        .first()
    )
    if delivery is None:
        return None
    endpoint = delivery.endpoint
    if endpoint is not None and not endpoint.enabled and delivery.event_type != WEBHOOK_TEST:
        _give_up(delivery, "The endpoint is disabled.")
        return None
    timeout = endpoint.timeout if endpoint else _HOOK_TIMEOUT
    delivery.url = endpoint.url if endpoint else delivery.url
    delivery.leased_until = now + timedelta(seconds=timeout + _MARGIN_SECONDS)
    delivery.save(update_fields=["url", "leased_until"])
    body = delivery.body.encode()
    return _Job(
        claim=claim,
        url=delivery.url,
        body=body,
        headers=signing.headers(
            message_id=delivery.message_id,
            event_type=delivery.event_type,
            body=body,
            live_secrets=_secrets_for(delivery, now=now),
            now=now,
        ),
        timeout=timeout,
        allowed_ips=tuple(endpoint.allowed_ips) if endpoint else (),
    )


def _secrets_for(delivery: Delivery, *, now: datetime) -> list[str]:
    if delivery.endpoint is not None:
        return delivery.endpoint.secrets_at(now)
    return [merchants.webhook_secret(merchant_id=delivery.merchant_id, livemode=delivery.livemode)]


def _talk(job: _Job) -> Outcome:
    try:
        reply = http.post(job.url, body=job.body, headers=job.headers, timeout=job.timeout, allowed_ips=job.allowed_ips)
    except http.RequestFailed as failure:
        return Outcome(status_code=None, response="", elapsed_ms=0, error=str(failure) or "The request failed.")
    return Outcome(
        status_code=reply.status,
        response=reply.body,
        elapsed_ms=reply.elapsed_ms,
        retry_after=_header(reply, "retry-after"),
    )


def _header(reply: http.Reply, name: str) -> str:
    return next((value for key, value in reply.headers.items() if key.lower() == name), "")


@transaction.atomic
def _record(job: _Job, outcome: Outcome, *, now: datetime) -> bool:
    claim = job.claim
    endpoint_id = Delivery.objects.values_list("endpoint_id", flat=True).get(pk=claim.delivery_id)
    # The endpoint first: disabling one takes the locks in the same order.
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id) if endpoint_id else None
    delivery = Delivery.objects.select_for_update().filter(pk=claim.delivery_id, lease_token=claim.token).first()
    if delivery is None:
        log.warning("webhook_lease_lost", delivery=str(claim.delivery_id))
        return outcome.succeeded
    finished_at = now + timedelta(milliseconds=outcome.elapsed_ms)
    delivery.attempts += 1
    _keep_attempt(delivery, job, outcome, started_at=now)
    delivery.response_code = outcome.status_code
    if outcome.succeeded:
        delivery.status, delivery.next_attempt_at, delivery.delivered_at = DeliveryStatus.DELIVERED, None, finished_at
        delivery.failure = ""
    else:
        _plan_next(delivery, endpoint, outcome, finished_at=finished_at)
    delivery.lease_token = delivery.leased_until = None
    delivery.save()
    if endpoint is not None and delivery.event_type != WEBHOOK_TEST:
        _judge(endpoint, outcome, at=finished_at)
    return outcome.succeeded


def _keep_attempt(delivery: Delivery, job: _Job, outcome: Outcome, *, started_at: datetime) -> None:
    Attempt.objects.create(
        delivery=delivery,
        number=delivery.attempts,
        started_at=started_at,
        elapsed_ms=outcome.elapsed_ms,
        headers=job.headers,
        response_code=outcome.status_code,
        response=_first_kilobyte(outcome.response),
        error=outcome.error[:200],
    )


def _first_kilobyte(text: str) -> str:
    return text.replace("\0", "�").encode()[: Attempt.MAX_RESPONSE].decode(errors="ignore")


def _plan_next(
    delivery: Delivery, endpoint: WebhookEndpoint | None, outcome: Outcome, *, finished_at: datetime
) -> None:
    failures = delivery.attempts - delivery.attempts_before_round
    retries = endpoint.max_retries if endpoint else _HOOK_RETRIES
    delivery.failure = outcome.error[:200] or f"The receiver answered {outcome.status_code}."
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


def _give_up(delivery: Delivery, reason: str) -> None:
    delivery.status, delivery.next_attempt_at, delivery.failure = DeliveryStatus.FAILED, None, reason
    delivery.lease_token = delivery.leased_until = None
    delivery.save()


def _judge(endpoint: WebhookEndpoint, outcome: Outcome, *, at: datetime) -> None:
    """Remember how long the endpoint has only failed, and disable it when that is too long or it is gone."""
    if outcome.succeeded:
        if endpoint.failing_since is not None:
            endpoint.failing_since = None
            endpoint.save(update_fields=["failing_since"])
        return
    if outcome.is_gone:
        disable(endpoint, DisabledReason.GONE)
    elif endpoint.failing_since is None:
        endpoint.failing_since, endpoint.is_trouble_told = at, False
        endpoint.save(update_fields=["failing_since", "is_trouble_told"])
    elif at - endpoint.failing_since >= PATIENCE:
        disable(endpoint, DisabledReason.FAILING)
    elif at - endpoint.failing_since >= TROUBLE and not endpoint.is_trouble_told:
        tell_of_trouble(endpoint)
