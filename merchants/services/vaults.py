"""Vaults: wallets whose seed is made and kept here, encrypted with keys that the database does not hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from chains import addresses, seeds
from chains.base import Network
from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from chains.signing import FAMILIES
from core import secrets
from merchants.audit import log_change
from merchants.errors import InvalidWalletAddress, VaultUnavailable, WalletExists
from merchants.models import Merchant, VaultSecret, Wallet, WalletKind
from merchants.services.destinations import watched_network

GAS_PATH = f"{seeds.GAS}/0"


class VaultSealed(Exception):
    """The seed of a vault cannot be read, or is not that of its wallet: nothing is signed with it."""


@dataclass(frozen=True, slots=True)
class OpenedVault:
    """A new vault with its seed phrase, which exists in clear only until the answer is sent."""

    wallet: Wallet
    phrase: str

    def __repr__(self) -> str:
        return f"<OpenedVault {self.wallet.public_id}>"


@transaction.atomic
def open_vault(
    *, merchant: Merchant, network: str, forward_to: str = "", given: Sequence[str] = (), now: datetime
) -> OpenedVault:
    """
    Make a seed, keep it encrypted, and have invoices on ``network`` paid to its addresses from now on.

    ``forward_to`` is where what the invoices bring goes on to; it can never be changed. The answer
    holds the seed for the merchant's own backup, once. Whatever key or address is ``given`` is refused.

    :raises UnknownNetwork: when there is no such network, or it is the sandbox, which needs no wallet
    :raises NetworkUnavailable: when nothing watches the network
    :raises VaultUnavailable: when this installation keeps no keys, or cannot sign on this network
    :raises InvalidWalletAddress: when ``forward_to`` is no address there
    :raises PrivateKeyGiven: when something given is a private key
    :raises InvalidExtendedKey: when anything is given
    :raises WalletExists: when there is a wallet on this network
    """
    _refuse_keys((forward_to, *given), is_any=bool(given))
    chain = _vault_network(network)
    target = _target(chain, forward_to)
    owner = merchant.locked()
    if Wallet.objects.filter(merchant=owner, network=network, is_active=True).exists():
        raise WalletExists(field="network")
    phrase = seeds.new_phrase()
    wallet = Wallet.objects.create(
        merchant=owner,
        network=network,
        kind=WalletKind.VAULT,
        xpub=addresses.check_xpub(chain, seeds.account_key(chain.family, phrase)),
        forward_to=target,
        created_at=now,
    )
    VaultSecret.objects.create(
        wallet=wallet,
        sealed_phrase=secrets.seal(phrase),
        gas_address=seeds.address_of(chain.family, phrase, GAS_PATH),
        created_at=now,
    )
    log_change(
        "wallet.created",
        merchant=owner,
        about=wallet,
        network=network,
        kind=str(wallet.kind),
        xpub=wallet.xpub,
        forward_to=target,
    )
    return OpenedVault(wallet, phrase)


def preview_vault(*, network: str) -> list[str]:
    """
    Return what a vault shows before it is opened: nothing, as its seed does not exist yet.

    :raises VaultUnavailable: when this installation keeps no keys, or cannot sign on this network
    """
    _vault_network(network)
    return []


def gas_address(wallet: Wallet) -> str:
    """Return where the coin for the fees of a vault is put; empty for other wallets."""
    if wallet.kind != WalletKind.VAULT:
        return ""
    return VaultSecret.objects.values_list("gas_address", flat=True).get(wallet=wallet)


def signing_key(wallet: Wallet, *, family: str, path: str, address: str) -> bytes:
    """
    Return the private key at ``path`` of a vault, for signing at once; never stored, logged or passed on.

    :raises VaultSealed: when the seed cannot be read, or does not give ``address`` there
    """
    try:
        phrase = secrets.unseal(VaultSecret.objects.values_list("sealed_phrase", flat=True).get(wallet=wallet))
    except (VaultSecret.DoesNotExist, secrets.SecretUnreadable) as problem:
        raise VaultSealed(str(problem)) from None
    if seeds.address_of(family, phrase, path) != address:
        raise VaultSealed("the seed of this vault does not give the address")
    return seeds.private_key(family, phrase, path)


def _vault_network(network: str) -> Network:
    if not settings.VAULT_KEYS:
        raise VaultUnavailable(field="kind")
    chain = watched_network(network)
    if chain.family not in FAMILIES:
        raise VaultUnavailable(f"There are no vaults on {chain.name}.", field="kind")
    return chain


def _refuse_keys(texts: Sequence[str], *, is_any: bool) -> None:
    if any(addresses.can_spend(text.strip()) for text in texts):
        raise PrivateKeyGiven(field="xpub")
    if is_any:
        raise InvalidExtendedKey("A vault makes its own seed; give neither a key nor addresses.", field="xpub")


def _target(chain: Network, text: str) -> str:
    if not text.strip():
        return ""
    try:
        return addresses.normalise_address(chain, text.strip())
    except ValueError:
        raise InvalidWalletAddress(f"This is not an address on {chain.name}.", field="forward_to") from None
