"""Merchants, API keys and wallets as the native API shows them."""

from datetime import datetime
from typing import Any

from core.exact_json import timestamp
from invoices.selectors import WalletUse
from merchants import selectors, services
from merchants.models import APIKey, Merchant, Wallet
from merchants.settings import effective


def render_merchant(merchant: Merchant) -> dict[str, Any]:
    """Return what both the new and the known merchant show."""
    return {
        "id": merchant.public_id,
        "business_name": merchant.business_name,
        "contact_email": merchant.contact_email,
        "status": merchant.status,
        "plan_type": merchant.plan_id,
        "settings": effective(merchant.settings),
        "created_at": timestamp(merchant.created_at),
        "updated_at": timestamp(merchant.updated_at),
    }


def render_account(merchant: Merchant, *, usage: selectors.UsageReport, endpoints: int) -> dict[str, Any]:
    """Return a merchant with the limits of the plan and what is used of them."""
    plan = merchant.plan
    shown = render_merchant(merchant)
    moments = {name: shown.pop(name) for name in ("created_at", "updated_at")}
    return {
        **shown,
        "plan_limits": {
            "max_api_keys": plan.max_api_keys,
            "max_webhook_endpoints": plan.max_webhook_endpoints,
            "monthly_invoice_limit": plan.monthly_invoice_limit,
        },
        "usage": {
            "api_keys_count": usage.api_keys,
            "webhook_endpoints_count": endpoints,
            "monthly_invoices": usage.monthly_invoices,
        },
        **moments,
    }


def render_new_merchant(opened: services.SignedUp) -> dict[str, Any]:
    """Return a merchant that has just signed up, with everything that is shown once."""
    return {
        **render_merchant(opened.merchant),
        "api_key": opened.api_key,
        "test_api_key": opened.test_api_key,
        "webhook_secret": opened.webhook_secret,
        "test_webhook_secret": opened.test_webhook_secret,
    }


def render_api_key(key: APIKey, *, now: datetime) -> dict[str, Any]:
    """Return a key without the key."""
    return {
        "id": key.public_id,
        "name": key.name,
        "format": key.format,
        "key_prefix": key.key_prefix,
        "key_type": key.key_type,
        "permissions": key.permissions,
        "status": key.status_at(now),
        "expires_at": _moment(key.expires_at),
        "created_at": timestamp(key.created_at),
        "last_used_at": _moment(key.last_used_at),
    }


def render_wallet(wallet: Wallet, use: WalletUse) -> dict[str, Any]:
    """Return a wallet with its first addresses, and how far it has been used."""
    return {
        "id": wallet.public_id,
        "network": wallet.network,
        "kind": wallet.kind,
        "xpub": wallet.xpub or None,
        "next_index": use.next_index,
        "last_paid_index": use.last_paid_index,
        "gap": use.gap,
        "addresses_left": use.addresses_left,
        "warning": use.warning or None,
        "status": "active" if wallet.is_active else "removed",
        "preview": services.first_addresses(wallet),
        "forward_to": wallet.forward_to or None,
        "gas_address": services.gas_address(wallet) or None,
        "created_at": timestamp(wallet.created_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
