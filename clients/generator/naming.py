"""The names that people type: a table where the rule would give a clumsy one, and the rule for all others."""

import re
from typing import Final

# operationId → (resource, method). What is not here is named by ``called``.
_NAMES: Final = {
    "analytics_retrieve": ("analytics", "get"),
    "assets_retrieve": ("assets", "list"),
    "auth_token_create": ("auth", "create_token"),
    "balances_retrieve": ("balances", "list"),
    "merchants_create": ("merchants", "sign_up"),
    "merchants_me_retrieve": ("merchants", "me"),
    "merchants_me_partial_update": ("merchants", "update_me"),
    "merchants_me_rotate_webhook_secret_create": ("merchants", "rotate_webhook_secret"),
    "payment_links_destroy": ("payment_links", "deactivate"),
    "public_invoice_retrieve": ("public", "get_invoice"),
    "public_invoice_option_create": ("public", "choose_option"),
    "public_invoice_qr_retrieve": ("public", "invoice_qr"),
    "rates_retrieve": ("rates", "list"),
    "sandbox_blocks_create": ("sandbox", "mine"),
    "sandbox_expirations_create": ("sandbox", "end_time"),
    "sandbox_failures_create": ("sandbox", "give_up"),
    "sandbox_reorgs_create": ("sandbox", "reorganise"),
    "sandbox_transfers_create": ("sandbox", "transfer"),
    "wallets_addresses_create": ("wallets", "add_addresses"),
    "webhook_endpoints_deliveries_list": ("webhook_endpoints", "list_deliveries"),
    "webhook_endpoints_deliveries_retrieve": ("webhook_endpoints", "get_delivery"),
    "webhook_endpoints_deliveries_redeliver_create": ("webhook_endpoints", "redeliver"),
    "webhook_endpoints_replays_list": ("webhook_endpoints", "list_replays"),
    "webhook_endpoints_replays_retrieve": ("webhook_endpoints", "get_replay"),
}
# Sets of words whose name by the rule would mislead.
WORDS: Final = {
    "DepositStatus": "PaymentStatus",
    "DepositsStatus": "DepositStatus",
    "Event": "EventType",
    "Events": "Subscription",
    "Exception": "InvoiceException",
    "Rule": "LateRule",
    "Content": "QRContent",
    "PublicFormat": "QRFormat",
    "Size": "QRSize",
    "Style": "QRStyle",
    "Permissions": "Permission",
    "Scope": "TokenScope",
}
_VERBS: Final = {
    "list": "list",
    "retrieve": "get",
    "create": "create",
    "partial_update": "update",
    "destroy": "delete",
}


def called(operation_id: str, path: str, method: str) -> tuple[str, str]:
    """Return the resource and the name of an operation: ``invoices_cancel_create`` is ``invoices.cancel``."""
    if operation_id in _NAMES:
        return _NAMES[operation_id]
    resource = path.split("/")[3].replace("-", "_")
    rest = operation_id.removeprefix(f"{resource}_")
    verb = next((verb for verb in sorted(_VERBS, key=len, reverse=True) if rest.endswith(verb)), "")
    what = rest.removesuffix(verb).strip("_")
    if not what:
        return resource, _VERBS.get(verb, method)
    # An action has a name of its own; what is read or listed below an object is named with its verb.
    return resource, what if verb in {"create", "retrieve", ""} else f"{_VERBS[verb]}_{what}"


def camel(name: str) -> str:
    """Return ``list_deliveries`` as ``listDeliveries``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def pascal(name: str) -> str:
    """Return ``webhook_endpoints`` as ``WebhookEndpoints``, ``api_keys`` as ``APIKeys``."""
    return "".join(part.capitalize() for part in re.split(r"[_-]", name)).replace("Api", "API").replace("Qr", "QR")
