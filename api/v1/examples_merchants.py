"""Examples about merchants, keys and tokens, as the documentation shows them."""

from decimal import Decimal
from typing import Any, Final

_SETTINGS: Final = {
    "default_currency": "USD",
    "default_crypto_currency": "USDT",
    "invoice_expiry_minutes": 30,
    "payment_tolerance": {
        "underpayment_threshold": Decimal("0.01"),
        "overpayment_threshold": Decimal("1.00"),
        "overpayment_action": "credit_account",
    },
}
_ACCOUNT: Final[dict[str, Any]] = {
    "id": "mer_01jhqxv8z0e0fr3vms5kqk6h2c",
    "business_name": "Acme VPN Services",
    "contact_email": "admin@acmevpn.com",
    "status": "active",
    "plan_type": "pro",
    "settings": {
        **_SETTINGS,
        "payment_options": [],
        "late_payment": {"rule": "accept", "window_hours": 24},
        "confirmations": {},
        "logo": "",
        "branding": {
            "display_name": "Acme VPN",
            "accent_color": "#0a7d5a",
            "support_email": "help@acmevpn.com",
            "allowed_origins": ["https://acmevpn.com"],
        },
    },
}
_MOMENTS: Final = {"created_at": "2025-01-15T10:00:00Z", "updated_at": "2025-01-15T10:00:00Z"}

SIGN_UP: Final = {
    "business_name": "Acme VPN Services",
    "contact_email": "admin@acmevpn.com",
    "plan_type": "pro",
    "settings": _SETTINGS,
}
NEW_MERCHANT: Final = {
    **_ACCOUNT,
    **_MOMENTS,
    "api_key": "sk_live_4fYx…",
    "test_api_key": "sk_test_9dQe…",
    "webhook_secret": "whsec_bG9uZ…",
    "test_webhook_secret": "whsec_c2hvc…",
}
MERCHANT: Final = {
    **_ACCOUNT,
    "plan_limits": {"max_api_keys": 10, "max_webhook_endpoints": 5, "monthly_invoice_limit": 10000},
    "usage": {"api_keys_count": 3, "webhook_endpoints_count": 2, "monthly_invoices": 1250},
    **_MOMENTS,
}
UPDATE_MERCHANT: Final = {
    "business_name": "Acme VPN Services LLC",
    "settings": {"default_currency": "EUR", "invoice_expiry_minutes": 45},
}

_KEY: Final[dict[str, Any]] = {
    "id": "key_01jhqxv8z0e0fr3vms5kqk6h2c",
    "name": "Production API Key",
    "format": "native",
    "key_prefix": "sk_live_def456",
    "key_type": "live",
    "permissions": ["invoices:create", "invoices:read", "analytics:read"],
    "status": "active",
    "expires_at": "2030-12-31T23:59:59Z",
    "created_at": "2025-01-15T10:00:00Z",
}
CREATE_KEY: Final = {name: _KEY[name] for name in ("name", "key_type", "permissions", "expires_at")}
NEW_KEY: Final = {**_KEY, "last_used_at": None, "key": "sk_live_def456…"}
KEY_LIST: Final = {
    "api_keys": [{**_KEY, "last_used_at": "2025-01-15T14:30:00Z"}],
    "pagination": {"total": 1, "limit": 20, "has_more": False, "next_cursor": None},
}
UPDATE_KEY: Final = {
    "name": "Updated Production Key",
    "permissions": ["invoices:create", "invoices:read", "invoices:cancel", "analytics:read"],
}
REVOKED_KEY: Final = {"id": _KEY["id"], "status": "revoked", "revoked_at": "2025-01-15T15:00:00Z"}
TOKEN_REQUEST: Final = {
    "grant_type": "api_key",
    "api_key": "sk_live_abc123…",
    "scope": ["invoices:create", "invoices:read", "analytics:read"],
    "expires_in": 3600,
}
ADD_WALLET: Final = {"network": "tron", "kind": "xpub", "xpub": "xpub6C…"}
ADD_ADDRESSES: Final = {"addresses": ["TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE"]}
