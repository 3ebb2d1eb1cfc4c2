"""The text behind a QR code: what a wallet needs to fill in a payment.

EVM wallets read EIP-681, those of the Bitcoin family BIP-21, of Cardano CIP-13, of Solana the transfer requests of
Solana Pay. On the XRP Ledger this is the link of the most common wallet (Xaman, "Payment Request Link"), with the
parameters of XLS-2. TRON has no common form beyond the bare address.
"""

from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from chains.base import Asset, Network
from core.money import WIDE

_PREFIXES: Final = {"bitcoin": "{network}:", "cardano": "web+cardano:", "xrp": "xrpl://"}


def payment_uri(
    asset: Asset, address: str, amount: Decimal | None, *, tag: str = "", network: Network | None = None
) -> str:
    """
    Return a payment link to ``address`` (in its normal form) for ``amount`` in major units, or for any amount.

    ``tag`` is the destination tag or reference that goes with it, where the network has one.

    :raises LookupError: when ``network`` is not given and this installation does not know the asset's
    """
    network = network or _find(asset.network)
    if network.family == "evm":
        return _eip681(asset, address, amount, network.chain_id)
    if network.family == "solana":
        return _solana_pay(asset, address, amount, tag)
    if network.family in _PREFIXES:
        return _coin_link(network, address, amount, tag)
    if network.family == "sandbox":
        return _sandbox(asset, address, amount, tag)
    return address


def _find(code: str) -> Network:
    from chains import registry

    return registry.network(code)


def _eip681(asset: Asset, address: str, amount: Decimal | None, chain_id: int) -> str:
    """Numbers are whole base units: wallets differ in how they read the exponents that EIP-681 also allows."""
    units = None if amount is None else asset.to_units(amount)
    if asset.contract:
        fields = {"address": address} | ({} if units is None else {"uint256": str(units)})
        return f"ethereum:{asset.contract}@{chain_id}/transfer?{urlencode(fields)}"
    return f"ethereum:{address}@{chain_id}" + ("" if units is None else f"?value={units}")


def _coin_link(network: Network, address: str, amount: Decimal | None, tag: str) -> str:
    """A CashAddr brings its own scheme. Amounts are decimals of the coin."""
    link = address if ":" in address else _PREFIXES[network.family].format(network=network.code) + address
    return _with_query(link, {"amount": _plain(network.assets[0], amount), "dt": tag})


def _solana_pay(asset: Asset, address: str, amount: Decimal | None, reference: str) -> str:
    """The wallet puts ``reference`` among the accounts of the transaction, where it tells the invoice."""
    fields = {"amount": _plain(asset, amount), "spl-token": asset.contract, "reference": reference}
    return _with_query(f"solana:{address}", fields)


def _with_query(link: str, fields: dict[str, str]) -> str:
    given = urlencode({name: value for name, value in fields.items() if value})
    return f"{link}?{given}" if given else link


def _plain(asset: Asset, amount: Decimal | None) -> str:
    """Return an amount as decimals of the asset without an exponent; empty for any amount."""
    return "" if amount is None else format(asset.to_amount(asset.to_units(amount)).normalize(WIDE), "f")


def _sandbox(asset: Asset, address: str, amount: Decimal | None, tag: str) -> str:
    fields = {"asset": asset.code} | ({"tag": tag} if tag else {})
    if amount is not None:
        fields["amount"] = format(asset.to_amount(asset.to_units(amount)), "f")
    return f"sandbox:{address}?{urlencode(fields)}"
