"""What the gateway answers. Generated from the OpenAPI document by `make clients`; changes belong there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from crypto_checkout.decoding import Model

AnalyticsPeriod = Literal["24h", "7d", "30d", "90d", "12m", "custom"]
AnalyticsPeriodChoice = Literal["24h", "7d", "30d", "90d", "12m"]
ApiKeyFormat = Literal["native", "cryptic", "selfhosted"]
ApiKeyStatus = Literal["active", "revoked", "expired"]
Currency = Literal[
    "AED",
    "AMD",
    "ARS",
    "AUD",
    "AZN",
    "BDT",
    "BGN",
    "BHD",
    "BRL",
    "CAD",
    "CHF",
    "CLP",
    "CNY",
    "COP",
    "CZK",
    "DKK",
    "EGP",
    "EUR",
    "GBP",
    "GEL",
    "GHS",
    "HKD",
    "HUF",
    "IDR",
    "ILS",
    "INR",
    "ISK",
    "JOD",
    "JPY",
    "KES",
    "KRW",
    "KWD",
    "KZT",
    "LKR",
    "MAD",
    "MXN",
    "MYR",
    "NGN",
    "NOK",
    "NZD",
    "OMR",
    "PEN",
    "PHP",
    "PKR",
    "PLN",
    "PYG",
    "QAR",
    "RON",
    "RUB",
    "SAR",
    "SEK",
    "SGD",
    "THB",
    "TND",
    "TRY",
    "TWD",
    "UAH",
    "USD",
    "UYU",
    "UZS",
    "VND",
    "XAF",
    "XOF",
    "ZAR",
]
DepositStatus = Literal["review", "accepted", "refunded", "ignored"]
DisabledReason = Literal["by_merchant", "gone", "failing"]
EventType = Literal[
    "invoice.cancelled",
    "invoice.confirming",
    "invoice.created",
    "invoice.expired",
    "invoice.option_chosen",
    "invoice.overpaid",
    "invoice.paid",
    "invoice.partially_paid",
    "invoice.pending",
    "invoice.refunded",
    "invoice.reversed",
    "payment.confirmed",
    "payment.confirming",
    "payment.detected",
    "payment.failed",
    "payment.reversed",
    "refund.completed",
    "refund.created",
    "settlement.created",
    "webhook.test",
]
GroupBy = Literal["hour", "day", "week", "month"]
InvoiceException = Literal["none", "underpaid", "overpaid", "late"]
InvoiceStatus = Literal["created", "pending", "partial", "confirming", "paid", "expired", "cancelled", "refunded"]
KeyType = Literal["live", "test"]
LateRule = Literal["accept", "review"]
Matching = Literal["address", "tag", "amount"]
MerchantStatus = Literal["active", "suspended"]
OverpaymentAction = Literal["credit_account", "refund", "keep"]
PaymentStatus = Literal["detected", "confirming", "confirmed", "orphaned", "failed"]
PayoutStatus = Literal["planned", "approved", "signed", "sent", "quarantined", "confirmed", "failed", "cancelled"]
Permission = Literal[
    "merchants:read",
    "merchants:write",
    "api_keys:manage",
    "invoices:create",
    "invoices:read",
    "invoices:cancel",
    "invoices:refund",
    "links:read",
    "links:write",
    "customers:read",
    "customers:write",
    "analytics:read",
    "webhooks:manage",
    "wallets:manage",
    "*",
]
QRContent = Literal["uri", "address"]
QRFormat = Literal["png", "svg", "pdf"]
QRSize = Literal["128", "256", "512", "1024"]
QRStyle = Literal["classic", "modern", "rounded"]
RateChoice = Literal["payment", "today"]
RefundKind = Literal["requested", "part", "cancellation", "surplus", "deposit"]
RefundStatus = Literal["requested", "sent", "completed", "cancelled"]
Resolution = Literal["accept", "refund", "ignore"]
RetryBackoff = Literal["exponential", "linear"]
Review = Literal["none", "open", "accepted", "refunded", "ignored"]
SettlementStatus = Literal["settled", "reversed"]
Subscription = Literal[
    "invoice.cancelled",
    "invoice.confirming",
    "invoice.created",
    "invoice.expired",
    "invoice.option_chosen",
    "invoice.overpaid",
    "invoice.paid",
    "invoice.partially_paid",
    "invoice.pending",
    "invoice.refunded",
    "invoice.reversed",
    "payment.confirmed",
    "payment.confirming",
    "payment.detected",
    "payment.failed",
    "payment.reversed",
    "refund.completed",
    "refund.created",
    "settlement.created",
    "webhook.test",
    "*",
]
TokenScope = Literal[
    "merchants:read",
    "merchants:write",
    "api_keys:manage",
    "invoices:create",
    "invoices:read",
    "invoices:cancel",
    "invoices:refund",
    "links:read",
    "links:write",
    "customers:read",
    "customers:write",
    "analytics:read",
    "webhooks:manage",
    "wallets:manage",
]
WaitingFor = Literal[
    "staff", "held", "suspended", "funds", "coin", "top_up", "fee_cap", "worth", "turn", "node", "problem"
]
WalletKind = Literal["xpub", "pool", "single", "vault"]
WalletStatus = Literal["active", "removed"]
WebhookDeliveryStatus = Literal["pending", "delivered", "failed"]
WebhookEndpointStatus = Literal["active", "disabled"]
WebhookReplayStatus = Literal["running", "completed", "stopped"]
WebhookTestStatus = Literal["delivered", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedTolerance(Model):
    """Agreed tolerance."""

    underpayment_threshold: Decimal
    """So much less is still enough."""
    overpayment_threshold: Decimal
    """So much more is no overpayment yet."""
    overpayment_action: OverpaymentAction
    """What happens with a surplus: credited to the customer, refunded, or kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analytics(Model):
    """Analytics."""

    period: AnalyticsPeriod
    """What was asked for."""
    timezone: str
    """Whose days and hours these are."""
    group_by: GroupBy
    """How the period is divided."""
    from_: datetime
    """RFC 3339, UTC."""
    to: datetime
    """RFC 3339, UTC."""
    currency: Currency
    """ISO 4217 code."""
    metrics: AnalyticsMetrics
    time_series: Sequence[AnalyticsBucket]
    payment_methods: Mapping[str, AnalyticsPaymentMethod]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsBucket(Model):
    """Analytics bucket."""

    date: str
    """The first day, or for hours the beginning with its offset."""
    invoices_created: int
    """Invoices created in this part of the period."""
    invoices_paid: int
    """Those of them that have been paid by now."""
    amount_created: Decimal
    """Sum of their totals."""
    amount_paid: Decimal
    """Sum of the totals of the paid ones."""
    conversion_rate: Decimal
    """Paid of created, in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsMetrics(Model):
    """Analytics metrics."""

    total_invoices: int
    """Invoices created in the period."""
    total_amount: Decimal
    """Sum of their totals."""
    paid_invoices: int
    """Those of them that have been paid by now."""
    paid_amount: Decimal
    """Sum of the totals of the paid ones."""
    conversion_rate: Decimal
    """Paid of created, in percent."""
    average_amount: Decimal
    """Average total of an invoice."""
    average_payment_time: int | None
    """Seconds from creation to payment; null when none has been paid."""
    other_currency_invoices: int
    """Invoices made while another currency was the default: they count, but add to no amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsPaymentMethod(Model):
    """Analytics payment method."""

    count: int
    """Paid invoices."""
    amount: Decimal
    """Sum of their totals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(Model):
    """Api key."""

    id: str
    name: str
    format: ApiKeyFormat
    """Whose API the key opens: this one, or another that is spoken here."""
    key_prefix: str
    key_type: KeyType
    permissions: Sequence[Permission]
    status: ApiKeyStatus
    expires_at: datetime | None
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset(Model):
    """Asset."""

    crypto_currency: str
    """The asset's code."""
    network: str
    """The network's code."""
    network_name: str
    """The network's name."""
    decimals: int
    contract: str | None
    """The token's contract; null for the network's own coin."""
    is_available: bool
    """Whether an invoice can be created in it now: node and wallet are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets(Model):
    """Assets."""

    assets: Sequence[Asset]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry(Model):
    """Audit entry."""

    id: str
    """Id of the entry."""
    event: str
    """What happened."""
    timestamp: datetime
    """RFC 3339, UTC."""
    actor: str
    """Who did it."""
    ip_address: str | None
    user_agent: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(Model):
    """Balance."""

    network: str
    """The network."""
    crypto_currency: str
    """The asset."""
    chain: Decimal
    """What lies in your wallets: the sum of all the others."""
    customers: Decimal
    """Confirmed money for invoices that are not paid yet."""
    merchant: Decimal
    """Yours: net of settlements, less refunds of them."""
    fees: Decimal
    """The platform's."""
    network_fees: Decimal
    """Spent on moving funds."""
    refunds: Decimal
    """Promised back to payers, not sent yet."""
    credits: Decimal
    """Surplus you keep for customers."""
    unmatched: Decimal
    """Money in the inbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances(Model):
    """Balances."""

    balances: Sequence[Balance]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledInvoice(Model):
    """Cancelled invoice."""

    id: str
    """Public id of the invoice."""
    title: str
    """Title."""
    description: str
    """Description."""
    items: Sequence[InvoiceLine]
    subtotal: Decimal
    """Sum of the items."""
    tax: Decimal
    """Tax."""
    total: Decimal
    """What is owed."""
    currency: Currency
    """ISO 4217 code."""
    priced_in_asset: bool
    """Whether `crypto_amount` is the price, and `total` only what that was worth."""
    crypto_currency: str
    """The asset to pay with."""
    network: str
    """The network to pay on."""
    crypto_amount: Decimal
    """All that has to be sent, in the asset."""
    usdt_amount: Decimal | None = None
    """The same; present when the asset is USDT."""
    address: str
    """Where to pay; used for this invoice only, unless `matching` says otherwise."""
    tag: str | None
    """What has to be sent with the payment at an address that invoices share."""
    destination_tag: int | None = None
    """The tag; present on the XRP Ledger."""
    reference: str | None = None
    """The tag; present on Solana."""
    matching: Matching
    """What tells its payments from others; with `amount` it has to be sent exactly."""
    payment_uri: str
    """What a wallet opens."""
    payment_options: Sequence[PaymentOption]
    """What the customer may choose between; may be empty."""
    status: InvoiceStatus
    """Where the invoice stands."""
    exception: InvoiceException
    """What is unusual about the money; read it together with the status."""
    livemode: bool
    """True for real money, false in test mode."""
    expires_at: datetime
    """RFC 3339, UTC."""
    paid_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    payment_progress: PaymentProgress
    return_url: str | None
    cancel_url: str | None
    qr_code_url: str
    """The payment URI as a QR code."""
    customer_url: str
    """The hosted pay page."""
    created_at: datetime
    """RFC 3339, UTC."""
    cancelled_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    cancel_reason: str | None
    amount_received: Decimal
    """Received so far, in the invoice's currency."""
    exchange_rate: ExchangeRate
    rate_evidence: Sequence[RateSource]
    """What the rate rests on."""
    payment_tolerance: AgreedTolerance
    webhook_url: str | None
    customer_id: str | None
    """Whom it is for."""
    payment_link_id: str | None
    """The link it was made from."""
    metadata: Mapping[str, Any]
    """Your own facts."""
    refunds: Sequence[Refund]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutSession(Model):
    """Checkout session."""

    id: str
    """Public id of the session."""
    url: str
    """Where its customer pays."""
    invoice_id: str
    """The same as an invoice."""
    payment_link_id: str | None
    customer_id: str | None
    title: str
    """What is paid for."""
    description: str | None
    amount: Decimal
    """What is paid."""
    currency: Currency
    """ISO 4217 code."""
    status: InvoiceStatus
    """Where the invoice stands."""
    exception: InvoiceException
    """What is unusual about the money; read it together with the status."""
    crypto_currency: str
    """The asset to pay with."""
    network: str
    """The network to pay on."""
    crypto_amount: Decimal
    """All that has to be sent, in the asset."""
    address: str
    """Where to pay."""
    tag: str | None
    payment_progress: PaymentProgress
    return_url: str | None
    cancel_url: str | None
    metadata: Mapping[str, Any]
    """Your own facts."""
    livemode: bool
    """True for real money, false in test mode."""
    expires_at: datetime
    """RFC 3339, UTC."""
    paid_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    created_at: datetime
    """RFC 3339, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Model):
    """Customer."""

    id: str
    """Public id of the customer."""
    email: str
    """In lower case."""
    name: str | None
    metadata: Mapping[str, Any]
    """Your own facts."""
    livemode: bool
    """True for real money, false in test mode."""
    created_at: datetime
    """RFC 3339, UTC."""
    updated_at: datetime
    """RFC 3339, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCredit(Model):
    """Customer credit."""

    currency: Currency
    """ISO 4217 code."""
    amount: Decimal
    """What you owe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerInFull(Model):
    """Customer in full."""

    id: str
    """Public id of the customer."""
    email: str
    """In lower case."""
    name: str | None
    metadata: Mapping[str, Any]
    """Your own facts."""
    livemode: bool
    """True for real money, false in test mode."""
    created_at: datetime
    """RFC 3339, UTC."""
    updated_at: datetime
    """RFC 3339, UTC."""
    credits: Sequence[CustomerCredit]
    """From overpaid invoices, by currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedWebhookEndpoint(Model):
    """Deleted webhook endpoint."""

    id: str
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit(Model):
    """Deposit."""

    id: str
    """Public id of the payment."""
    amount: Decimal
    """In the asset."""
    crypto_currency: str
    """The asset."""
    tx_hash: str
    """The transaction's hash."""
    status: PaymentStatus
    """Where the payment stands."""
    confirmations: int
    """Blocks on top of the payment's."""
    required_confirmations: int
    block_number: int | None
    """Null while it is in no block."""
    from_address: str | None
    """The sender."""
    detected_at: datetime
    """RFC 3339, UTC."""
    confirmed_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    network_fee: Decimal | None
    """In the network's own coin; null when unknown."""
    counts: bool
    """Whether it counts towards the invoice."""
    late: bool
    """Whether it was sent after the deadline."""
    review: Review
    """Whether somebody has to decide what the money is for."""
    invoice_id: str | None
    """Its invoice; null for a deposit that matched none."""
    network: str
    """The network."""
    address: str
    """Where it arrived."""
    tag: str | None
    """Destination tag or reference, where the network has them."""
    value: Decimal | None
    """What it counts for, in the invoice's currency."""
    currency: str | None
    """The invoice's currency."""
    livemode: bool
    """True for real money, false in test mode."""
    review_reason: str | None
    """
    `unknown`, `wrong_asset`, `late`, `closed`, `short`, `implausible`; or `dust`, which waits for nobody.
    """
    resolved_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedCustomer(Model):
    """Erased customer."""

    id: str
    """Public id of the customer."""
    erased: bool
    invoices: int
    """Invoices of theirs, which stay without their data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Model):
    """Event."""

    id: str
    event: EventType
    api_version: str
    created_at: datetime
    """RFC 3339, UTC."""
    livemode: bool
    """True for real money, false in test mode."""
    data: Mapping[str, Any]
    """The same as a webhook's `data`."""
    position: int
    """Its place in the log; the streams' `id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate(Model):
    """Exchange rate."""

    rate: Decimal
    """Price of one unit of the asset in the invoice's currency."""
    source: str
    """Who gave the price."""
    locked_at: datetime
    """RFC 3339, UTC."""
    expires_at: datetime
    """RFC 3339, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(Model):
    """Invoice."""

    id: str
    """Public id of the invoice."""
    title: str
    """Title."""
    description: str
    """Description."""
    items: Sequence[InvoiceLine]
    subtotal: Decimal
    """Sum of the items."""
    tax: Decimal
    """Tax."""
    total: Decimal
    """What is owed."""
    currency: Currency
    """ISO 4217 code."""
    priced_in_asset: bool
    """Whether `crypto_amount` is the price, and `total` only what that was worth."""
    crypto_currency: str
    """The asset to pay with."""
    network: str
    """The network to pay on."""
    crypto_amount: Decimal
    """All that has to be sent, in the asset."""
    usdt_amount: Decimal | None = None
    """The same; present when the asset is USDT."""
    address: str
    """Where to pay; used for this invoice only, unless `matching` says otherwise."""
    tag: str | None
    """What has to be sent with the payment at an address that invoices share."""
    destination_tag: int | None = None
    """The tag; present on the XRP Ledger."""
    reference: str | None = None
    """The tag; present on Solana."""
    matching: Matching
    """What tells its payments from others; with `amount` it has to be sent exactly."""
    payment_uri: str
    """What a wallet opens."""
    payment_options: Sequence[PaymentOption]
    """What the customer may choose between; may be empty."""
    status: InvoiceStatus
    """Where the invoice stands."""
    exception: InvoiceException
    """What is unusual about the money; read it together with the status."""
    livemode: bool
    """True for real money, false in test mode."""
    expires_at: datetime
    """RFC 3339, UTC."""
    paid_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    payment_progress: PaymentProgress
    return_url: str | None
    cancel_url: str | None
    qr_code_url: str
    """The payment URI as a QR code."""
    customer_url: str
    """The hosted pay page."""
    created_at: datetime
    """RFC 3339, UTC."""
    cancelled_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    cancel_reason: str | None
    amount_received: Decimal
    """Received so far, in the invoice's currency."""
    exchange_rate: ExchangeRate
    rate_evidence: Sequence[RateSource]
    """What the rate rests on."""
    payment_tolerance: AgreedTolerance
    webhook_url: str | None
    customer_id: str | None
    """Whom it is for."""
    payment_link_id: str | None
    """The link it was made from."""
    metadata: Mapping[str, Any]
    """Your own facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDelivery(Model):
    """Invoice delivery."""

    id: str
    """Id of the delivery."""
    event: str
    """The event it tells of."""
    url: str
    """The receiver."""
    status: str
    """`pending`, `delivered` or `failed`."""
    attempts: int
    response_code: int | None
    delivered_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDestination(Model):
    """Invoice destination."""

    network: str
    """The network."""
    address: str
    """The address."""
    tag: str | None
    """The tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceInFull(Model):
    """Invoice in full."""

    id: str
    """Public id of the invoice."""
    title: str
    """Title."""
    description: str
    """Description."""
    items: Sequence[InvoiceLine]
    subtotal: Decimal
    """Sum of the items."""
    tax: Decimal
    """Tax."""
    total: Decimal
    """What is owed."""
    currency: Currency
    """ISO 4217 code."""
    priced_in_asset: bool
    """Whether `crypto_amount` is the price, and `total` only what that was worth."""
    crypto_currency: str
    """The asset to pay with."""
    network: str
    """The network to pay on."""
    crypto_amount: Decimal
    """All that has to be sent, in the asset."""
    usdt_amount: Decimal | None = None
    """The same; present when the asset is USDT."""
    address: str
    """Where to pay; used for this invoice only, unless `matching` says otherwise."""
    tag: str | None
    """What has to be sent with the payment at an address that invoices share."""
    destination_tag: int | None = None
    """The tag; present on the XRP Ledger."""
    reference: str | None = None
    """The tag; present on Solana."""
    matching: Matching
    """What tells its payments from others; with `amount` it has to be sent exactly."""
    payment_uri: str
    """What a wallet opens."""
    payment_options: Sequence[PaymentOption]
    """What the customer may choose between; may be empty."""
    status: InvoiceStatus
    """Where the invoice stands."""
    exception: InvoiceException
    """What is unusual about the money; read it together with the status."""
    livemode: bool
    """True for real money, false in test mode."""
    expires_at: datetime
    """RFC 3339, UTC."""
    paid_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    payment_progress: PaymentProgress
    return_url: str | None
    cancel_url: str | None
    qr_code_url: str
    """The payment URI as a QR code."""
    customer_url: str
    """The hosted pay page."""
    created_at: datetime
    """RFC 3339, UTC."""
    cancelled_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    cancel_reason: str | None
    amount_received: Decimal
    """Received so far, in the invoice's currency."""
    exchange_rate: ExchangeRate
    rate_evidence: Sequence[RateSource]
    """What the rate rests on."""
    payment_tolerance: AgreedTolerance
    webhook_url: str | None
    customer_id: str | None
    """Whom it is for."""
    payment_link_id: str | None
    """The link it was made from."""
    metadata: Mapping[str, Any]
    """Your own facts."""
    payments: Sequence[InvoicePayment]
    refunds: Sequence[Refund]
    destinations: Sequence[InvoiceDestination]
    """Where it is, or was, to be paid, when the customer chose; all stay watched."""
    audit_log: Sequence[AuditEntry]
    webhook_deliveries: Sequence[InvoiceDelivery]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine(Model):
    """Invoice line."""

    name: str
    """What is sold."""
    description: str | None = None
    quantity: Decimal
    """How many."""
    unit_price: Decimal
    """In the invoice's currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePayment(Model):
    """Invoice payment."""

    id: str
    """Public id of the payment."""
    amount: Decimal
    """In the asset."""
    crypto_currency: str
    """The asset."""
    tx_hash: str
    """The transaction's hash."""
    status: PaymentStatus
    """Where the payment stands."""
    confirmations: int
    """Blocks on top of the payment's."""
    required_confirmations: int
    block_number: int | None
    """Null while it is in no block."""
    from_address: str | None
    """The sender."""
    detected_at: datetime
    """RFC 3339, UTC."""
    confirmed_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    network_fee: Decimal | None
    """In the network's own coin; null when unknown."""
    counts: bool
    """Whether it counts towards the invoice."""
    late: bool
    """Whether it was sent after the deadline."""
    review: Review
    """Whether somebody has to decide what the money is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant(Model):
    """Merchant."""

    id: str
    business_name: str
    contact_email: str
    status: MerchantStatus
    plan_type: str
    settings: MerchantSettings
    created_at: datetime
    updated_at: datetime
    plan_limits: PlanLimits
    usage: PlanUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantSettings(Model):
    """Merchant settings."""

    default_currency: str
    default_crypto_currency: str
    payment_options: Sequence[MerchantSettingsPaymentOption]
    """What customers may choose between when an invoice names no crypto currency or network; or none."""
    invoice_expiry_minutes: int
    payment_tolerance: MerchantSettingsTolerance
    late_payment: MerchantSettingsLatePayment
    confirmations: Mapping[str, int]
    """Blocks to wait for, per network, instead of the network's own number."""
    logo: str
    """A PNG or JPEG as a `data:` URL, for pay pages, receipts and the middle of QR codes."""
    branding: MerchantSettingsBranding


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantSettingsBranding(Model):
    """Merchant settings branding."""

    display_name: str
    """The name on pay pages, instead of `business_name`."""
    accent_color: str
    """The colour of buttons and links. Made darker or lighter where it could not be read."""
    support_email: str
    """Where customers write to; shown on pay pages."""
    allowed_origins: Sequence[str]
    """Sites that may show pay pages within theirs. `http://localhost` only in test mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantSettingsLatePayment(Model):
    """Merchant settings late payment."""

    rule: LateRule
    window_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantSettingsPaymentOption(Model):
    """Merchant settings payment option."""

    crypto_currency: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantSettingsTolerance(Model):
    """Merchant settings tolerance."""

    underpayment_threshold: Decimal
    overpayment_threshold: Decimal
    overpayment_action: OverpaymentAction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey(Model):
    """New api key."""

    id: str
    name: str
    format: ApiKeyFormat
    """Whose API the key opens: this one, or another that is spoken here."""
    key_prefix: str
    key_type: KeyType
    permissions: Sequence[Permission]
    status: ApiKeyStatus
    expires_at: datetime | None
    created_at: datetime
    last_used_at: datetime | None
    key: str
    """The key itself. Shown once."""
    replaces: str | None = None
    """After a rotation: the key that this one replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMerchant(Model):
    """New merchant."""

    id: str
    business_name: str
    contact_email: str
    status: MerchantStatus
    plan_type: str
    settings: MerchantSettings
    created_at: datetime
    updated_at: datetime
    api_key: str
    """For real money. Shown once."""
    test_api_key: str
    """For the sandbox. Shown once."""
    webhook_secret: str
    """Signs deliveries to the `webhook_url` of live invoices. Shown once."""
    test_webhook_secret: str
    """The same for test invoices. Shown once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWallet(Model):
    """New wallet."""

    id: str
    network: str
    kind: WalletKind
    xpub: str | None
    """The key, or a descriptor of it; null for listed addresses."""
    next_index: int | None
    """The child of the key that the next invoice gets."""
    last_paid_index: int | None
    """The last child that was paid."""
    gap: int | None
    """How many children since were not; most apps look 20 ahead."""
    addresses_left: int | None
    """How many addresses of a pool wait unused."""
    warning: str | None
    """What you should do something about."""
    status: WalletStatus
    preview: Sequence[str]
    """The first addresses, to compare with those in your wallet."""
    forward_to: str | None
    """Of a vault: where what its invoices bring goes on to."""
    gas_address: str | None
    """Of a vault: where to put the network's coin, for its fees."""
    created_at: datetime
    seed_phrase: str | None = None
    """Of a new vault: 24 words that can spend all it holds. Shown once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Model):
    """Payment."""

    id: str
    """Public id of the payment."""
    amount: Decimal
    """In the asset."""
    crypto_currency: str
    """The asset."""
    tx_hash: str
    """The transaction's hash."""
    status: PaymentStatus
    """Where the payment stands."""
    confirmations: int
    """Blocks on top of the payment's."""
    required_confirmations: int
    block_number: int | None
    """Null while it is in no block."""
    from_address: str | None
    """The sender."""
    detected_at: datetime
    """RFC 3339, UTC."""
    confirmed_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    network_fee: Decimal | None
    """In the network's own coin; null when unknown."""
    counts: bool
    """Whether it counts towards the invoice."""
    late: bool
    """Whether it was sent after the deadline."""
    review: Review
    """Whether somebody has to decide what the money is for."""
    invoice_id: str | None
    """Its invoice; null for a deposit that matched none."""
    network: str
    """The network."""
    address: str
    """Where it arrived."""
    tag: str | None
    """Destination tag or reference, where the network has them."""
    value: Decimal | None
    """What it counts for, in the invoice's currency."""
    currency: str | None
    """The invoice's currency."""
    livemode: bool
    """True for real money, false in test mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLink(Model):
    """Payment link."""

    id: str
    """Public id of the link."""
    url: str
    """Where payers go."""
    slug: str
    """The end of its address."""
    title: str
    """What is paid for."""
    description: str | None
    currency: Currency
    """ISO 4217 code."""
    amount: Decimal | None
    """Null when the payer chooses."""
    min_amount: Decimal | None
    max_amount: Decimal | None
    crypto_currency: str | None
    network: str | None
    return_url: str | None
    cancel_url: str | None
    asks_email: bool
    max_payments: int | None
    expires_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    is_active: bool
    metadata: Mapping[str, Any]
    """Your own facts."""
    livemode: bool
    """True for real money, false in test mode."""
    created_at: datetime
    """RFC 3339, UTC."""
    updated_at: datetime
    """RFC 3339, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOption(Model):
    """Payment option."""

    crypto_currency: str
    """The asset."""
    network: str
    """Its network."""
    current: bool
    """Whether it is the one to pay in now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentProgress(Model):
    """Payment progress."""

    received: Decimal
    """Received so far, in the asset."""
    required: Decimal
    """All that has to be sent."""
    remaining: Decimal
    """Still to be sent."""
    percent: Decimal
    """Received, in percent; at most 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout(Model):
    """Payout."""

    id: str
    """Public id of the payout."""
    status: PayoutStatus
    """How far it is."""
    waiting_for: WaitingFor | None
    """
    What keeps it from going on: approval by `staff`; money that is not confirmed (`held`); your account
    (`suspended`); too little at the address (`funds`); `coin` for the fee, which is on its way or wanted from
    you (`top_up`); a network that is too expensive for anything (`fee_cap`) or for this (`worth`); its `turn`
    at the address; a `node`; a `problem` for staff.
    """
    from_address: str
    """The address of the vault that sends it."""
    tx_hash: str | None
    """Its transaction, once it is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimits(Model):
    """Plan limits."""

    max_api_keys: int
    max_webhook_endpoints: int
    monthly_invoice_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanUsage(Model):
    """Plan usage."""

    api_keys_count: int
    webhook_endpoints_count: int
    monthly_invoices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicInvoice(Model):
    """Public invoice."""

    id: str
    """Public id of the invoice."""
    title: str
    """Title."""
    description: str
    """Description."""
    items: Sequence[InvoiceLine]
    subtotal: Decimal
    """Sum of the items."""
    tax: Decimal
    """Tax."""
    total: Decimal
    """What is owed."""
    currency: Currency
    """ISO 4217 code."""
    priced_in_asset: bool
    """Whether `crypto_amount` is the price, and `total` only what that was worth."""
    crypto_currency: str
    """The asset to pay with."""
    network: str
    """The network to pay on."""
    crypto_amount: Decimal
    """All that has to be sent, in the asset."""
    usdt_amount: Decimal | None = None
    """The same; present when the asset is USDT."""
    address: str
    """Where to pay; used for this invoice only, unless `matching` says otherwise."""
    tag: str | None
    """What has to be sent with the payment at an address that invoices share."""
    destination_tag: int | None = None
    """The tag; present on the XRP Ledger."""
    reference: str | None = None
    """The tag; present on Solana."""
    matching: Matching
    """What tells its payments from others; with `amount` it has to be sent exactly."""
    payment_uri: str
    """What a wallet opens."""
    payment_options: Sequence[PaymentOption]
    """What the customer may choose between; may be empty."""
    status: InvoiceStatus
    """Where the invoice stands."""
    exception: InvoiceException
    """What is unusual about the money; read it together with the status."""
    livemode: bool
    """True for real money, false in test mode."""
    expires_at: datetime
    """RFC 3339, UTC."""
    paid_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    payment_progress: PaymentProgress
    return_url: str | None
    cancel_url: str | None
    payments: Sequence[PublicPayment]
    time_remaining: int
    """Seconds left to pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPayment(Model):
    """Public payment."""

    amount: Decimal
    """In the asset."""
    status: PaymentStatus
    """Where the payment stands."""
    confirmations: int | None = None
    required_confirmations: int | None = None
    confirmed_at: datetime | None = None
    """RFC 3339, UTC."""
    crypto_currency: str | None = None
    """Present when it is not the invoice's asset."""
    network: str | None = None
    """Present when it is not the invoice's network."""
    in_review: bool | None = None
    """Present and true while the merchant has to decide about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Model):
    """Rate."""

    crypto_currency: str
    """The asset."""
    source: str
    """Who gave the prices."""
    observed_at: datetime
    """RFC 3339, UTC."""
    prices: Mapping[str, Decimal]
    """What one unit is worth in each currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSource(Model):
    """Rate source."""

    source: str
    """Who gave the price."""
    price: Decimal
    """Price of one unit of the asset in the invoice's currency."""
    observed_at: datetime
    """RFC 3339, UTC."""
    used: bool
    """Whether it counted; prices far from the others do not."""
    carried_from: str | None
    """The currency the source gave it in, when the European Central Bank's rate carried it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates(Model):
    """Rates."""

    rates: Sequence[Rate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Model):
    """Refund."""

    id: str
    """Public id of the refund."""
    invoice_id: str | None
    """Null for an unknown deposit."""
    payment_id: str | None
    """The payment it returns, when it is a single one."""
    amount: Decimal
    """In the asset."""
    crypto_currency: str
    """The asset."""
    network: str
    """The network."""
    address: str | None
    """Where it goes; null until known."""
    tag: str | None
    """The destination tag that goes with it, where the network has them."""
    status: RefundStatus
    """Where the refund stands."""
    kind: RefundKind
    """Why it was opened. A `part` goes back before its invoice is paid and counts towards it no longer."""
    reason: str | None
    """In your own words."""
    tx_hash: str | None
    """The transaction it was sent in."""
    named_tx_hash: str | None
    """What you named, where the chain shows `tx_hash` instead: mistyped, or it was sent twice. Have a look."""
    held: bool
    """Do not send it: the money it returns is not confirmed, or a reorg took it back."""
    payout: Payout | None
    """How far a vault is with sending it; null unless one was asked to."""
    payment_uri: str | None
    """What to open in your wallet to send it; null unless it is to be sent."""
    claim_url: str | None
    """Where the customer says the address; null once it is known."""
    livemode: bool
    """True for real money, false in test mode."""
    created_at: datetime
    """RFC 3339, UTC."""
    completed_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedWebhooks(Model):
    """Replayed webhooks."""

    replayed: int
    """How many events are sent again."""
    replay: WebhookReplay


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedApiKey(Model):
    """Revoked api key."""

    id: str
    status: Literal["revoked"]
    revoked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedWebhookEndpoint(Model):
    """Rotated webhook endpoint."""

    id: str
    url: str
    events: Sequence[str]
    secret: str
    """Masked; in full only when it was made just now."""
    status: WebhookEndpointStatus
    """Whether events are sent."""
    allowed_ips: Sequence[str]
    max_retries: int
    retry_backoff: RetryBackoff
    timeout: int
    """Seconds."""
    enabled: bool
    disabled_reason: DisabledReason | None
    """`gone`: it answered 410. `failing`: for five days."""
    format: str
    """In which words and with which signature it is told; chosen when it was made."""
    livemode: bool
    """True for real money, false in test mode."""
    created_at: datetime
    """RFC 3339, UTC."""
    last_delivery_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    success_rate: Decimal | None
    """Percent of the last 30 days' deliveries that arrived."""
    previous_secret_expires_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxBlock(Model):
    """Sandbox block."""

    height: int
    """Height of the newest block."""
    hash: str
    """Its hash."""
    parent_hash: str
    """The hash of the block before."""
    timestamp: datetime
    """RFC 3339, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxInvoice(Model):
    """Sandbox invoice."""

    invoice_id: str
    """The invoice."""
    status: InvoiceStatus
    """Where the invoice stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxTransfer(Model):
    """Sandbox transfer."""

    tx_hash: str
    """The transaction's hash."""
    network: str
    """Always `sandbox`."""
    address: str
    """The recipient."""
    crypto_currency: str
    """The asset."""
    amount: Decimal
    """In the asset."""
    invoice_id: str | None
    """Your invoice at this address, if it is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(Model):
    """Settlement."""

    id: str
    """Public id of the settlement."""
    invoice_id: str
    """Its invoice."""
    network: str
    """The network."""
    crypto_currency: str
    """The asset all amounts are in."""
    gross: Decimal
    """Confirmed money, less what of a surplus is the customer's."""
    fee: Decimal
    """The platform's share, rounded down."""
    fee_percent: Decimal
    """Its percentage of gross."""
    net: Decimal
    """What is yours: gross less fee."""
    status: SettlementStatus
    """`reversed` when the money went or changed."""
    created_at: datetime
    """RFC 3339, UTC."""
    reversed_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    reversal_reason: str | None
    """`reorg`: the payment left the chain; `changed`: another took its place."""
    replaces: str | None
    """The reversed settlement it stands for."""
    livemode: bool
    """True for real money, false in test mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Model):
    """Token."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: Sequence[TokenScope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet(Model):
    """Wallet."""

    id: str
    network: str
    kind: WalletKind
    xpub: str | None
    """The key, or a descriptor of it; null for listed addresses."""
    next_index: int | None
    """The child of the key that the next invoice gets."""
    last_paid_index: int | None
    """The last child that was paid."""
    gap: int | None
    """How many children since were not; most apps look 20 ahead."""
    addresses_left: int | None
    """How many addresses of a pool wait unused."""
    warning: str | None
    """What you should do something about."""
    status: WalletStatus
    preview: Sequence[str]
    """The first addresses, to compare with those in your wallet."""
    forward_to: str | None
    """Of a vault: where what its invoices bring goes on to."""
    gas_address: str | None
    """Of a vault: where to put the network's coin, for its fees."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletPreview(Model):
    """Wallet preview."""

    network: str
    preview: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAttempt(Model):
    """Webhook attempt."""

    number: int
    started_at: datetime
    """RFC 3339, UTC."""
    elapsed_ms: int
    """Milliseconds."""
    response_code: int | None
    response: str
    """The first kilobyte of the answer."""
    error: str | None
    """Why no answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery(Model):
    """Webhook delivery."""

    id: str
    event_id: str
    event_type: str
    invoice_id: str | None
    url: str
    status: WebhookDeliveryStatus
    attempts: int
    response_code: int | None
    """The latest answer; null when none came."""
    next_attempt_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    delivered_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    failure: str | None
    """Why it has not arrived."""
    created_at: datetime
    """RFC 3339, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeliveryDetail(Model):
    """Webhook delivery detail."""

    id: str
    event_id: str
    event_type: str
    invoice_id: str | None
    url: str
    status: WebhookDeliveryStatus
    attempts: int
    response_code: int | None
    """The latest answer; null when none came."""
    next_attempt_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    delivered_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    failure: str | None
    """Why it has not arrived."""
    created_at: datetime
    """RFC 3339, UTC."""
    payload: Mapping[str, Any]
    """What was sent."""
    history: Sequence[WebhookAttempt]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint(Model):
    """Webhook endpoint."""

    id: str
    url: str
    events: Sequence[str]
    secret: str
    """Masked; in full only when it was made just now."""
    status: WebhookEndpointStatus
    """Whether events are sent."""
    allowed_ips: Sequence[str]
    max_retries: int
    retry_backoff: RetryBackoff
    timeout: int
    """Seconds."""
    enabled: bool
    disabled_reason: DisabledReason | None
    """`gone`: it answered 410. `failing`: for five days."""
    format: str
    """In which words and with which signature it is told; chosen when it was made."""
    livemode: bool
    """True for real money, false in test mode."""
    created_at: datetime
    """RFC 3339, UTC."""
    last_delivery_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    success_rate: Decimal | None
    """Percent of the last 30 days' deliveries that arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReplay(Model):
    """Webhook replay."""

    id: str
    period_start: datetime
    """RFC 3339, UTC."""
    period_end: datetime
    """RFC 3339, UTC."""
    status: WebhookReplayStatus
    """`stopped`: the endpoint was disabled before everything was due."""
    total: int
    """Events of the period."""
    delivered: int
    """Arrived so far."""
    failed: int
    """Given up."""
    waiting: int
    """Not over yet."""
    percent: int
    """The share that is over."""
    created_at: datetime
    """RFC 3339, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecret(Model):
    """Webhook secret."""

    webhook_secret: str
    """The new secret. Shown once."""
    key_type: KeyType


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTest(Model):
    """Webhook test."""

    test_id: str
    status: WebhookTestStatus
    response_code: int | None
    """What the receiver answered; null when nothing."""
    response_time_ms: int
    """Milliseconds."""
    delivered_at: datetime | None
    """RFC 3339, UTC; null when it has not happened."""
    error: str | None
    """Why no answer came."""
