"""What is handed from who claims to who sends to who records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.tracing import Span
from webhooks.states import Outcome


@dataclass(frozen=True, slots=True)
class Claim:
    """
    A right to attempt one delivery until its lease lapses, and the request to be made.

    ``at`` is the moment of the claim, which is the one that is signed; ``timeout`` is in seconds.
    """

    delivery_id: UUID
    token: UUID
    merchant_id: UUID
    at: datetime
    endpoint_id: UUID | None
    event_type: str
    lane: str
    url: str
    body: bytes
    headers: dict[str, str]
    timeout: int
    allowed_ips: Sequence[str]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A claim and what came of it."""

    claim: Claim
    outcome: Outcome

    @property
    def finished_at(self) -> datetime:
        """The moment of the answer, or of the end of waiting for one."""
        return self.claim.at + timedelta(milliseconds=self.outcome.elapsed_ms)
