"""Wallets, and the addresses they give: each index of an extended public key is used once, ever."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from chains import addresses, registry
from chains.base import Network
from chains.sandbox import services as sandbox
from merchants.audit import log_change
from merchants.errors import (
    NetworkUnavailable,
    NoWalletConfigured,
    UnknownNetwork,
    WalletExists,
    WalletInUse,
    WalletNotFound,
)
from merchants.models import Merchant, Wallet

PREVIEWED: Final = 3
_SANDBOX: Final = "sandbox"

# One statement; the row lock it holds to the end of the transaction keeps the indexes without gaps.
_TAKE_INDEX: Final = """
    UPDATE merchants_wallet SET next_index = next_index + 1
    WHERE merchant_id = %s AND network = %s AND is_active RETURNING id, xpub, next_index - 1
"""


@dataclass(frozen=True, slots=True)
class IssuedAddress:
    """An address for one invoice. ``wallet_id`` and ``index`` say where it comes from; the sandbox has neither."""

    address: str
    wallet_id: UUID | None = None
    index: int | None = None


def issue_address(*, merchant: Merchant, network: str, livemode: bool) -> IssuedAddress:
    """
    Take an address nobody has been given before. Belongs in the transaction that creates the invoice.

    :raises NoWalletConfigured: when the merchant has no wallet on this network
    :raises NetworkUnavailable: when nothing watches the network
    """
    if network == _SANDBOX and not livemode:
        return IssuedAddress(address=sandbox.new_address())
    chain = _watched(network)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_INDEX, [merchant.pk, network])
        row = cursor.fetchone()
    if row is None:
        raise NoWalletConfigured(
            f"No wallet is configured on {chain.name}.", field="network", constraints={"network": network}
        )
    wallet_id, xpub, index = row
    return IssuedAddress(address=addresses.derive(chain, xpub, index), wallet_id=wallet_id, index=index)


def preview_wallet(*, network: str, xpub: str) -> list[str]:
    """
    Return the first addresses that a key would give, before it is added.

    :raises UnknownNetwork: when there is no such network, or it is the sandbox, which needs no wallet
    :raises NetworkUnavailable: when nothing watches the network
    :raises InvalidExtendedKey: when ``xpub`` is no account key
    :raises PrivateKeyGiven: when it is a private key
    """
    chain = _watched(network)
    return first_addresses(network=network, xpub=addresses.check_xpub(chain, xpub))


def first_addresses(*, network: str, xpub: str) -> list[str]:
    """Return the first addresses of a key that has been checked, for the merchant to compare with their wallet."""
    chain = registry.network(network)
    return [addresses.derive(chain, xpub, index) for index in range(PREVIEWED)]


@transaction.atomic
def add_wallet(*, merchant: Merchant, network: str, xpub: str, now: datetime) -> Wallet:
    """
    Have invoices on ``network`` paid to children of ``xpub`` from now on.

    A key that this merchant used before goes on where it stopped.

    :raises UnknownNetwork: when there is no such network, or it is the sandbox, which needs no wallet
    :raises NetworkUnavailable: when nothing watches the network
    :raises InvalidExtendedKey: when ``xpub`` is no account key
    :raises PrivateKeyGiven: when it is a private key
    :raises WalletExists: when there is a wallet on this network
    :raises WalletInUse: when another merchant uses the same key
    """
    checked = addresses.check_xpub(_watched(network), xpub)
    owner = merchant.locked()
    if Wallet.objects.filter(merchant=owner, network=network, is_active=True).exists():
        raise WalletExists(field="network")
    fresh = Wallet(merchant=owner, network=network, xpub=checked, created_at=now)
    # Two merchants may send the same key at the same moment: the constraint lets one of them in.
    Wallet.objects.bulk_create([fresh], ignore_conflicts=True)
    wallet = Wallet.objects.select_for_update().get(network=network, xpub=checked)
    if wallet.merchant_id != owner.pk:
        raise WalletInUse(field="xpub")
    if not wallet.is_active:
        wallet.is_active = True
        wallet.save(update_fields=["is_active"])
    log_change("wallet.created", merchant=owner, about=wallet, network=network, xpub=checked)
    return wallet


@transaction.atomic
def remove_wallet(*, merchant: Merchant, wallet_id: str, now: datetime) -> Wallet:  # noqa: ARG001 - every service is told the time
    """
    Stop giving out addresses of a wallet. Those given out stay watched.

    :raises WalletNotFound: when the merchant has none with this id
    """
    key = Wallet.key_from(wallet_id)
    wallets = Wallet.objects.select_for_update().filter(merchant=merchant, is_active=True)
    wallet = wallets.filter(pk=key).first() if key else None
    if wallet is None:
        raise WalletNotFound
    wallet.is_active = False
    wallet.save(update_fields=["is_active"])
    log_change("wallet.removed", merchant=merchant, about=wallet, network=wallet.network, xpub=wallet.xpub)
    return wallet


def _watched(network: str) -> Network:
    chain = registry.find_network(network)
    if chain is None or chain.family == _SANDBOX:
        names = [each.code for each in registry.networks(livemode=True) if each.is_enabled]
        raise UnknownNetwork(field="network", constraints={"allowed": names})
    if not chain.is_enabled:
        raise NetworkUnavailable(f"This installation does not watch {chain.name}.", field="network")
    return chain
