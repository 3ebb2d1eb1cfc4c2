"""
Claims: who attempts what.

A claim is a lease on a delivery and everything that the request needs, read and signed in one short
transaction for many deliveries together, so that nothing is read while the network is waited for. A
worker that dies on the way leaves leases that lapse, and the deliveries are attempted again with the
same ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from core import tracing
from core.ids import public_id
from core.tracing import Kind, Span
from events.traces import places_of
from events.types import WEBHOOK_TEST
from merchants import selectors as merchants
from webhooks.formats import Message, format_called
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services.attempts import Claim
from webhooks.states import FAILURES_TO_OPEN, IS_DISABLED

AT_ONCE_PER_LANE: Final = 8
_FREE_AT_ONCE: Final = 512
_MARGIN_SECONDS: Final = 30  # of a lease, beyond the request's own time limit
_HANDING_OUT: Final = 0x776562686F6F6B  # "webhook"
_HOOK_TIMEOUT: Final = 30

# Every lane on which something waits: one step in an index for each, however much waits on it.
LANES: Final = """
WITH RECURSIVE lanes AS (
    (SELECT lane FROM webhooks_delivery WHERE status = 'pending' ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT next.lane FROM webhooks_delivery AS next
            WHERE next.status = 'pending' AND next.lane > lanes.lane ORDER BY next.lane LIMIT 1)
    FROM lanes WHERE lanes.lane IS NOT NULL
)
"""
# In rounds: everybody's next one comes before anybody's one after that, and what is under way counts. A merchant
# takes a place as long as that leaves no fewer free than it then holds, so receivers that all hang leave half of what
# was free to others. Whoever holds none may take the last one.
_DUE = f"""
{LANES.rstrip()},
due AS (
    SELECT waiting.* FROM lanes LEFT JOIN webhooks_circuit AS circuit ON circuit.lane = lanes.lane CROSS JOIN LATERAL (
        SELECT id, merchant_id, next_attempt_at FROM webhooks_delivery
        WHERE status = 'pending' AND lane = lanes.lane AND next_attempt_at <= %(now)s
          AND (lease_token IS NULL OR leased_until <= %(now)s)
        ORDER BY next_attempt_at
        LIMIT GREATEST(0, CASE
            WHEN circuit.open_until > %(now)s THEN 0
            WHEN circuit.failures >= %(failures_to_open)s THEN 1
            ELSE %(per_lane)s
        END - (
            SELECT count(*) FROM webhooks_delivery AS busy
            WHERE busy.lane = lanes.lane AND busy.lease_token IS NOT NULL AND busy.leased_until > %(now)s
        ))
    ) AS waiting
),
rounds AS (
    SELECT id, next_attempt_at, COALESCE(held.places, 0)
           + row_number() OVER (PARTITION BY due.merchant_id ORDER BY next_attempt_at) AS round
    FROM due LEFT JOIN unnest(%(holders)s::uuid[], %(places)s::integer[]) AS held(merchant_id, places)
         ON held.merchant_id = due.merchant_id
),
turns AS (
    SELECT id, round, row_number() OVER (ORDER BY round, next_attempt_at) AS taken FROM rounds
)
SELECT id FROM turns
WHERE taken <= %(free)s AND round <= GREATEST(1, %(free)s - taken)
ORDER BY taken
"""  # noqa: S608 - our own words


# Skips rows somebody else holds, as waiting for them in an order of our own could be a deadlock.
_LEASE = """
UPDATE webhooks_delivery AS delivery
SET lease_token = gen_random_uuid(),
    leased_until = %(now)s + make_interval(secs => COALESCE(free.timeout, %(hook_timeout)s) + %(margin)s),
    url = COALESCE(free.endpoint_url, delivery.url)
FROM (
    SELECT owed.id, endpoint.url AS endpoint_url, endpoint.timeout, COALESCE(endpoint.format, hook.format) AS format,
           COALESCE(endpoint.disabled_reason <> '' OR endpoint.deleted_at IS NOT NULL, false) AS is_off
    FROM webhooks_delivery AS owed LEFT JOIN webhooks_webhookendpoint AS endpoint ON endpoint.id = owed.endpoint_id
         LEFT JOIN webhooks_invoicehook AS hook ON hook.id = owed.hook_id
    WHERE owed.id = ANY(%(keys)s) AND owed.status = 'pending' AND owed.next_attempt_at <= %(now)s
      AND (owed.lease_token IS NULL OR owed.leased_until <= %(now)s)
    FOR UPDATE OF owed SKIP LOCKED
) AS free
WHERE delivery.id = free.id
RETURNING delivery.id, delivery.lease_token, delivery.merchant_id, delivery.livemode, delivery.endpoint_id,
          delivery.event_id, delivery.event_type, delivery.url, delivery.lane, delivery.body, delivery.attempts,
          free.format, free.is_off
"""


@dataclass(frozen=True, slots=True)
class _Leased:
    """A row that was leased, as the database returns it."""

    delivery_id: UUID
    token: UUID
    merchant_id: UUID
    livemode: bool
    endpoint_id: UUID | None
    event_id: UUID
    event_type: str
    url: str
    lane: str
    body: str
    attempts: int  # made so far
    format: str
    is_off: bool

    @property
    def is_unwanted(self) -> bool:
        """Whether the endpoint was disabled or deleted meanwhile; a test is sent all the same."""
        return self.is_off and self.event_type != WEBHOOK_TEST


@transaction.atomic
def claim_due(
    *, now: datetime, free: int = _FREE_AT_ONCE, held: Mapping[UUID, int] = MappingProxyType({})
) -> list[Claim]:
    """
    Claim what is due for ``free`` places, at most eight deliveries per receiver at once; a merchant's oldest first.

    ``held`` is how many places a merchant has already. Nobody gets more than there stay free.
    """
    with connection.cursor() as cursor:
        # One at a time: two workers that count the same free places would each fill them.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_HANDING_OUT])
        cursor.execute(
            _DUE,
            {
                "now": now,
                "per_lane": AT_ONCE_PER_LANE,
                "failures_to_open": FAILURES_TO_OPEN,
                "free": free,
                "holders": list(held),
                "places": list(held.values()),
            },
        )
        keys = [row[0] for row in cursor.fetchall()]
    return _claim(keys, now=now)


@transaction.atomic
def claim_one(*, delivery_id: UUID, now: datetime) -> list[Claim]:
    """Claim one delivery if it is due and nobody else is at it."""
    return _claim([delivery_id], now=now)


@transaction.atomic
def claim_new(*, delivery: Delivery, now: datetime) -> Claim:
    """Save a new delivery that is claimed from its first moment: nobody else ever sees it free."""
    delivery.save(force_insert=True)
    [claim] = _claim([delivery.pk], now=now)
    return claim


def _claim(keys: Sequence[UUID], *, now: datetime) -> list[Claim]:
    """Lease those of ``keys`` that are still due and free, in the order given; what nobody may be sent is given up."""
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _LEASE, {"keys": list(keys), "now": now, "hook_timeout": _HOOK_TIMEOUT, "margin": _MARGIN_SECONDS}
        )
        leased = {row[0]: _Leased(*row) for row in cursor.fetchall()}
    if unwanted := [each.delivery_id for each in leased.values() if each.is_unwanted]:
        Delivery.objects.filter(pk__in=unwanted).give_up(why=IS_DISABLED)
    found = [leased.get(key) for key in keys]
    going = [each for each in found if each is not None and not each.is_unwanted]
    desk = _Desk(going, now=now)
    return [desk.claim(each) for each in going]


class _Desk:
    """Signs a batch: each endpoint is read, and each secret decrypted, once."""

    def __init__(self, leased: Sequence[_Leased], *, now: datetime) -> None:
        self._now = now
        self._endpoints = WebhookEndpoint.objects.in_bulk({each.endpoint_id for each in leased if each.endpoint_id})
        self._secrets: dict[Any, list[str]] = {}
        self._places = places_of({each.event_id for each in leased})

    def claim(self, leased: _Leased) -> Claim:
        """Return the claim with its request."""
        endpoint = self._endpoints[leased.endpoint_id] if leased.endpoint_id else None
        body = leased.body.encode()
        span = self._span_of(leased)
        return Claim(
            delivery_id=leased.delivery_id,
            token=leased.token,
            merchant_id=leased.merchant_id,
            at=self._now,
            endpoint_id=leased.endpoint_id,
            event_type=leased.event_type,
            lane=leased.lane,
            url=leased.url,
            body=body,
            headers=format_called(leased.format).headers(
                Message(
                    id=public_id(Delivery.MESSAGE_PREFIX, leased.event_id),
                    event_type=leased.event_type,
                    body=body,
                    live_secrets=self._secrets_for(leased, endpoint),
                    attempt=leased.attempts + 1,
                    now=self._now,
                )
            )
            | ({"traceparent": span.traceparent} if span else {}),
            timeout=endpoint.timeout if endpoint else _HOOK_TIMEOUT,
            allowed_ips=tuple(endpoint.allowed_ips) if endpoint else (),
            span=span,
        )

    def _span_of(self, leased: _Leased) -> Span | None:
        if leased.event_id not in self._places:
            return None
        trace_id, above = self._places[leased.event_id]
        return tracing.begin(f"webhook {leased.event_type}", kind=Kind.CLIENT, trace_id=trace_id, parent_id=above)

    def _secrets_for(self, leased: _Leased, endpoint: WebhookEndpoint | None) -> list[str]:
        owner = leased.endpoint_id or (leased.merchant_id, leased.livemode)
        if owner not in self._secrets:
            self._secrets[owner] = (
                endpoint.secrets_at(self._now)
                if endpoint
                else [merchants.webhook_secret(merchant_id=leased.merchant_id, livemode=leased.livemode)]
            )
        return self._secrets[owner]
