"""The self-hosted checkout's words for our facts, and back. Pure tables."""

from collections.abc import Mapping, Sequence
from typing import Final

from api.errors import InternalError, RateLimited, RequestError, Unauthenticated
from chains import registry
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, Unavailable
from events.models import Event
from events.types import EVERYTHING
from invoices.errors import LinkInactive, LinkUsedUp
from invoices.states import InvoiceException, InvoiceStatus

# Status and type for each kind of failure; the nearest kind counts, and a kind without a status keeps its own.
FAILURES: Final[Mapping[type[CheckoutError], tuple[int | None, str]]] = {
    Unauthenticated: (401, "authentication"),
    Denied: (403, "permission"),
    Invalid: (400, "invalid_request"),
    RequestError: (None, "invalid_request"),  # 400, 405, 413 and 415
    NotFound: (404, "not_found"),
    Conflict: (409, "conflict"),
    LinkInactive: (400, "invalid_request"),  # the format keeps 409 for idempotency keys
    LinkUsedUp: (400, "invalid_request"),
    RateLimited: (429, "rate_limited"),
    InternalError: (500, "server"),
    Unavailable: (503, "server"),
}


def failure_words(failure: CheckoutError) -> tuple[int | None, str]:
    """Return the HTTP status, unless the failure has its own, and the type for a failure."""
    return next((FAILURES[each] for each in type(failure).__mro__ if each in FAILURES), FAILURES[InternalError])


_S, _X = InvoiceStatus, InvoiceException

# What a session is called while its invoice is so. Both pages that describe the life of a session call the sum of
# too little a matter for the merchant: such money stays "underpaid" whether it came in time or too late.
STATUS: Final[Mapping[tuple[InvoiceStatus, InvoiceException], str]] = {
    **{(status, exception): "pending" for status in (_S.CREATED, _S.PENDING) for exception in _X},
    **dict.fromkeys(((_S.PARTIAL, exception) for exception in _X), "underpaid"),
    **dict.fromkeys(((_S.CONFIRMING, exception) for exception in _X), "detected"),
    (_S.PAID, _X.NONE): "paid",
    (_S.PAID, _X.UNDERPAID): "paid",  # the merchant took it for enough
    (_S.PAID, _X.OVERPAID): "overpaid",
    (_S.PAID, _X.LATE): "paid_late",
    **dict.fromkeys(((_S.EXPIRED, exception) for exception in _X), "expired"),
    (_S.EXPIRED, _X.UNDERPAID): "underpaid",
    **dict.fromkeys(((_S.CANCELLED, exception) for exception in _X), "failed"),
    # The format has no word for money that went back: the session was paid.
    **dict.fromkeys(((_S.REFUNDED, exception) for exception in _X), "paid"),
    (_S.REFUNDED, _X.LATE): "paid_late",
}
STATUSES: Final = ("pending", "detected", "paid", "paid_late", "underpaid", "overpaid", "expired", "failed")

# What is told of, and the status that a session has in it. A payment after the deadline is named by ``event_name``.
EVENTS: Final[Mapping[str, str]] = {
    "invoice.created": "session.created",
    "invoice.confirming": "session.detected",
    "invoice.partially_paid": "session.underpaid",
    "invoice.paid": "session.paid",
    "invoice.overpaid": "session.overpaid",
    "invoice.expired": "session.expired",
    "invoice.cancelled": "session.failed",
}
# Deliverable types that this format has no words for.
UNTOLD: Final = frozenset(
    {
        "invoice.pending",  # the customer opened the page
        "invoice.refunded",
        "invoice.reversed",
        "invoice.option_chosen",
        "payment.detected",  # the session tells of it once it is enough
        "payment.confirming",
        "payment.confirmed",
        "payment.reversed",
        "payment.failed",
        "refund.created",
        "refund.completed",
        "settlement.created",
    }
)
TEST_NAME: Final = "session.paid"  # of what a test sends
PAID: Final = "invoice.paid"
PAID_LATE: Final = "session.paid_late"
# Other names for the same: one page of the documentation says session.pending where the others say session.created.
_ALSO: Final[Mapping[str, str]] = {"session.pending": "invoice.created", PAID_LATE: PAID}
SUBSCRIPTIONS: Final[Mapping[str, str]] = {
    **{name: event for event, name in EVENTS.items()},
    **_ALSO,
    EVERYTHING: EVERYTHING,
}

# Permissions of this format, and what a key needs here.
SCOPES: Final[Mapping[str, str]] = {
    "links:read": "links:read",
    "links:write": "links:write",
    "sessions:read": "invoices:read",
    "sessions:write": "invoices:create",
    "webhooks:read": "webhooks:manage",
    "webhooks:write": "webhooks:manage",
    "events:read": "invoices:read",
    "customers:read": "customers:read",
}

# EVM chains and TRON have a number of their own. The others have that of their coin in SLIP-0044, hardened as in a
# path (2^31 and more), which no EVM chain in use has; 1 stands for "testnet (all coins)" there.
_HARDENED: Final = 2**31
_COINS: Final[Mapping[str, int]] = {
    "bitcoin": 0,
    "sandbox": 1,
    "litecoin": 2,
    "dogecoin": 3,
    "xrp": 144,
    "bitcoincash": 145,
    "solana": 501,
    "cardano": 1815,
}


def chain_id(network: str) -> int | None:
    """Return the number of a network: its EVM chain id, or one made from its coin; None where it has neither."""
    if network in _COINS:
        return _HARDENED + _COINS[network]
    found = registry.find_network(network)
    return found.chain_id if found and found.chain_id else None


def event_name(event: Event) -> str:
    """Return what an event that is told of is called."""
    is_late = event.type == PAID and event.data.get("exception") == InvoiceException.LATE
    return PAID_LATE if is_late else EVENTS[event.type]


def status_of_event(event: Event) -> str:
    """Return the status of the session in an event: the one that the event is named after."""
    name = event_name(event).removeprefix("session.")
    return "pending" if name == "created" else name


def subscriptions_told(events: Sequence[str]) -> list[str]:
    """Return what an endpoint with these events of ours hears of, in the names of this format."""
    if EVERYTHING in events:
        return [EVERYTHING]
    told = [EVENTS[event] for event in events if event in EVENTS]
    return [*told, PAID_LATE] if PAID in events else told
