"""What the self-hosted checkout's requests and answers hold."""

from typing import Any, Final

from api.selfhosted.mapping import EVENTS, PAID_LATE, STATUSES, SUBSCRIPTIONS
from api.selfhosted.pagination import LIMIT, cursor_answer, cursor_query
from api.v1.shapes.fields import CURRENCY, text
from api.validation import URL, AmountText, Choice, Email, Field, Flag, FreeForm, ListOf, Moment, Shape, Text, Whole
from events.types import EVERYTHING

MAX_PAGE: Final = 1_000_000

ERROR: Final = Shape(
    "SelfhostedError",
    {
        "error": Shape(
            "SelfhostedErrorBody",
            {
                "type": Choice(
                    "authentication",
                    "permission",
                    "invalid_request",
                    "not_found",
                    "conflict",
                    "rate_limited",
                    "server",
                ),
                "code": Text(max=64),
                "message": Text(max=4000, min=0),
                "param": Text(max=400, min=0, required=False),
                "requestId": Text(max=64, min=0),
            },
            is_open=True,
        )
    },
    is_open=True,
)

_LEFT_OUT: Final[dict[str, Any]] = {"required": False, "nullable": True}
_HTTPS: Final = "^https://"
_FREE: Final = FreeForm(max_keys=50, max_bytes=16_384, **_LEFT_OUT, doc="Your own facts, returned as they are.")
_NULL_TEXT: Final = Text(max=10_000, min=0, nullable=True)
_TIME: Final = Moment(doc="ISO 8601, UTC.", example="2024-11-01T12:00:00Z")
_TIME_OR_NULL: Final = Moment(nullable=True)
_LIVEMODE: Final = Flag(doc="True for real money, false in test mode.")


def check_https(url: str) -> None:
    """
    Make sure that a URL is safe on its way.

    :raises ValueError: with a reason for people
    """
    if not url.startswith("https://"):
        raise ValueError("This must be an https URL.")


def _kind(name: str) -> Choice:
    return Choice(name, example=name)


_AMOUNT: Final = AmountText(
    above=0, max=10**12, digits=2, doc="A decimal string, with at most two digits after the point.", example="10.00"
)
_ADDRESSES: Final[dict[str, Field]] = {
    "successUrl": URL(check=check_https, **_LEFT_OUT, example="https://merchant.com/success"),
    "cancelUrl": URL(check=check_https, **_LEFT_OUT, example="https://merchant.com/cancel"),
}
_LINK_TERMS: Final[dict[str, Field]] = {
    "title": Text(max=200, example="VPN Premium Plan"),
    "description": Text(max=5000, min=0, **_LEFT_OUT),
    "fiatAmount": _AMOUNT,
    "fiatCurrency": CURRENCY.but(required=False, doc="ISO 4217 code; by default USD."),
    **_ADDRESSES,
    "active": Flag(required=False, doc="Whether it can be opened."),
}
CREATE_LINK: Final = Shape("CreatePaymentLink", _LINK_TERMS)
UPDATE_LINK: Final = Shape("UpdatePaymentLink", {name: each.but(required=False) for name, each in _LINK_TERMS.items()})
LINK: Final = Shape(
    "PaymentLink",
    {
        "id": text("", "pl_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "object": _kind("payment_link"),
        "slug": text("The end of its address.", "aB3dE5fG7h"),
        "title": text("", "VPN Premium Plan"),
        "description": _NULL_TEXT,
        "fiatAmount": text("Null where the payer chooses, as links made elsewhere may allow.", "10.00", nullable=True),
        "fiatCurrency": CURRENCY,
        "successUrl": _NULL_TEXT,
        "cancelUrl": _NULL_TEXT,
        "active": Flag(),
        "checkoutUrl": text("Where payers go.", "https://pay.example.com/l/aB3dE5fG7h"),
        "livemode": _LIVEMODE,
        "createdAt": _TIME,
        "updatedAt": _TIME,
    },
    is_open=True,
)
DELETED: Final = Shape("Deleted", {"id": text(""), "object": text(""), "deleted": Flag()}, is_open=True)
LINKS: Final = cursor_answer("PaymentLinkList", LINK)
LINK_QUERY: Final = cursor_query("PaymentLinkQuery")

CREATE_SESSION: Final = Shape(
    "CreateCheckoutSession",
    {
        "linkId": Text(max=64, **_LEFT_OUT, doc="A payment link; or else an `amount`."),
        "amount": Shape(
            "SessionAmount",
            {"value": _AMOUNT, "currency": CURRENCY.but(required=False)},
            **_LEFT_OUT,
            doc="What is paid where there is no link; or what the payer of a link without an amount has chosen.",
        ),
        "customerEmail": Email(**_LEFT_OUT, doc="Whom it is for. An address that is new makes a new customer."),
        **_ADDRESSES,
        "metadata": _FREE,
    },
)
SESSION: Final = Shape(
    "CheckoutSession",
    {
        "id": text("", "cs_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "object": _kind("checkout_session"),
        "linkId": _NULL_TEXT,
        "status": Choice(*STATUSES),
        "address": text("Where to pay."),
        "amount": Shape(
            "CryptoAmount",
            {
                "wei": text("Null where the asset is not ETH.", "1000000000000000", nullable=True),
                "eth": text("Null where the asset is not ETH.", "0.001", nullable=True),
                "units": text("Base units of the asset, whatever it is.", "1000000000000000"),
                "value": text("The same in the asset.", "0.001"),
                "asset": text("", "ETH"),
                "network": text("", "ethereum"),
            },
            is_open=True,
        ),
        "fiat": Shape("FiatAmount", {"amount": text("", "50.00"), "currency": CURRENCY}, is_open=True),
        "ethPriceUsd": text("Locked; null where the asset is not ETH.", "2500.00", nullable=True),
        "expiresAt": _TIME,
        "paidAt": _TIME_OR_NULL,
        "txHash": _NULL_TEXT,
        "chainId": Whole(min=0, max=2**53, nullable=True, doc="Of EVM chains their own; else one made up."),
        "metadata": FreeForm(nullable=True),
        "successUrl": _NULL_TEXT,
        "cancelUrl": _NULL_TEXT,
        "checkoutUrl": text("Where the customer pays."),
        "livemode": _LIVEMODE,
        "createdAt": _TIME,
    },
    is_open=True,
)
SESSIONS: Final = cursor_answer("CheckoutSessionList", SESSION)
SESSION_QUERY: Final = cursor_query("CheckoutSessionQuery")

CREATE_ENDPOINT: Final = Shape(
    "CreateWebhookEndpoint",
    {
        "url": URL(check=check_https, example="https://merchant.com/webhook"),
        "events": ListOf(Choice(*sorted(SUBSCRIPTIONS)), min=1, max=50, doc="Or `*` for all.", example=["*"]),
    },
)
_ENDPOINT: Final[dict[str, Field]] = {
    "id": text("", "whe_06bq3z5n8cz9v4w2k7r1t0x5ye"),
    "object": _kind("webhook_endpoint"),
    "url": text("", "https://merchant.com/webhook"),
    "events": ListOf(text("", "session.paid"), max=50),
    "active": Flag(),
    "secretPrefix": text("", "whsec_abc123"),
    "livemode": _LIVEMODE,
    "createdAt": _TIME,
}
ENDPOINT: Final = Shape("WebhookEndpoint", _ENDPOINT, is_open=True)
NEW_ENDPOINT: Final = Shape(
    "NewWebhookEndpoint", {**_ENDPOINT, "secret": text("Shown this once.", "whsec_…")}, is_open=True
)
ENDPOINTS: Final = cursor_answer("WebhookEndpointList", ENDPOINT)
ENDPOINT_QUERY: Final = cursor_query("WebhookEndpointQuery")
WEBHOOK_TEST: Final = Shape(
    "WebhookTest",
    {
        "object": _kind("webhook_test"),
        "deliveryId": text("", "whd_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "status": Choice("delivered", "failed"),
        "responseStatus": Whole(min=0, max=999, nullable=True),
        "responseTimeMs": Whole(min=0, max=10**9),
        "error": _NULL_TEXT,
    },
    is_open=True,
)

_EVENT_TYPE: Final = Choice(*sorted({*EVENTS.values(), PAID_LATE}))
EVENT: Final = Shape(
    "Event",
    {
        "id": text("", "evt_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "object": _kind("event"),
        "type": _EVENT_TYPE,
        "livemode": _LIVEMODE,
        "createdAt": _TIME,
        "data": SESSION,
    },
    is_open=True,
)
EVENT_LIST: Final = cursor_answer("EventList", EVENT)
EVENT_QUERY: Final = cursor_query(
    "EventQuery",
    {
        "type": Choice(*sorted(SUBSCRIPTIONS.keys() - {EVERYTHING}), required=False, doc="Only events of this type."),
        "createdAfter": Moment(required=False, doc="Only what happened at this time or later."),
    },
)

CUSTOMER: Final = Shape(
    "Customer",
    {
        "id": text("", "cus_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "object": _kind("customer"),
        "email": text("", "customer@example.com"),
        "metadata": FreeForm(nullable=True),
        "livemode": _LIVEMODE,
        "createdAt": _TIME,
        "updatedAt": _TIME,
    },
    is_open=True,
)
CUSTOMER_QUERY: Final = Shape(
    "CustomerQuery",
    {
        "limit": LIMIT,
        "page": Whole(min=1, max=MAX_PAGE, default=1, doc="From 1."),
        "email": Text(max=254, required=False, doc="Exactly this address, in any case."),
    },
)
CUSTOMERS: Final = Shape(
    "CustomerList",
    {
        "object": _kind("list"),
        "data": ListOf(CUSTOMER, max=100),
        "total": Whole(min=0, max=2**53),
        "page": Whole(min=1, max=MAX_PAGE),
        "limit": LIMIT,
    },
    is_open=True,
)
