"""The text behind a QR code: what a wallet needs to fill in a payment.

EVM wallets read EIP-681, those of the Bitcoin family BIP-21; TRON has no common form beyond the bare address.
"""

from decimal import Decimal
from urllib.parse import urlencode

from chains.base import Asset, Network


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
    if network.family == "bitcoin":
        return _bip21(asset, address, amount, network.code)
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


def _bip21(asset: Asset, address: str, amount: Decimal | None, scheme: str) -> str:
    """A CashAddr brings its own scheme. Amounts are decimals of the coin, never with an exponent."""
    link = address if ":" in address else f"{scheme}:{address}"
    if amount is None:
        return link
    exact = asset.to_amount(asset.to_units(amount)).normalize()
    return f"{link}?{urlencode({'amount': format(exact, 'f')})}"


def _sandbox(asset: Asset, address: str, amount: Decimal | None, tag: str) -> str:
    fields = {"asset": asset.code} | ({"tag": tag} if tag else {})
    if amount is not None:
        fields["amount"] = format(asset.to_amount(asset.to_units(amount)), "f")
    return f"sandbox:{address}?{urlencode(fields)}"
