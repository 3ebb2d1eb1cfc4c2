"""Who may open which event stream, and what it is told first. All of it blocks, so it runs in a database thread."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from django.utils import timezone

from api.authentication import Identity, identify
from api.errors import InsufficientScope, MethodNotAllowed, UnknownURL
from api.leaks import refuse_in_url
from api.v1 import stream_frames as frames
from api.v1.public_snapshot import snapshot
from events import selectors
from events.models import Event
from events.stream import Topic
from events.types import DELIVERABLE
from invoices import selectors as invoices

MISSED_BATCH: Final = 200
SCOPE: Final = "invoices:read"
ALLOWED: Final = "GET, HEAD, OPTIONS"

_PUBLIC: Final = re.compile(r"/api/v1/public/invoice/([^/]+)/events/?")
_MERCHANT: Final = re.compile(r"/api/v1/events/stream/?")
_POSITION: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """An HTTP request, as far as a stream cares. ``headers`` have lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    peer: str

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> "StreamRequest":
        """Read an ASGI scope."""
        client = scope.get("client")
        return cls(
            method=scope["method"],
            path=scope["path"],
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            query=parse_qs(scope.get("query_string", b"").decode("latin-1")),
            peer=client[0] if client else "",
        )

    @property
    def last_position(self) -> int | None:
        """The position a reader resumes from; what is not a number is no position."""
        text = self.headers.get("last-event-id") or self.query.get("last_event_id", [""])[0]
        return int(text) if _POSITION.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class Opening:
    """The first frames, the position they stand for, and whether the stream ends with them."""

    told: bytes
    position: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """
    One admitted reader of one stream.

    ``resumes_from`` is the position it has seen, None for a first visit; ``is_over`` when it has
    seen the end. ``opening`` raises as ``recheck`` does.
    """

    topic: Topic
    resumes_from: int | None
    is_over: bool
    opening: Callable[[], Opening]
    missed: Callable[[int], list[Event]]
    frame: Callable[[Event], bytes]
    ends_with: Callable[[Iterable[Event]], bool]
    recheck: Callable[[], object] | None = None  # raises once the reader may no longer listen
    rests_on: frozenset[str] = frozenset()  # what the right to listen is taken away with: ids, as the log names them

    @property
    def kind(self) -> str:
        """Of what it is told: one invoice, or all of a merchant."""
        return "invoice" if self.topic.invoice_id else "merchant"


def admit(request: StreamRequest) -> Visit:
    """
    Return the visit a request asks for.

    :raises CheckoutError: when there is nothing at the URL, or nothing that the caller may see
    """
    refuse_in_url(request.path, urlencode(request.query, doseq=True), now=timezone.now())
    public, merchant = _PUBLIC.fullmatch(request.path), _MERCHANT.fullmatch(request.path)
    if not public and not merchant:
        raise UnknownURL
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(ALLOWED)
    return _visit_invoice(request, public[1]) if public else _visit_merchant(request)


def _visit_invoice(request: StreamRequest, public_id: str) -> Visit:
    invoice = invoices.get_public_invoice(public_id)
    seen = request.last_position
    return Visit(
        topic=Topic(invoice_id=invoice.pk),
        resumes_from=seen,
        is_over=seen is not None and invoice.status in frames.FINAL_STATUSES and _has_seen_all(invoice.pk, seen),
        opening=partial(_open_invoice, invoice.pk, resumes=seen is not None),
        missed=lambda after: selectors.invoice_events(invoice_id=invoice.pk, after=after, limit=MISSED_BATCH),
        frame=frames.public_frame,
        ends_with=frames.is_the_end,
    )


def _has_seen_all(invoice_id: UUID, seen: int) -> bool:
    # An event that still waits for its number is not among those it can have seen.
    trail = [event for event in selectors.audit_trail(invoice_id=invoice_id) if event.type in DELIVERABLE]
    return all(event.position is not None and event.position <= seen for event in trail)


def _open_invoice(invoice_id: UUID, *, resumes: bool) -> Opening:
    position = selectors.invoice_position(invoice_id=invoice_id)  # before the facts: never later than they are
    facts = snapshot(invoice_id) or {}
    # Who resumes is told the facts without a number, then what it missed, each with its own.
    told = frames.frame({"event": "snapshot", **facts}, position=None if resumes else position)
    return Opening(told, position, is_final=facts.get("status") in frames.FINAL_STATUSES)


def _visit_merchant(request: StreamRequest) -> Visit:
    identity = _listener(request)
    merchant_id, livemode = identity.merchant.pk, identity.livemode
    seen = request.last_position
    return Visit(
        topic=Topic(merchant_id=merchant_id, livemode=livemode),
        resumes_from=seen,
        is_over=False,
        opening=partial(_open_merchant, request),
        missed=lambda after: list(
            selectors.list_events(merchant_id=merchant_id, livemode=livemode, after=after)[:MISSED_BATCH]
        ),
        frame=frames.merchant_frame,
        ends_with=lambda _: False,
        recheck=partial(_listener, request),
        rests_on=frozenset({identity.api_key.public_id, identity.merchant.public_id}),
    )


def _listener(request: StreamRequest) -> Identity:
    identity = identify(
        authorization=request.headers.get("authorization", ""),
        api_key=request.headers.get("x-api-key", ""),
        now=timezone.now(),
    )
    if not identity.may(SCOPE):
        raise InsufficientScope(f"This needs the permission {SCOPE}.", constraints={"required_scope": SCOPE})
    return identity


def _open_merchant(request: StreamRequest) -> Opening:
    identity = _listener(request)  # once more: the end of its key, before it was subscribed, was told to nobody
    position = selectors.merchant_position(merchant_id=identity.merchant.pk, livemode=identity.livemode)
    return Opening(frames.mark(position), position, is_final=False)
