"""
Claim, talk, record: the request is made outside any transaction, the outcome recorded by who still holds the lease.
"""

import asyncio
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from core import http, tracing
from webhooks.services.attempts import Claim, Result
from webhooks.services.claiming import claim_one
from webhooks.services.recording import record
from webhooks.states import Outcome


def deliver(*, delivery_id: UUID, now: datetime) -> bool:
    """Attempt one delivery now if it is due and nobody else is at it; return whether it succeeded."""
    return any(attempt(claim=claim) for claim in claim_one(delivery_id=delivery_id, now=now))


def attempt(*, claim: Claim) -> bool:
    """Make one claimed request and record what came of it; return whether it succeeded."""

    async def talk() -> Outcome:
        client = http.Client(keeps_connections=False)
        return await send(claim, client)

    outcome = asyncio.run(talk())
    record([Result(claim, outcome)])
    return outcome.succeeded


async def send(claim: Claim, client: http.Client) -> Outcome:
    """Make the request of a claim. Touches no database and fails in no way but those an outcome can tell."""
    if claim.span is None:
        return await _talk(claim, client)
    with tracing.recorded(claim.span):
        outcome = await _talk(claim, client)
        claim.span.has_failed = not outcome.succeeded
        claim.span.attributes |= {
            "http.request.method": "POST",
            "server.address": urlsplit(claim.url).hostname or "",
            "http.response.status_code": outcome.status_code or 0,
            "checkout.webhook_id": claim.headers.get("webhook-id", str(claim.delivery_id)),
        }
    return outcome


async def _talk(claim: Claim, client: http.Client) -> Outcome:
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        reply = await client.post(
            claim.url, body=claim.body, headers=claim.headers, timeout=claim.timeout, allowed_ips=claim.allowed_ips
        )
    except http.RequestFailed as failure:
        elapsed_ms = round((loop.time() - started) * 1000)
        return Outcome(status_code=None, response="", elapsed_ms=elapsed_ms, error=str(failure))
    return Outcome(
        status_code=reply.status,
        response=reply.body,
        elapsed_ms=reply.elapsed_ms,
        retry_after=reply.headers.get("retry-after", ""),
    )
