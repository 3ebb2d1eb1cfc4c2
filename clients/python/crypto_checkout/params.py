"""What requests hold beside plain values. Generated from the OpenAPI document by `make clients`; changes belong there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from crypto_checkout import models
from crypto_checkout.encoding import Amount


class CheckoutSessionCustomer(TypedDict):
    """Checkout session customer."""

    email: str
    name: NotRequired[str | None]


class InvoiceCustomer(TypedDict):
    """Invoice customer."""

    email: str
    name: NotRequired[str | None]


class InvoiceItem(TypedDict):
    """Invoice item."""

    name: str
    description: NotRequired[str | None]
    quantity: Amount
    unit_price: Amount
    """In the invoice's currency."""


class MerchantSettingsChange(TypedDict):
    """Merchant settings change."""

    default_currency: NotRequired[str | None]
    default_crypto_currency: NotRequired[str | None]
    payment_options: NotRequired[Sequence[MerchantSettingsChangePaymentOption] | None]
    """What customers may choose between when an invoice names no crypto currency or network; or none."""
    invoice_expiry_minutes: NotRequired[int | None]
    payment_tolerance: NotRequired[MerchantSettingsChangeTolerance | None]
    late_payment: NotRequired[MerchantSettingsChangeLatePayment | None]
    confirmations: NotRequired[Mapping[str, int | None] | None]
    """Blocks to wait for, per network, instead of the network's own number."""
    logo: NotRequired[str | None]
    """A PNG or JPEG as a `data:` URL, for pay pages, receipts and the middle of QR codes."""
    branding: NotRequired[MerchantSettingsChangeBranding | None]


class MerchantSettingsChangeBranding(TypedDict):
    """Merchant settings change branding."""

    display_name: NotRequired[str | None]
    """The name on pay pages, instead of `business_name`."""
    accent_color: NotRequired[str | None]
    """The colour of buttons and links. Made darker or lighter where it could not be read."""
    support_email: NotRequired[str | None]
    """Where customers write to; shown on pay pages."""
    allowed_origins: NotRequired[Sequence[str] | None]
    """Sites that may show pay pages within theirs. `http://localhost` only in test mode."""


class MerchantSettingsChangeLatePayment(TypedDict):
    """Merchant settings change late payment."""

    rule: NotRequired[models.LateRule | None]
    window_hours: NotRequired[int | None]


class MerchantSettingsChangePaymentOption(TypedDict):
    """Merchant settings change payment option."""

    crypto_currency: str
    network: str


class MerchantSettingsChangeTolerance(TypedDict):
    """Merchant settings change tolerance."""

    underpayment_threshold: NotRequired[Amount | None]
    overpayment_threshold: NotRequired[Amount | None]
    overpayment_action: NotRequired[models.OverpaymentAction | None]


class PaymentOptionOrder(TypedDict):
    """Payment option order."""

    crypto_currency: str
    """See `GET /assets`."""
    network: NotRequired[str | None]
    """By default the first of your wallets' networks that has the asset."""


class PaymentTolerance(TypedDict):
    """Payment tolerance."""

    underpayment_threshold: NotRequired[Amount | None]
    """So much less is still enough, in the invoice's currency; never more than 5 % of the total."""
    overpayment_threshold: NotRequired[Amount | None]
    """So much more is no overpayment yet."""
    overpayment_action: NotRequired[models.OverpaymentAction | None]
    """What happens with a surplus: credited to the customer, refunded, or kept."""
