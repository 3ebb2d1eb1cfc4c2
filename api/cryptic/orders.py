"""From Cryptic's request to an order of the core: an invoice priced in the asset."""

from typing import Any, Final

from api.cryptic.mapping import network_code
from api.cryptic.rendering import ORDER_ID
from api.cryptic.webhooks import FORMAT
from chains import registry
from core.errors import Invalid
from invoices.errors import UnknownAsset
from invoices.services import InvoiceOrder
from merchants.models import Merchant

_TITLE: Final = 200  # the longest that the core has


def order_of(wanted: dict[str, Any], *, merchant: Merchant, livemode: bool) -> InvoiceOrder:
    """
    Return the order that ``wanted``, checked for shape, stands for.

    :raises UnknownAsset: when the asset does not exist on the network
    :raises Invalid: when the metadata say another reference than ``orderId``
    """
    code = wanted["currency"].strip().upper()
    description = wanted.get("description") or ""
    reference = wanted.get("orderId") or ""
    return InvoiceOrder(
        title=_title(description, reference, merchant),
        description=description,
        crypto_amount=wanted["amount"],
        crypto_currency=code,
        network=_network(code, wanted["network"], livemode=livemode),
        expires_in=wanted["expiresIn"],
        webhook_url=wanted.get("notifyUrl") or "",
        webhook_format=FORMAT,
        return_url=wanted.get("redirectUrl") or "",
        cancel_url=wanted.get("returnUrl") or "",
        metadata=_metadata(wanted.get("metadata") or {}, reference),
    )


def _network(code: str, name: str, *, livemode: bool) -> str:
    """Return the network that is meant; in test mode every known one is the sandbox."""
    normal = network_code(name)
    place = normal if livemode else registry.SANDBOX
    if registry.find_network(normal) is None or registry.asset(place, code) is None:
        raise UnknownAsset(
            f"Unsupported currency/network combination: {code}/{name} (normalized: {normal})", field="network"
        )
    return place


def _title(description: str, reference: str, merchant: Merchant) -> str:
    if len(description.strip()) > 0 and len(description) <= _TITLE:
        return description
    return f"Order {reference}" if reference else merchant.business_name


def _metadata(own: dict[str, Any], reference: str) -> dict[str, Any]:
    if not reference:
        return own
    if own.get(ORDER_ID, reference) != reference:
        raise Invalid(f"This names another {ORDER_ID} than orderId.", field=f"metadata.{ORDER_ID}")
    return {**own, ORDER_ID: reference}
