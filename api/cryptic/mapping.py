"""Cryptic's words for our facts, and back. Pure tables."""

from collections.abc import Mapping
from typing import Final

from api.errors import (
    BodyTooLarge,
    ChainFailure,
    InternalError,
    MethodNotAllowed,
    RateLimited,
    RequestError,
    Unauthenticated,
    UnsupportedMediaType,
)
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, Unavailable
from events.types import WEBHOOK_TEST
from invoices.states import InvoiceException, InvoiceStatus
from payments.states import PaymentStatus

UNAUTHORIZED: Final = 'API key required. Include it in Authorization header as "Bearer <key>" or X-API-Key header.'
INVALID: Final = "Invalid request data"
TOO_MANY: Final = "Rate limit exceeded. Try again later."

# Status and code for each kind of failure; the nearest kind counts. The guide's own words are UNAUTHORIZED and
# NOT_FOUND; VALIDATION_ERROR to INTERNAL_ERROR are the original's, and the rest follow their form.
FAILURES: Final[Mapping[type[CheckoutError], tuple[int, str]]] = {
    Unauthenticated: (401, "UNAUTHORIZED"),
    Invalid: (400, "VALIDATION_ERROR"),
    NotFound: (404, "NOT_FOUND"),
    Conflict: (409, "CONFLICT"),
    RateLimited: (429, "RATE_LIMIT_EXCEEDED"),
    RequestError: (400, "BAD_REQUEST"),
    ChainFailure: (502, "EXTERNAL_API_ERROR"),
    InternalError: (500, "INTERNAL_ERROR"),
    Denied: (403, "FORBIDDEN"),
    Unavailable: (503, "SERVICE_UNAVAILABLE"),
    MethodNotAllowed: (405, "METHOD_NOT_ALLOWED"),
    BodyTooLarge: (413, "PAYLOAD_TOO_LARGE"),
    UnsupportedMediaType: (415, "UNSUPPORTED_MEDIA_TYPE"),
}


# What the core calls a field of an order, and what the guide does.
FIELDS: Final[Mapping[str, str]] = {
    "crypto_amount": "amount",
    "crypto_currency": "currency",
    "expires_in": "expiresIn",
    "webhook_url": "notifyUrl",
    "return_url": "redirectUrl",
    "cancel_url": "returnUrl",
}


def failure_words(kind: type[CheckoutError]) -> tuple[int, str]:
    """Return the HTTP status and the code for a kind of failure."""
    return next((FAILURES[each] for each in kind.__mro__ if each in FAILURES), FAILURES[InternalError])


PENDING: Final = "PENDING"
PAID: Final = "PAID"
EXPIRED: Final = "EXPIRED"
CANCELLED: Final = "CANCELLED"
UNDERPAID: Final = "UNDERPAID"
OVERPAID: Final = "OVERPAID"
PROCESSING: Final = "PROCESSING"
# In the order of the guide's list of filters.
WORDS: Final = (PENDING, PAID, EXPIRED, CANCELLED, UNDERPAID, OVERPAID, PROCESSING)

STATUS: Final[Mapping[InvoiceStatus, str]] = {
    InvoiceStatus.CREATED: PENDING,
    InvoiceStatus.PENDING: PENDING,
    InvoiceStatus.PARTIAL: UNDERPAID,
    InvoiceStatus.CONFIRMING: PROCESSING,
    InvoiceStatus.PAID: PAID,
    InvoiceStatus.EXPIRED: EXPIRED,
    InvoiceStatus.CANCELLED: CANCELLED,
    # There is no word for it. Whoever delivers for PAID must not do so when the money has gone back.
    InvoiceStatus.REFUNDED: CANCELLED,
}
# What is unusual has a word of its own only where all of the money is there; else the status says more.
EXCEPTIONS: Final[Mapping[tuple[InvoiceStatus, InvoiceException], str]] = {
    (InvoiceStatus.PAID, InvoiceException.OVERPAID): OVERPAID,
}
UNMAPPED_EXCEPTIONS: Final[Mapping[InvoiceException, str]] = {
    InvoiceException.NONE: "nothing to tell",
    InvoiceException.UNDERPAID: "while it waits the status says so; paid, the merchant took it for enough",
    InvoiceException.LATE: "the guide knows no late payments: what was accepted is PAID, what was not stays EXPIRED",
}

TRANSACTION_STATUS: Final[Mapping[PaymentStatus, str]] = {
    PaymentStatus.DETECTED: "PENDING",
    PaymentStatus.CONFIRMING: "PENDING",
    PaymentStatus.CONFIRMED: "CONFIRMED",
    PaymentStatus.ORPHANED: "PENDING",  # its block is gone; it comes back in another one or fails
    PaymentStatus.FAILED: "FAILED",
}

# Names that the original takes for its networks, and ours for them.
NETWORKS: Final[Mapping[str, str]] = {
    "binance_smart_chain": "bsc",
    "bnb_smart_chain": "bsc",
    "binance": "bsc",
    "eth": "ethereum",
    "ethereum_mainnet": "ethereum",
    "trx": "tron",
    "tron_mainnet": "tron",
    "matic": "polygon",
    "polygon_mainnet": "polygon",
    "btc": "bitcoin",
    "bitcoin_mainnet": "bitcoin",
    "ltc": "litecoin",
    "doge": "dogecoin",
    "bitcoin_cash": "bitcoincash",
    "bch": "bitcoincash",
}
# Ours that the original writes otherwise.
NETWORK_WORDS: Final[Mapping[str, str]] = {"bitcoincash": "bitcoin-cash"}

# The first six names are the original's; as the guide promises a call for every change of status, the rest follow
# their form.
EVENTS: Final[Mapping[str, str]] = {
    "invoice.created": "INVOICE_CREATED",
    "invoice.paid": "INVOICE_PAID",
    "invoice.expired": "INVOICE_EXPIRED",
    "invoice.cancelled": "INVOICE_CANCELLED",
    "invoice.refunded": "INVOICE_CANCELLED",
    "payment.confirmed": "TRANSACTION_CONFIRMED",
    "payment.failed": "TRANSACTION_FAILED",
    "invoice.partially_paid": "INVOICE_UNDERPAID",
    "invoice.confirming": "INVOICE_PROCESSING",
    "invoice.overpaid": "INVOICE_OVERPAID",
    "invoice.reversed": "INVOICE_REVERSED",
    WEBHOOK_TEST: "WEBHOOK_TEST",
}
UNMAPPED_EVENTS: Final[Mapping[str, str]] = {
    "invoice.pending": "the status word stays PENDING",
    "invoice.option_chosen": "an invoice of this format has one way to be paid",
    "payment.detected": "the change of the invoice's status that it causes is told",
    "payment.confirming": "the change of the invoice's status that it causes is told",
    "payment.reversed": "told as INVOICE_REVERSED, or with the status that follows",
    "refund.created": "the guide knows no refunds",
    "refund.completed": "the guide knows no refunds; that of everything is INVOICE_CANCELLED",
    "settlement.created": "the guide knows no settlements",
}


def status_word(status: str, exception: str) -> str:
    """Return Cryptic's word for where an invoice stands."""
    found = InvoiceStatus(status)
    return EXCEPTIONS.get((found, InvoiceException(exception)), STATUS[found])


def facts_of(word: str) -> list[tuple[InvoiceStatus, InvoiceException]]:
    """Return every pair of status and exception that ``word`` stands for: the way back, for filters."""
    return [
        (status, exception)
        for status in InvoiceStatus
        for exception in InvoiceException
        if status_word(status, exception) == word
    ]


def network_code(name: str) -> str:
    """Return our code for a network, by whatever name it is called."""
    plain = name.strip().lower()
    folded = plain.replace("-", "_").replace(" ", "_")
    return NETWORKS.get(folded, plain)
