"""The examples of the documentation: one order, from its creation to its payment."""

from decimal import Decimal
from typing import Any, Final

_INVOICE_ID: Final = "inv_06bq3z5n8cz9v4w2k7r1t0x5ye"
_ADDRESS: Final = "TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN"
_TXID: Final = "a7b2c3d4e5f67890123456789012345678901234567890abcdefa7b2c3d4e5f6"
_SANDBOX_ADDRESS: Final = "sandbox10d2k5v8x1c4n7q0t3w6z9f2h5j8m1p4r"
_CREATED: Final = "2025-01-15T10:00:00Z"
_EXPIRES: Final = "2025-01-15T10:30:00Z"
_PAID: Final = "2025-01-15T10:18:00Z"

_ITEMS: Final = [
    {
        "name": "VPN Premium Plan",
        "description": "Monthly subscription with unlimited bandwidth",
        "quantity": 1,
        "unit_price": Decimal("9.99"),
    },
    {"name": "Additional Static IP", "quantity": 2, "unit_price": Decimal("2.50")},
]
_TOLERANCE: Final = {
    "underpayment_threshold": Decimal("0.01"),
    "overpayment_threshold": Decimal("1.00"),
    "overpayment_action": "credit_account",
}
_METADATA: Final = {"customer_id": "cust_456", "order_id": "ord_789", "customer_email": "customer@example.com"}

CREATE_INVOICE: Final[dict[str, Any]] = {
    "title": "VPN Service Order",
    "description": "Monthly VPN subscription with premium features",
    "items": _ITEMS,
    "tax": Decimal("1.50"),
    "currency": "USD",
    "crypto_currency": "USDT",
    "price_lock_duration": 1800,
    "expires_in": 1800,
    "payment_tolerance": _TOLERANCE,
    "webhook_url": "https://merchant.com/webhook",
    "return_url": "https://merchant.com/success",
    "cancel_url": "https://merchant.com/cancel",
    "customer": {"email": "customer@example.com"},
    "metadata": _METADATA,
}
_WHAT: Final[dict[str, Any]] = {
    "id": _INVOICE_ID,
    "title": "VPN Service Order",
    "description": "Monthly VPN subscription with premium features",
    "items": _ITEMS,
    "subtotal": Decimal("14.99"),
    "tax": Decimal("1.50"),
    "total": Decimal("16.49"),
    "currency": "USD",
    "priced_in_asset": False,
    "crypto_currency": "USDT",
    "network": "tron",
    "usdt_amount": Decimal("16.49"),
    "crypto_amount": Decimal("16.49"),
    "address": _ADDRESS,
    "tag": None,
    "matching": "address",
    "payment_uri": _ADDRESS,
    "payment_options": [
        {"crypto_currency": "USDT", "network": "tron", "current": True},
        {"crypto_currency": "BTC", "network": "bitcoin", "current": False},
    ],
}
CHOOSE_OPTION: Final = {"crypto_currency": "BTC", "network": "bitcoin"}
INVOICE: Final[dict[str, Any]] = {
    **_WHAT,
    "qr_code_url": f"https://api.example.com/api/v1/public/invoice/{_INVOICE_ID}/qr?size=256",
    "status": "created",
    "exception": "none",
    "livemode": True,
    "customer_url": f"https://pay.example.com/invoice/{_INVOICE_ID}",
    "expires_at": _EXPIRES,
    "created_at": _CREATED,
    "paid_at": None,
    "cancelled_at": None,
    "cancel_reason": None,
    "amount_received": Decimal("0.00"),
    "payment_progress": {
        "received": Decimal("0.00"),
        "required": Decimal("16.49"),
        "remaining": Decimal("16.49"),
        "percent": Decimal("0.00"),
    },
    "exchange_rate": {
        "rate": Decimal("1.0001"),
        "source": "coinbase",
        "locked_at": _CREATED,
        "expires_at": _EXPIRES,
    },
    "rate_evidence": [
        {
            "source": "coinbase",
            "price": Decimal("1.0001"),
            "observed_at": _CREATED,
            "used": True,
            "carried_from": None,
        }
    ],
    "payment_tolerance": _TOLERANCE,
    "webhook_url": "https://merchant.com/webhook",
    "return_url": "https://merchant.com/success",
    "cancel_url": "https://merchant.com/cancel",
    "customer_id": "cus_06bq3z5n8cz9v4w2k7r1t0x5ye",
    "payment_link_id": None,
    "metadata": _METADATA,
}
INVOICE_PAGE: Final = {
    "invoices": [INVOICE],
    "pagination": {"total": 1, "limit": 20, "has_more": False, "next_cursor": None},
}
_PAYMENT: Final[dict[str, Any]] = {
    "id": "pay_06bq3z5n8cz9v4w2k7r1t0x5ye",
    "amount": Decimal("16.49"),
    "crypto_currency": "USDT",
    "tx_hash": _TXID,
    "status": "confirmed",
    "confirmations": 15,
    "required_confirmations": 12,
    "block_number": 58234567,
    "from_address": "TMuA6YqfCeX8EhbfYEg5y7S4DqzSJireY9",
    "detected_at": "2025-01-15T10:15:00Z",
    "confirmed_at": _PAID,
    "network_fee": Decimal("0.12"),
    "counts": True,
    "late": False,
    "review": "none",
}
PAYMENT: Final = {
    **_PAYMENT,
    "invoice_id": _INVOICE_ID,
    "network": "tron",
    "address": _ADDRESS,
    "tag": None,
    "value": Decimal("16.49"),
    "currency": "USD",
    "livemode": True,
}
INVOICE_IN_FULL: Final[dict[str, Any]] = {
    **INVOICE,
    "status": "paid",
    "paid_at": _PAID,
    "amount_received": Decimal("16.49"),
    "payment_progress": {
        "received": Decimal("16.49"),
        "required": Decimal("16.49"),
        "remaining": Decimal("0.00"),
        "percent": Decimal("100.00"),
    },
    "payments": [_PAYMENT],
    "refunds": [],
    "destinations": [],
    "audit_log": [
        {
            "id": "audit_06bq3z5n8cz9v4w2k7r1t0x5ye",
            "event": "invoice.created",
            "timestamp": _CREATED,
            "actor": "api_key:sk_live_***123",
            "ip_address": "192.168.1.100",
            "user_agent": "MyApp/1.0",
            "request_id": "req_06bq3z5n8cz9v4w2k7r1t0x5ye",
        }
    ],
    "webhook_deliveries": [
        {
            "id": "whd_06bq3z5n8cz9v4w2k7r1t0x5ye",
            "event": "invoice.paid",
            "url": "https://merchant.com/webhook",
            "status": "delivered",
            "attempts": 1,
            "response_code": 200,
            "delivered_at": "2025-01-15T10:18:30Z",
        }
    ],
}
CANCEL_INVOICE: Final = {"reason": "Customer requested cancellation", "refund_partial_payments": True}
REFUND_INVOICE: Final = {"amount": Decimal("6.49"), "address": _ADDRESS, "reason": "Service cancelled"}
REFUND: Final = {
    "id": "ref_06bq3z5n8cz9v4w2k7r1t0x5ye",
    "invoice_id": _INVOICE_ID,
    "payment_id": None,
    "amount": Decimal("6.49"),
    "crypto_currency": "USDT",
    "network": "tron",
    "address": _ADDRESS,
    "tag": None,
    "status": "requested",
    "kind": "requested",
    "reason": "Service cancelled",
    "tx_hash": None,
    "named_tx_hash": None,
    "held": False,
    "payout": None,
    "payment_uri": _ADDRESS,
    "claim_url": None,
    "livemode": True,
    "created_at": _PAID,
    "completed_at": None,
}
SETTLEMENT: Final = {
    "id": "set_06bq3z5n8cz9v4w2k7r1t0x5ye",
    "invoice_id": _INVOICE_ID,
    "network": "tron",
    "crypto_currency": "USDT",
    "gross": Decimal("16.49"),
    "fee": Decimal("0.1649"),
    "fee_percent": Decimal("1"),
    "net": Decimal("16.3251"),
    "status": "settled",
    "created_at": _PAID,
    "reversed_at": None,
    "reversal_reason": None,
    "replaces": None,
    "livemode": True,
}
UPDATE_REFUND: Final = {"address": _ADDRESS}
COMPLETE_REFUND: Final = {"tx_hash": _TXID}
RESOLVE_DEPOSIT: Final = {"resolution": "accept"}
PUBLIC_INVOICE: Final[dict[str, Any]] = {
    **_WHAT,
    "status": "partial",
    "exception": "underpaid",
    "livemode": True,
    "expires_at": _EXPIRES,
    "paid_at": None,
    "payments": [
        {
            "amount": Decimal("10.00"),
            "status": "confirmed",
            "confirmations": 15,
            "confirmed_at": "2025-01-15T10:15:00Z",
        }
    ],
    "payment_progress": {
        "received": Decimal("10.00"),
        "required": Decimal("16.49"),
        "remaining": Decimal("6.49"),
        "percent": Decimal("60.64"),
    },
    "return_url": "https://merchant.com/success",
    "cancel_url": "https://merchant.com/cancel",
    "time_remaining": 900,
}
RATES: Final = {
    "rates": [
        {
            "crypto_currency": "USDT",
            "source": "coinbase",
            "observed_at": _CREATED,
            "prices": {"USD": Decimal("1.0001"), "EUR": Decimal("0.9201")},
        }
    ]
}
ASSETS: Final = {
    "assets": [
        {
            "crypto_currency": "USDT",
            "network": "tron",
            "network_name": "TRON",
            "decimals": 6,
            "contract": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            "is_available": True,
        }
    ]
}
SEND_TRANSFER: Final = {"invoice": _INVOICE_ID}
SANDBOX_TRANSFER: Final = {
    "tx_hash": _TXID,
    "network": "sandbox",
    "address": _SANDBOX_ADDRESS,
    "crypto_currency": "USDT",
    "amount": Decimal("16.49"),
    "invoice_id": _INVOICE_ID,
}
END_TIME: Final = {"invoice": _INVOICE_ID}
GIVE_UP: Final = {"invoice": _INVOICE_ID, "tx_hash": _TXID}
SANDBOX_INVOICE: Final = {"invoice_id": _INVOICE_ID, "status": "expired"}
MAKE_BLOCKS: Final = {"count": 3}
REORGANISE: Final = {"depth": 1, "drop": []}
SANDBOX_BLOCK: Final = {
    "height": 120,
    "hash": "5f1c9a7b3d2e4f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd",
    "parent_hash": "0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef",
    "timestamp": _CREATED,
}
