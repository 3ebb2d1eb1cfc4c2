"""An invoice in Cryptic's words, whichever format it was made in: amounts are in the asset."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from api.cryptic.envelopes import moment
from api.cryptic.mapping import EXPIRED, NETWORK_WORDS, PENDING, TRANSACTION_STATUS, UNDERPAID, status_word
from core.money import WIDE
from invoices.models import Invoice
from merchants.models import Merchant
from merchants.selectors import logo_of
from merchants.settings import MerchantSettings
from payments.models import Payment
from payments.states import PaymentStatus

ORDER_ID: Final = "order_id"  # the name in the metadata that every format knows the merchant's own reference by
MESSAGE: Final = "Invoice created successfully with payment monitoring enabled"


def new_invoice(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as answered to its creation."""
    return {**_shared(invoice), **_sent_back(invoice), "message": MESSAGE}


def listed_invoice(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as lists have it."""
    return {**_shared(invoice), "amountPaid": _paid(invoice), "createdAt": moment(invoice.created_at)}


def whole_invoice(invoice: Invoice, *, payments: Iterable[Payment]) -> dict[str, Any]:
    """Return an invoice with everything its merchant may know."""
    return {
        **listed_invoice(invoice),
        **_sent_back(invoice),
        "customData": {name: value for name, value in invoice.metadata.items() if name != ORDER_ID},
        "paidAt": moment(invoice.paid_at),
        # Paid is what is confirmed: the two are one moment here.
        "confirmedAt": moment(invoice.paid_at),
        "merchant": {"id": invoice.merchant.public_id, **_looks(invoice.merchant)},
        "transactions": [_transaction(payment) for payment in payments if payment.counts],
    }


def public_invoice(invoice: Invoice, *, now: datetime) -> dict[str, Any]:
    """Return what a customer may know."""
    shown = listed_invoice(invoice)
    is_over = now >= invoice.expires_at and shown["status"] in {PENDING, UNDERPAID}
    return {
        **shown,
        "paidAt": moment(invoice.paid_at),
        "isExpired": is_over or shown["status"] == EXPIRED,
        "merchant": _looks(invoice.merchant),
    }


def amount_text(amount: Decimal | int) -> str:
    """Return an amount of an asset as the original writes it: nothing at all is ``0``."""
    return f"{Decimal(amount):f}" if amount else "0"


def network_word(code: str) -> str:
    """Return the original's name for a network of ours."""
    return NETWORK_WORDS.get(code, code)


def qr_code_data(invoice: Invoice) -> str:
    """Return ``usdt:<address>?amount=125``: the symbol in small letters, the amount without idle zeros."""
    amount = invoice.asset.to_amount(invoice.amount_units).normalize(context=WIDE)
    return f"{invoice.asset_code.lower()}:{invoice.address}?amount={amount:f}"


def order_id(metadata: dict[str, Any]) -> str | None:
    """Return the merchant's own reference in the metadata of an invoice, if it is one."""
    found = metadata.get(ORDER_ID)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


def _shared(invoice: Invoice) -> dict[str, Any]:
    return {
        "id": invoice.public_id,
        "amount": amount_text(invoice.asset.to_amount(invoice.amount_units)),
        "currency": invoice.asset_code,
        "network": network_word(invoice.network),
        "description": invoice.description or None,
        "orderId": order_id(invoice.metadata),
        "status": status_word(invoice.status, invoice.exception),
        "depositAddress": invoice.address,
        **({"depositTag": invoice.tag} if invoice.tag else {}),
        "qrCodeData": qr_code_data(invoice),
        "paymentUrl": f"{settings.PAY_BASE_URL}{reverse('paypages:invoice', args=[invoice.public_id])}",
        "expiresAt": moment(invoice.expires_at),
    }


def _sent_back(invoice: Invoice) -> dict[str, Any]:
    return {
        "notifyUrl": invoice.webhook_url or None,
        "redirectUrl": invoice.return_url or None,
        "returnUrl": invoice.cancel_url or None,
    }


def _paid(invoice: Invoice) -> str:
    return amount_text(invoice.asset.to_amount(invoice.received_units))


def _looks(merchant: Merchant) -> dict[str, Any]:
    own = MerchantSettings.of(merchant).branding
    logo = logo_of(merchant) if merchant.settings.get("logo") else None
    return {
        "name": own.display_name or merchant.business_name,
        "businessName": merchant.business_name,
        "settings": {
            "companyName": own.display_name or merchant.business_name,
            "supportEmail": own.support_email or None,
            "brandColor": own.accent_color or None,
            "logoUrl": f"{settings.PAY_BASE_URL}{reverse('brand-logo', args=[logo.digest])}" if logo else None,
        },
    }


def _transaction(payment: Payment) -> dict[str, Any]:
    amount = payment.asset.to_amount(payment.units) if payment.asset else Decimal(payment.units)
    return {
        "id": payment.public_id,
        "txHash": payment.txid,
        "amount": amount_text(amount),
        "blockNumber": None if payment.block_height is None else str(payment.block_height),
        "confirmations": payment.confirmations,
        "status": TRANSACTION_STATUS[PaymentStatus(payment.status)],
        "createdAt": moment(payment.created_at),
    }
