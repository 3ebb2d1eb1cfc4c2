"""What a wallet in the customer's browser is asked to send: exact base units, to one address, on one chain.

The page's script (static/paypages/wallet.js) turns this into a transaction. Nothing here is a choice of the browser's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from chains import registry
from chains.base import Network
from invoices.models import Invoice
from payments.models import Payment
from payments.states import RECEIVED

FAMILIES: Final = frozenset({"evm", "tron"})  # whose wallets the script speaks with


@dataclass(frozen=True, slots=True)
class WalletOrder:
    """One transfer of what is still due; amounts are base units of the asset, as whole numbers in decimal digits."""

    family: str
    chain: str  # the chain id as wallets write it: 0x and hexadecimal digits
    address: str
    units: str
    contract: str  # empty for the network's own coin
    coin: str
    coin_decimals: int
    rpc_urls: str  # nodes that a wallet may be told of, separated by blanks; never those this installation reads
    explorer: str  # base URL; empty when the network has none
    explorer_tx: str  # template with {txid}
    seen: str  # transactions that have arrived already, separated by blanks


def wallet_order_of(invoice: Invoice, payments: Sequence[Payment]) -> WalletOrder | None:
    """Return what a browser's wallet is to send for ``invoice``; None on chains where none can, and in test mode."""
    network = registry.find_network(invoice.network)
    units = int(invoice.remaining_units)
    if network is None or network.family not in FAMILIES or not (invoice.livemode and network.chain_id and units > 0):
        return None
    coin = network.assets[0]
    return WalletOrder(
        family=network.family,
        chain=f"{network.chain_id:#x}",
        address=invoice.address,
        units=str(units),
        contract=invoice.asset.contract,
        coin=coin.code,
        coin_decimals=coin.decimals,
        rpc_urls=" ".join(network.wallet_rpc_urls),
        explorer=_explorer(network),
        explorer_tx=network.explorer_tx,
        seen=" ".join(payment.txid for payment in payments if payment.status in RECEIVED),
    )


def _explorer(network: Network) -> str:
    parts = urlsplit(network.explorer_tx)
    return f"{parts.scheme}://{parts.netloc}" if network.explorer_tx else ""
