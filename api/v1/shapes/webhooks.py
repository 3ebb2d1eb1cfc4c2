"""Webhook endpoints, deliveries and the event log: requests and answers."""

from typing import Any, Final

from api.v1.pagination import PAGINATION, list_answer, list_query
from api.v1.shapes.fields import LIVEMODE_DOC, TIME, TIME_OR_NULL, count, number, text
from api.validation import URL, Choice, Flag, FreeForm, ListOf, Moment, Shape, Text, Whole
from core.targets import check_url
from events.types import DELIVERABLE, EVERYTHING
from webhooks.errors import InvalidSetting, UnknownEventType, UnsafeWebhookURL
from webhooks.formats import MAX_NAME, NATIVE
from webhooks.models import MAX_TIMEOUT
from webhooks.orders import LONGEST_OVERLAP, MAX_ALLOWED_IPS, OVERLAP, SECRET_LENGTHS
from webhooks.states import MAX_RETRIES, Backoff, DeliveryStatus

EVENT_TYPE: Final = Choice(*sorted(DELIVERABLE), failure=UnknownEventType, example="invoice.paid")
_SUBSCRIPTION: Final = Choice(*sorted(DELIVERABLE), EVERYTHING, failure=UnknownEventType, example="invoice.paid")

_URL: Final = URL(
    check=check_url,
    failure=UnsafeWebhookURL,
    doc="Where events are sent; https for live mode. Redirects are not followed.",
    example="https://merchant.com/webhook",
)
_EVENTS: Final = ListOf(
    _SUBSCRIPTION,
    min=1,
    max=50,
    failure=UnknownEventType,
    doc="Which events are sent; `*` means all, also those of later versions.",
    example=["invoice.paid", "payment.detected", "invoice.expired"],
)
_SECRET: Final = Text(
    min=SECRET_LENGTHS[0],
    max=SECRET_LENGTHS[1],
    pattern=r"^[\x21-\x7e]+$",
    failure=InvalidSetting,
    required=False,
    nullable=True,
    doc="Your own signing secret. Without one a strong one is made, and shown this once.",
    example="whsec_abc123...",
)
_ALLOWED_IPS: Final = ListOf(
    Text(max=49, failure=InvalidSetting),
    max=MAX_ALLOWED_IPS,
    failure=InvalidSetting,
    doc="Events are sent only when the host's address is one of these addresses or networks; empty: any.",
    example=["192.168.1.100", "10.0.0.0/8"],
)
_MAX_RETRIES: Final = Whole(
    min=0, max=MAX_RETRIES, failure=InvalidSetting, doc="Attempts after the first one.", example=5
)
_BACKOFF: Final = Choice(
    *Backoff.values,
    failure=InvalidSetting,
    doc="How the pauses between attempts grow: 10 s, 1 min, 5 min, 30 min, 2 h … or 5 minutes each.",
    example="exponential",
)
_TIMEOUT: Final = Whole(
    min=1, max=MAX_TIMEOUT, failure=InvalidSetting, doc="Seconds to wait for the whole answer.", example=30
)

_FORMAT: Final = Text(
    max=MAX_NAME,
    failure=InvalidSetting,
    doc="In which words and with which signature it is told: `native`, or a wire format this installation speaks.",
    example=NATIVE,
)

CREATE_ENDPOINT: Final = Shape(
    "CreateWebhookEndpoint",
    {
        "url": _URL,
        "events": _EVENTS,
        "secret": _SECRET,
        "allowed_ips": _ALLOWED_IPS.but(required=False),
        "max_retries": _MAX_RETRIES.but(required=False),
        "retry_backoff": _BACKOFF.but(required=False),
        "timeout": _TIMEOUT.but(required=False),
        "enabled": Flag(required=False),
        "format": _FORMAT.but(required=False),
    },
)
UPDATE_ENDPOINT: Final = Shape(
    "UpdateWebhookEndpoint",
    {
        "url": _URL.but(required=False),
        "events": _EVENTS.but(required=False),
        "allowed_ips": _ALLOWED_IPS.but(required=False),
        "max_retries": _MAX_RETRIES.but(required=False),
        "retry_backoff": _BACKOFF.but(required=False),
        "timeout": _TIMEOUT.but(required=False),
        "enabled": Flag(required=False, doc="True also starts again what was disabled because it failed."),
    },
)
ROTATE_SECRET: Final = Shape(
    "RotateWebhookSecret",
    {
        "secret": _SECRET,
        "overlap_seconds": Whole(
            min=0,
            max=int(LONGEST_OVERLAP.total_seconds()),
            default=int(OVERLAP.total_seconds()),
            failure=InvalidSetting,
            doc="How long the old secret signs as well.",
        ),
    },
)
REPLAY: Final = Shape(
    "ReplayWebhooks",
    {
        "from": Moment(doc="Events since then.", example="2025-01-15T10:00:00Z"),
        "to": Moment(doc="Events before then.", example="2025-01-15T11:00:00Z"),
        "events": ListOf(
            _SUBSCRIPTION, min=1, max=50, failure=UnknownEventType, default=[EVERYTHING], doc="Only these types."
        ),
    },
)

_STATUS: Final = Choice("active", "disabled", doc="Whether events are sent.", example="active")
_ENDPOINT: Final[dict[str, Any]] = {
    "id": text("", "whe_def456"),
    "url": text("", "https://merchant.com/webhook"),
    "events": ListOf(text("", "invoice.paid"), max=50),
    "secret": text("Masked; in full only when it was made just now.", "whsec_***123"),
    "status": _STATUS,
    "allowed_ips": ListOf(text("", "192.168.1.100"), max=MAX_ALLOWED_IPS),
    "max_retries": count("", 5),
    "retry_backoff": Choice(*Backoff.values),
    "timeout": count("Seconds.", 30),
    "enabled": Flag(),
    "disabled_reason": Choice(
        "by_merchant", "gone", "failing", nullable=True, doc="`gone`: it answered 410. `failing`: for five days."
    ),
    "format": text("In which words and with which signature it is told; chosen when it was made.", NATIVE),
    "livemode": Flag(doc=LIVEMODE_DOC),
    "created_at": TIME,
}
_FIGURES: Final[dict[str, Any]] = {
    "last_delivery_at": TIME_OR_NULL,
    "success_rate": number("Percent of the last 30 days' deliveries that arrived.", 98.5, nullable=True),
}
ENDPOINT: Final = Shape("WebhookEndpoint", {**_ENDPOINT, **_FIGURES}, is_open=True)
ROTATED: Final = Shape(
    "RotatedWebhookEndpoint",
    {**_ENDPOINT, **_FIGURES, "previous_secret_expires_at": TIME_OR_NULL},
    is_open=True,
)
ENDPOINT_QUERY: Final = list_query("WebhookEndpointQuery", {"status": _STATUS.but(required=False)})
ENDPOINT_LIST: Final = list_answer("WebhookEndpointList", "webhook_endpoints", ENDPOINT)
DELETED_ENDPOINT: Final = Shape(
    "DeletedWebhookEndpoint", {"id": text("", "whe_def456"), "deleted": Flag()}, is_open=True
)

TEST_RESULT: Final = Shape(
    "WebhookTest",
    {
        "test_id": text("", "test_abc123"),
        "status": Choice("delivered", "failed", example="delivered"),
        "response_code": count("What the receiver answered; null when nothing.", 200, nullable=True),
        "response_time_ms": count("Milliseconds.", 150),
        "delivered_at": TIME_OR_NULL,
        "error": text("Why no answer came.", nullable=True),
    },
    is_open=True,
)

_DELIVERY: Final[dict[str, Any]] = {
    "id": text("", "whd_456"),
    "event_id": text("", "evt_abc123"),
    "event_type": text("", "invoice.paid"),
    "invoice_id": text("", "inv_abc123", nullable=True),
    "url": text("", "https://merchant.com/webhook"),
    "status": Choice(*DeliveryStatus.values, example="delivered"),
    "attempts": count("", 1),
    "response_code": count("The latest answer; null when none came.", 200, nullable=True),
    "next_attempt_at": TIME_OR_NULL,
    "delivered_at": TIME_OR_NULL,
    "failure": text("Why it has not arrived.", nullable=True),
    "created_at": TIME,
}
DELIVERY: Final = Shape("WebhookDelivery", _DELIVERY, is_open=True)
_ATTEMPT: Final = Shape(
    "WebhookAttempt",
    {
        "number": count("", 1),
        "started_at": TIME,
        "elapsed_ms": count("Milliseconds.", 150),
        "response_code": count("", 200, nullable=True),
        "response": text("The first kilobyte of the answer."),
        "error": text("Why no answer came.", nullable=True),
    },
    is_open=True,
)
DELIVERY_DETAIL: Final = Shape(
    "WebhookDeliveryDetail",
    {**_DELIVERY, "payload": FreeForm(doc="What was sent."), "history": ListOf(_ATTEMPT, max=1000)},
    is_open=True,
)
DELIVERY_QUERY: Final = list_query(
    "WebhookDeliveryQuery",
    {
        "status": Choice(*DeliveryStatus.values, required=False),
        "event_type": EVENT_TYPE.but(required=False),
    },
)
DELIVERY_LIST: Final = list_answer("WebhookDeliveryList", "deliveries", DELIVERY)
REPLAY_PROGRESS: Final = Shape(
    "WebhookReplay",
    {
        "id": text("", "whr_abc123"),
        "period_start": TIME,
        "period_end": TIME,
        "status": Choice(
            "running",
            "completed",
            "stopped",
            example="running",
            doc="`stopped`: the endpoint was disabled before everything was due.",
        ),
        "total": count("Events of the period.", 1200),
        "delivered": count("Arrived so far.", 900),
        "failed": count("Given up.", 0),
        "waiting": count("Not over yet.", 300),
        "percent": count("The share that is over.", 75),
        "created_at": TIME,
    },
    is_open=True,
)
REPLAY_QUERY: Final = list_query("WebhookReplayQuery", {})
REPLAY_LIST: Final = list_answer("WebhookReplayList", "replays", REPLAY_PROGRESS)
REPLAYED: Final = Shape(
    "ReplayedWebhooks",
    {"replayed": count("How many events are sent again.", 12), "replay": REPLAY_PROGRESS},
    is_open=True,
)

EVENT: Final = Shape(
    "Event",
    {
        "id": text("", "evt_abc123"),
        "event": EVENT_TYPE,
        "api_version": text("", "v1"),
        "created_at": TIME,
        "livemode": Flag(doc=LIVEMODE_DOC),
        "data": FreeForm(doc="The same as a webhook's `data`."),
        "position": count("Its place in the log; the streams' `id`.", 1042),
    },
    is_open=True,
)
EVENT_QUERY: Final = Shape(
    "EventQuery",
    {
        "type": ListOf(EVENT_TYPE, min=1, max=50, required=False, doc="One type, or several with commas."),
        "after": Text(
            max=64,
            pattern=r"^(evt_[0-9a-z]{26}|[0-9]{1,18})$",
            required=False,
            doc="Only what came behind this event: an event id, a position, or `next_cursor` of the page before.",
        ),
        "created_after": Moment(required=False, doc="Only what happened at this time or later."),
        "limit": Whole(min=1, max=100, default=20, doc="Results per page."),
    },
)
EVENT_LIST: Final = Shape("EventList", {"events": ListOf(EVENT, max=100), "pagination": PAGINATION}, is_open=True)
