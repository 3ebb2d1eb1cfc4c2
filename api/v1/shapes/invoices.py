"""What is answered about invoices."""

from decimal import Decimal
from typing import Any, Final

from api.v1.pagination import list_answer
from api.v1.shapes.fields import (
    ACTION,
    CURRENCY,
    INVOICE_EXCEPTION,
    INVOICE_STATUS,
    LIVEMODE_DOC,
    PAYMENT_STATUS,
    TIME,
    TIME_OR_NULL,
    number,
    text,
)
from api.v1.shapes.payments import PAYMENT_OF_INVOICE, REFUND
from api.validation import Choice, Flag, FreeForm, ListOf, Shape, Text, Whole
from merchants.settings import MOST_OPTIONS

PROGRESS: Final = Shape(
    "PaymentProgress",
    {
        "received": number("Received so far, in the asset.", Decimal("10.00")),
        "required": number("All that has to be sent.", Decimal("16.49")),
        "remaining": number("Still to be sent.", Decimal("6.49")),
        "percent": number("Received, in percent; at most 100.", Decimal("60.64")),
    },
    is_open=True,
)
_LINE: Final = Shape(
    "InvoiceLine",
    {
        "name": text("What is sold.", "VPN Premium Plan"),
        "description": Text(max=2000, min=0, required=False),
        "quantity": number("How many.", 1),
        "unit_price": number("In the invoice's currency.", Decimal("9.99")),
    },
    is_open=True,
)
_RATE: Final = Shape(
    "ExchangeRate",
    {
        "rate": number("Price of one unit of the asset in the invoice's currency.", Decimal("1.0001")),
        "source": text("Who gave the price.", "coinbase"),
        "locked_at": TIME,
        "expires_at": TIME,
    },
    is_open=True,
)
_RATE_SOURCE: Final = Shape(
    "RateSource",
    {
        "source": text("Who gave the price.", "kraken"),
        "price": number("Price of one unit of the asset in the invoice's currency.", Decimal("1.0001")),
        "observed_at": TIME,
        "used": Flag(doc="Whether it counted; prices far from the others do not."),
        "carried_from": Text(
            doc="The currency the source gave it in, when the European Central Bank's rate carried it over.",
            max=3,
            nullable=True,
        ),
    },
    is_open=True,
)
_AGREED_TOLERANCE: Final = Shape(
    "AgreedTolerance",
    {
        "underpayment_threshold": number("So much less is still enough.", Decimal("0.01")),
        "overpayment_threshold": number("So much more is no overpayment yet.", Decimal("1.00")),
        "overpayment_action": ACTION,
    },
    is_open=True,
)
_OPTION: Final = Shape(
    "PaymentOption",
    {
        "crypto_currency": text("The asset.", "USDT"),
        "network": text("Its network.", "tron"),
        "current": Flag(doc="Whether it is the one to pay in now."),
    },
    is_open=True,
)
_NULL_TEXT: Final = Text(max=2048, min=0, nullable=True)
_WHAT: Final[dict[str, Any]] = {
    "id": text("Public id of the invoice.", "inv_06bq3z5n8cz9v4w2k7r1t0x5ye"),
    "title": text("Title.", "VPN Service Order"),
    "description": text("Description."),
    "items": ListOf(_LINE, max=100),
    "subtotal": number("Sum of the items.", Decimal("14.99")),
    "tax": number("Tax.", Decimal("1.50")),
    "total": number("What is owed.", Decimal("16.49")),
    "currency": CURRENCY,
    "priced_in_asset": Flag(doc="Whether `crypto_amount` is the price, and `total` only what that was worth."),
    "crypto_currency": text("The asset to pay with.", "USDT"),
    "network": text("The network to pay on.", "tron"),
    "crypto_amount": number("All that has to be sent, in the asset.", Decimal("16.49")),
    "usdt_amount": number("The same; present when the asset is USDT.", Decimal("16.49")).but(required=False),
    "address": text(
        "Where to pay; used for this invoice only, unless `matching` says otherwise.",
        "TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN",
    ),
    "tag": text("What has to be sent with the payment at an address that invoices share.", nullable=True),
    "destination_tag": Whole(min=1, max=2**32 - 1, required=False, doc="The tag; present on the XRP Ledger."),
    "reference": text("The tag; present on Solana.").but(required=False),
    "matching": Choice(
        "address", "tag", "amount", doc="What tells its payments from others; with `amount` it has to be sent exactly."
    ),
    "payment_uri": text("What a wallet opens.", "TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN"),
    "payment_options": ListOf(_OPTION, max=MOST_OPTIONS, doc="What the customer may choose between; may be empty."),
    "status": INVOICE_STATUS,
    "exception": INVOICE_EXCEPTION,
    "livemode": Flag(doc=LIVEMODE_DOC),
    "expires_at": TIME,
    "paid_at": TIME_OR_NULL,
    "payment_progress": PROGRESS,
    "return_url": _NULL_TEXT,
    "cancel_url": _NULL_TEXT,
}
_INVOICE: Final[dict[str, Any]] = {
    **_WHAT,
    "qr_code_url": text("The payment URI as a QR code."),
    "customer_url": text("The hosted pay page."),
    "created_at": TIME,
    "cancelled_at": TIME_OR_NULL,
    "cancel_reason": _NULL_TEXT,
    "amount_received": number("Received so far, in the invoice's currency.", Decimal("0.00")),
    "exchange_rate": _RATE,
    "rate_evidence": ListOf(_RATE_SOURCE, max=10, doc="What the rate rests on."),
    "payment_tolerance": _AGREED_TOLERANCE,
    "webhook_url": _NULL_TEXT,
    "customer_id": text("Whom it is for.", nullable=True),
    "payment_link_id": text("The link it was made from.", nullable=True),
    "metadata": FreeForm(doc="Your own facts."),
}
INVOICE: Final = Shape("Invoice", _INVOICE, is_open=True)
INVOICES: Final = list_answer("InvoicePage", "invoices", INVOICE)
INVOICE_WITH_REFUNDS: Final = Shape("CancelledInvoice", {**_INVOICE, "refunds": ListOf(REFUND, max=200)}, is_open=True)
_AUDIT_ENTRY: Final = Shape(
    "AuditEntry",
    {
        "id": text("Id of the entry.", "audit_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "event": text("What happened.", "invoice.created"),
        "timestamp": TIME,
        "actor": text("Who did it.", "api_key:sk_live_***123"),
        "ip_address": _NULL_TEXT,
        "user_agent": _NULL_TEXT,
        "request_id": _NULL_TEXT,
    },
    is_open=True,
)
_DESTINATION: Final = Shape(
    "InvoiceDestination",
    {"network": text("The network.", "tron"), "address": text("The address."), "tag": text("The tag.", nullable=True)},
    is_open=True,
)
_SENT: Final = Shape(
    "InvoiceDelivery",
    {
        "id": text("Id of the delivery.", "whd_06bq3z5n8cz9v4w2k7r1t0x5ye"),
        "event": text("The event it tells of.", "invoice.paid"),
        "url": text("The receiver.", "https://merchant.com/webhook"),
        "status": text("`pending`, `delivered` or `failed`.", "delivered"),
        "attempts": Whole(min=0, max=1_000_000),
        "response_code": Whole(min=0, max=999, nullable=True),
        "delivered_at": TIME_OR_NULL,
    },
    is_open=True,
)
INVOICE_IN_FULL: Final = Shape(
    "InvoiceInFull",
    {
        **_INVOICE,
        "payments": ListOf(PAYMENT_OF_INVOICE, max=200),
        "refunds": ListOf(REFUND, max=200),
        "destinations": ListOf(
            _DESTINATION, max=100, doc="Where it is, or was, to be paid, when the customer chose; all stay watched."
        ),
        "audit_log": ListOf(_AUDIT_ENTRY, max=200),
        "webhook_deliveries": ListOf(_SENT, max=200),
    },
    is_open=True,
)
_PUBLIC_PAYMENT: Final = Shape(
    "PublicPayment",
    {
        "amount": number("In the asset.", Decimal("10.00")),
        "status": PAYMENT_STATUS,
        "confirmations": Whole(min=0, max=10**9, required=False),
        "required_confirmations": Whole(min=0, max=10**9, required=False),
        "confirmed_at": TIME.but(required=False),
        "crypto_currency": Text(max=16, required=False, doc="Present when it is not the invoice's asset."),
        "network": Text(max=32, required=False, doc="Present when it is not the invoice's network."),
        "in_review": Flag(required=False, doc="Present and true while the merchant has to decide about it."),
    },
    is_open=True,
)
PUBLIC_INVOICE: Final = Shape(
    "PublicInvoice",
    {
        **_WHAT,
        "payments": ListOf(_PUBLIC_PAYMENT, max=200),
        "time_remaining": Whole(min=0, max=10**9, doc="Seconds left to pay.", example=900),
    },
    is_open=True,
)
