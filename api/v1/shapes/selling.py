"""The shapes of payment links, checkout sessions and customers."""

from decimal import Decimal
from typing import Any, Final

from api.v1.pagination import list_answer, list_query
from api.v1.shapes.fields import (
    CURRENCY,
    INVOICE_EXCEPTION,
    INVOICE_STATUS,
    LIVEMODE_DOC,
    TIME,
    TIME_OR_NULL,
    number,
    text,
)
from api.v1.shapes.invoices import PROGRESS
from api.v1.shapes.orders import INVOICE_QUERY, LIFETIME
from api.validation import URL, Amount, Email, Flag, FreeForm, ListOf, Moment, Shape, Text, Whole
from invoices.errors import InvalidAmount, UnknownAsset
from invoices.services import CustomerDetails, LinkTerms, SessionOrder

_LEFT_OUT: Final[dict[str, Any]] = {"required": False, "nullable": True}
_METADATA: Final = FreeForm(
    max_keys=50, max_bytes=16_384, **_LEFT_OUT, doc="Your own facts, returned as they are.", example={"sku": "vpn-1"}
)
_NULL_TEXT: Final = text("", nullable=True)


def _price(doc: str, example: Decimal | None = None) -> Amount:
    return Amount(above=0, max=10**12, digits=3, failure=InvalidAmount, **_LEFT_OUT, doc=doc, example=example)


_TERMS: Final[dict[str, Any]] = {
    "description": Text(max=5000, min=0, **_LEFT_OUT),
    "currency": CURRENCY.but(**_LEFT_OUT),
    "amount": _price("What is paid, in the currency; without it the payer chooses.", Decimal("9.99")),
    "min_amount": _price("The least that a payer may choose."),
    "max_amount": _price("The most that a payer may choose."),
    "crypto_currency": Text(
        max=16, pattern="^[A-Z0-9]{2,16}$", failure=UnknownAsset, **_LEFT_OUT, doc="As of an invoice.", example="USDT"
    ),
    "network": Text(max=32, **_LEFT_OUT, doc="As of an invoice.", example="tron"),
    "return_url": URL(**_LEFT_OUT, example="https://merchant.com/success"),
    "cancel_url": URL(**_LEFT_OUT, example="https://merchant.com/cancel"),
    "asks_email": Flag(required=False, doc="Whether a payer gives an e-mail address; it makes them your customer."),
    "max_payments": Whole(
        min=1, max=10**9, **_LEFT_OUT, doc="How many invoices may be paid, or wait to be, in all.", example=100
    ),
    "expires_at": Moment(**_LEFT_OUT, doc="From then on nobody can open it."),
    "metadata": _METADATA.but(doc="Copied into each invoice."),
}
_TITLE: Final = Text(max=200, example="VPN Premium Plan")
CREATE_LINK: Final = Shape(
    "CreatePaymentLink",
    {
        "title": _TITLE,
        "slug": Text(
            max=64,
            pattern="^[A-Za-z0-9][A-Za-z0-9_-]{2,63}$",
            **_LEFT_OUT,
            doc="The end of its address; made up when left out, and then nobody can guess it.",
            example="vpn-premium",
        ),
        **_TERMS,
    },
)
UPDATE_LINK: Final = Shape(
    "UpdatePaymentLink",
    {"title": _TITLE.but(required=False), **_TERMS, "is_active": Flag(required=False, doc="Whether it can be opened.")},
)
LINK: Final = Shape(
    "PaymentLink",
    {
        "id": text("Public id of the link.", "pl_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "url": text("Where payers go.", "https://pay.example.com/l/vpn-premium"),
        "slug": text("The end of its address.", "vpn-premium"),
        "title": text("What is paid for.", "VPN Premium Plan"),
        "description": _NULL_TEXT,
        "currency": CURRENCY,
        "amount": number("Null when the payer chooses.", Decimal("9.99"), nullable=True),
        "min_amount": number("", nullable=True),
        "max_amount": number("", nullable=True),
        "crypto_currency": _NULL_TEXT,
        "network": _NULL_TEXT,
        "return_url": _NULL_TEXT,
        "cancel_url": _NULL_TEXT,
        "asks_email": Flag(),
        "max_payments": Whole(min=1, max=10**9, nullable=True),
        "expires_at": TIME_OR_NULL,
        "is_active": Flag(),
        "metadata": FreeForm(doc="Your own facts."),
        "livemode": Flag(doc=LIVEMODE_DOC),
        "created_at": TIME,
        "updated_at": TIME,
    },
    is_open=True,
)
LINK_QUERY: Final = list_query("PaymentLinkQuery", {"is_active": Flag(required=False)})
LINKS: Final = list_answer("PaymentLinkPage", "payment_links", LINK)

OPEN_SESSION: Final = Shape(
    "OpenCheckoutSession",
    {
        "payment_link_id": Text(
            max=64,
            **_LEFT_OUT,
            doc="A payment link; what is left out here is the link's.",
            example=LINK.fields["id"].example,
        ),
        "amount": _price("What is paid, unless a payment link says so.", Decimal("9.99")),
        "currency": CURRENCY.but(**_LEFT_OUT),
        "title": _TITLE.but(**_LEFT_OUT, doc="What is paid for; else that of the link, or your business name."),
        **{name: _TERMS[name] for name in ("description", "crypto_currency", "network", "return_url", "cancel_url")},
        "expires_in": Whole(
            min=LIFETIME[0], max=LIFETIME[1], **_LEFT_OUT, doc="Seconds until it expires.", example=1800
        ),
        "customer": Shape(
            "CheckoutSessionCustomer",
            {
                "email": Email(example="customer@example.com"),
                "name": Text(max=200, min=0, **_LEFT_OUT, example="Ada Palmer"),
            },
            **_LEFT_OUT,
            doc="Whom it is for. An address that is new makes a new customer.",
        ),
        "metadata": _METADATA.but(doc="Added to that of the link."),
    },
)
SESSION: Final = Shape(
    "CheckoutSession",
    {
        "id": text("Public id of the session.", "cs_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "url": text("Where its customer pays.", "https://pay.example.com/checkout/cs_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "invoice_id": text("The same as an invoice.", "inv_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "payment_link_id": _NULL_TEXT,
        "customer_id": _NULL_TEXT,
        "title": text("What is paid for.", "VPN Premium Plan"),
        "description": _NULL_TEXT,
        "amount": number("What is paid.", Decimal("9.99")),
        "currency": CURRENCY,
        "status": INVOICE_STATUS,
        "exception": INVOICE_EXCEPTION,
        "crypto_currency": text("The asset to pay with.", "USDT"),
        "network": text("The network to pay on.", "tron"),
        "crypto_amount": number("All that has to be sent, in the asset.", Decimal("9.99")),
        "address": text("Where to pay."),
        "tag": _NULL_TEXT,
        "payment_progress": PROGRESS,
        "return_url": _NULL_TEXT,
        "cancel_url": _NULL_TEXT,
        "metadata": FreeForm(doc="Your own facts."),
        "livemode": Flag(doc=LIVEMODE_DOC),
        "expires_at": TIME,
        "paid_at": TIME_OR_NULL,
        "created_at": TIME,
    },
    is_open=True,
)
SESSION_QUERY: Final = list_query(
    "CheckoutSessionQuery",
    {
        name: INVOICE_QUERY.fields[name]
        for name in ("status", "created_after", "created_before", "customer_id", "payment_link_id")
    },
)
SESSIONS: Final = list_answer("CheckoutSessionPage", "checkout_sessions", SESSION)

CREATE_CUSTOMER: Final = Shape(
    "CreateCustomer",
    {
        "email": Email(doc="In any case; it is how the customer is known.", example="customer@example.com"),
        "name": Text(max=200, min=0, **_LEFT_OUT, example="Ada Palmer"),
        "metadata": _METADATA,
    },
)
UPDATE_CUSTOMER: Final = Shape("UpdateCustomer", {"name": CREATE_CUSTOMER.fields["name"], "metadata": _METADATA})
_CUSTOMER: Final[dict[str, Any]] = {
    "id": text("Public id of the customer.", "cus_06bq3z5n8cz9v4w2k7r1t0x5ye"),
    "email": text("In lower case.", "customer@example.com"),
    "name": _NULL_TEXT,
    "metadata": FreeForm(doc="Your own facts."),
    "livemode": Flag(doc=LIVEMODE_DOC),
    "created_at": TIME,
    "updated_at": TIME,
}
_OWED: Final = Shape("CustomerCredit", {"currency": CURRENCY, "amount": number("What you owe.", Decimal("2.65"))})
CUSTOMER: Final = Shape("Customer", _CUSTOMER, is_open=True)
CUSTOMER_IN_FULL: Final = Shape(
    "CustomerInFull",
    {**_CUSTOMER, "credits": ListOf(_OWED, max=200, doc="From overpaid invoices, by currency.")},
    is_open=True,
)
ERASED_CUSTOMER: Final = Shape(
    "ErasedCustomer",
    {
        "id": _CUSTOMER["id"],
        "erased": Flag(),
        "invoices": Whole(min=0, max=10**9, doc="Invoices of theirs, which stay without their data.", example=3),
    },
)
CUSTOMER_QUERY: Final = list_query(
    "CustomerQuery",
    {
        "email": Text(max=254, required=False, doc="Exactly this address, in any case."),
        "search": Text(max=200, required=False, doc="Text in name or address, in any case."),
    },
)
CUSTOMERS: Final = list_answer("CustomerPage", "customers", CUSTOMER)


def terms_of(found: dict[str, Any]) -> LinkTerms:
    """Return a new link's terms in the words of the domain; null counts as left out."""
    given = {name: value for name, value in found.items() if value is not None and name != "slug"}
    return LinkTerms(asset_code=given.pop("crypto_currency", ""), **given)


def link_changes(found: dict[str, Any]) -> dict[str, Any]:
    """Return changes of a link by column; null empties what can be empty and leaves the rest as it is."""
    changes = {_COLUMNS.get(name, name): value for name, value in found.items()}
    emptied = {name: _EMPTY.get(name, value) if value is None else value for name, value in changes.items()}
    return {name: value for name, value in emptied.items() if value is not None or name in _MAY_BE_NULL}


def session_order_of(found: dict[str, Any]) -> SessionOrder:
    """Return a session in the words of the domain; null counts as left out."""
    given = {name: value for name, value in found.items() if value is not None}
    if "customer" in given:
        given["customer"] = details_of(given["customer"])
    return SessionOrder(payment_link=given.pop("payment_link_id", ""), **given)


def details_of(found: dict[str, Any]) -> CustomerDetails:
    """Return a customer in the words of the domain; null counts as left out."""
    return CustomerDetails(**{name: value for name, value in found.items() if value is not None})


def customer_changes(found: dict[str, Any]) -> dict[str, Any]:
    """Return changes of a customer by column; null empties."""
    return {name: _EMPTY[name] if value is None else value for name, value in found.items()}


_COLUMNS: Final = {"crypto_currency": "asset_code"}
_EMPTY: Final[dict[str, Any]] = {
    "name": "",
    "description": "",
    "asset_code": "",
    "network": "",
    "return_url": "",
    "cancel_url": "",
    "metadata": {},
}
_MAY_BE_NULL: Final = frozenset({"amount", "min_amount", "max_amount", "max_payments", "expires_at"})
