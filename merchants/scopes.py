"""What an API key may do, and what its text says about it. Pure tables."""

from collections.abc import Collection, Iterable
from typing import Final

EVERYTHING: Final = "*"

SCOPES: Final[dict[str, str]] = {
    "merchants:read": "Read merchant data",
    "merchants:write": "Update merchant settings",
    "api_keys:manage": "Create and manage API keys",
    "invoices:create": "Create new invoices",
    "invoices:read": "Read invoice data",
    "invoices:cancel": "Cancel invoices",
    "invoices:refund": "Process refunds",
    "links:read": "Read payment links",
    "links:write": "Create and change payment links",
    "customers:read": "Read customers",
    "customers:write": "Create and change customers",
    "analytics:read": "Access analytics data",
    "webhooks:manage": "Configure webhooks",
    "wallets:manage": "Decide where the money goes",
}
PERMISSIONS: Final = (*SCOPES, EVERYTHING)

_KINDS: Final = ("invoices", "analytics")  # permissions of only one of these show in the key's text


def covers(granted: Collection[str], wanted: str) -> bool:
    """Return whether ``granted`` allows ``wanted``."""
    return EVERYTHING in granted or wanted in granted


def beyond(granted: Collection[str], wanted: Iterable[str]) -> list[str]:
    """Return what of ``wanted`` is not in ``granted``."""
    return [scope for scope in wanted if not covers(granted, scope)]


def named(granted: Collection[str]) -> list[str]:
    """Return ``granted`` with everything spelled out, in the order of the table."""
    return [scope for scope in SCOPES if covers(granted, scope)]


def key_kind(permissions: Iterable[str]) -> str:
    """Return ``invoices_`` or ``analytics_`` when all permissions are of that kind, else nothing."""
    kinds = {permission.split(":")[0] for permission in permissions}
    return f"{kinds.pop()}_" if len(kinds) == 1 and kinds <= set(_KINDS) else ""
