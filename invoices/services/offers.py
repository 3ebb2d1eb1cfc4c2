"""What a new invoice can be paid in: the merchant's wish, else their settings, as far as there are wallets for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chains import registry
from chains.base import Asset
from core.errors import Invalid
from invoices.errors import UnknownAsset
from merchants import selectors as merchant_selectors
from merchants.errors import NoWalletConfigured
from merchants.models import Merchant
from merchants.services.destinations import watched_network
from merchants.settings import MOST_OPTIONS, MerchantSettings

LIST: Final = "payment_options"


@dataclass(frozen=True, slots=True)
class OptionOrder:
    """An asset and a network, as far as they are named; what is not named is chosen by the settings and wallets."""

    crypto_currency: str | None = None
    network: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether anything was said."""
        return bool(self.crypto_currency or self.network)


def offered(
    merchant: Merchant,
    livemode: bool,
    *,
    first: OptionOrder,
    listed: Sequence[OptionOrder] | None,
    preferences: MerchantSettings,
) -> list[Asset]:
    """
    Return what the customer may choose between, each once; nothing when there is no choice to be listed.

    What ``first`` names comes first. Without it and without a list the merchant's settings decide, and then
    what has no wallet is left out.

    :raises Invalid: when there are too many
    :raises UnknownAsset: when one is not offered, or not on that network
    :raises NoWalletConfigured: when one has no wallet that could receive it
    :raises NetworkUnavailable: when nothing watches the network of one
    """
    if listed is None:
        if first.is_named or not preferences.payment_options:
            return []
        return _by_settings(merchant, livemode, preferences)
    found: dict[Asset, str] = {}
    if first.is_named and listed:
        found[choose_asset(merchant, livemode, first, preferences)] = ""
    for place, order in enumerate(listed):
        path = f"{LIST}[{place}]"
        try:
            found.setdefault(choose_asset(merchant, livemode, order, preferences), path)
        except Invalid as failure:
            failure.field = f"{path}.{failure.field}"
            raise
    if len(found) > MOST_OPTIONS:
        raise Invalid(f"An invoice offers at most {MOST_OPTIONS} of these.", field=LIST)
    if livemode:
        _check_wallets(merchant, found)
    return list(found)


def choose_asset(merchant: Merchant, livemode: bool, wanted: OptionOrder, preferences: MerchantSettings) -> Asset:
    """
    Return what an invoice would be paid in when ``wanted`` is all that is said about it.

    :raises UnknownAsset: when the asset is not offered, or not on that network
    :raises NoWalletConfigured: when this installation watches no network
    """
    code = wanted.crypto_currency or preferences.default_crypto_currency
    candidates = _candidates(merchant, livemode, wanted.network)
    for network in candidates:
        asset = registry.asset(network, code)
        if asset is not None:
            return asset
    if wanted.network and registry.find_network(wanted.network) is None:
        raise UnknownAsset(f"This installation has no network called {wanted.network!r}.", field="network")
    if not candidates:
        raise NoWalletConfigured("This installation watches no network yet.", field="crypto_currency")
    raise UnknownAsset(f"{code} is not available on {', '.join(candidates)}.", field="crypto_currency")


def _candidates(merchant: Merchant, livemode: bool, wanted: str | None) -> list[str]:
    """Return the networks to look for the asset on, the best first."""
    if not livemode:
        if wanted not in {None, registry.SANDBOX}:
            raise UnknownAsset(f"Test invoices are paid on the sandbox network, not on {wanted}.", field="network")
        return [registry.SANDBOX]
    if wanted:
        return [wanted]
    # Networks without a wallet come last: the address step then says which wallet is missing.
    payable = merchant_selectors.payable_networks(merchant, livemode)
    watched = [network.code for network in registry.networks(livemode=True, enabled_only=True)]
    return [*payable, *(code for code in watched if code not in payable)]


def _by_settings(merchant: Merchant, livemode: bool, preferences: MerchantSettings) -> list[Asset]:
    usable = _usable(merchant) if livemode else {registry.SANDBOX}
    found: dict[Asset, None] = {}
    for option in preferences.payment_options:
        network = option["network"] if livemode else registry.SANDBOX
        asset = registry.asset(network, option["crypto_currency"])
        if asset is not None and network in usable:
            found[asset] = None
    return list(found)


def _check_wallets(merchant: Merchant, options: dict[Asset, str]) -> None:
    usable = _usable(merchant)
    for asset, path in options.items():
        field = f"{path}.network" if path else "network"
        try:
            chain = watched_network(asset.network)
        except Invalid as failure:  # nothing watches it, or it is the sandbox
            failure.field = field
            raise
        if asset.network not in usable:
            raise NoWalletConfigured(
                f"No wallet that could be paid is configured on {chain.name}.",
                field=field,
                constraints={"network": asset.network},
            )


def _usable(merchant: Merchant) -> set[str]:
    """Return the networks on which the merchant has a wallet with addresses left, and that are watched."""
    wallets = list(merchant_selectors.list_wallets(merchant=merchant))
    left = merchant_selectors.addresses_left(wallets=wallets)
    watched = {network.code for network in registry.networks(livemode=True, enabled_only=True)}
    return {wallet.network for wallet in wallets if left.get(wallet.pk, 1)} & watched
