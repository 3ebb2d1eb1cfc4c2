"""What the customer may choose to pay in, as the page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chains import registry
from chains.base import Asset
from invoices.models import Invoice
from invoices.states import EXPIRING, InvoiceStatus
from payments.models import Payment, Refund
from payments.states import RECEIVED, RefundStatus

SEPARATOR: Final = "@"
# What exchanges call tokens of these networks.
TOKEN_STANDARD: Final = {"tron": "TRC-20", "ethereum": "ERC-20", "bsc": "BEP-20"}
# Signs that every font has; other coins have the first letter of their code.
_SIGNS: Final = {"BTC": "₿", "ETH": "Ξ", "USDC": "$", "USDT": "₮", "LTC": "Ł", "DOGE": "Ð"}


@dataclass(frozen=True, slots=True)
class Option:
    """One button; ``value`` names it in the form, ``sign`` is drawn in the coin's colour."""

    value: str
    asset: str
    network: str
    token_standard: str
    sign: str
    is_current: bool

    @property
    def key(self) -> str:
        """The same as ``value``, for an id on the page."""
        return self.value.replace(SEPARATOR, "-").lower()


def option_value(asset: str, network: str) -> str:
    """Return how a form, and the page's own scripts, name what an invoice is paid in."""
    return f"{asset}{SEPARATOR}{network}"


def token_standard(asset: Asset) -> str:
    """Return what exchanges call a token of its network; empty for the network's own coin."""
    return TOKEN_STANDARD.get(asset.network, "") if asset.contract else ""


def options_of(
    invoice: Invoice, *, status: InvoiceStatus, payments: Sequence[Payment], refunds: Sequence[Refund]
) -> tuple[Option, ...]:
    """Return the buttons while the customer may choose: nothing has come, and nothing is on its way back."""
    has_come = any(payment.counts and payment.status in RECEIVED for payment in payments)
    goes_back = any(refund.status != RefundStatus.CANCELLED and refund.kind != "deposit" for refund in refunds)
    if status not in EXPIRING or has_come or goes_back:
        return ()
    return tuple(_option(asset, invoice) for asset in invoice.options)


def _option(asset: Asset, invoice: Invoice) -> Option:
    network = registry.find_network(asset.network)
    return Option(
        value=option_value(asset.code, asset.network),
        asset=asset.code,
        network=network.name if network else asset.network,
        token_standard=token_standard(asset),
        sign=_SIGNS.get(asset.code, asset.code[:1]),
        is_current=invoice.asks_for(network=asset.network, asset_code=asset.code),
    )
