"""What the environment says about vaults: wallets whose keys this installation keeps. Without keys there are none."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from chains.addresses import is_valid_address, normalise_address
from chains.catalogue import NETWORKS
from chains.signing import FAMILIES

_SHORTEST_KEY: Final = 32
# The most that one transaction may cost, in the network's own coin.
FEE_CAPS: Final[Mapping[str, Decimal]] = {
    "ethereum": Decimal("0.01"),
    "base": Decimal("0.0005"),
    "arbitrum": Decimal("0.0005"),
    "optimism": Decimal("0.0005"),
    "polygon": Decimal(1),
    "bsc": Decimal("0.005"),
    "tron": Decimal(50),
}


def vault_keys(keys: Sequence[str], *, others: Collection[str]) -> list[str]:
    """
    Return the keys that seeds are encrypted with, checked; ``others`` encrypt everything else.

    :raises ImproperlyConfigured: when one is short, or encrypts other secrets too; their values are not shown
    """
    if any(len(key) < _SHORTEST_KEY for key in keys):
        raise ImproperlyConfigured(f"VAULT_KEYS must be keys of at least {_SHORTEST_KEY} random characters each.")
    if set(keys) & set(others):
        raise ImproperlyConfigured(
            "VAULT_KEYS must not hold a key of SECRET_ENCRYPTION_KEYS: whoever gets those gets no money."
        )
    return list(keys)


def fee_caps(pairs: Sequence[str]) -> dict[str, Decimal]:
    """
    Return the most that one transaction may cost on each network, in the network's own coin.

    :raises ImproperlyConfigured: when a network is unknown or a number is none
    """
    caps = dict(FEE_CAPS)
    for network, text in _by_network(pairs, "VAULT_FEE_CAPS", "ethereum=0.01,polygon=1").items():
        try:
            cap = Decimal(text)
        except InvalidOperation:
            cap = Decimal("NaN")
        if not cap.is_finite() or cap <= 0:
            raise ImproperlyConfigured(f"VAULT_FEE_CAPS has {text!r} for {network}. It must be an amount such as 0.01.")
        caps[network] = cap
    return caps


def fee_addresses(pairs: Sequence[str]) -> dict[str, str]:
    """
    Return where the platform's fee goes on each network.

    :raises ImproperlyConfigured: when a network is unknown or an address is none
    """
    found = _by_network(pairs, "PLATFORM_FEE_ADDRESSES", "ethereum=0x…,base=0x…")
    for network, text in found.items():
        family = NETWORKS[network].family
        if not is_valid_address(family, text):
            raise ImproperlyConfigured(f"PLATFORM_FEE_ADDRESSES has {text!r} for {network}, which is no address there.")
        found[network] = normalise_address(family, text)
    return found


def _by_network(words: Sequence[str], name: str, example: str) -> dict[str, str]:
    pairs = {}
    for word in words:
        network, _, value = (part.strip() for part in word.partition("="))
        entry = NETWORKS.get(network)
        if entry is None or entry.family not in FAMILIES or not value:
            raise ImproperlyConfigured(
                f"{name} has {word!r}. It must be pairs of a network and a value, such as {example}; vaults are on "
                + ", ".join(code for code, each in NETWORKS.items() if each.family in FAMILIES)
                + "."
            )
        pairs[network] = value
    return pairs
