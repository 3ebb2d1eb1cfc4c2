"""Wallets: what a merchant gives so that invoices can be paid, checked before it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from chains import addresses as address_forms
from chains import registry
from chains.base import Network
from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from merchants.audit import log_change
from merchants.errors import (
    AddressInUse,
    DuplicateAddress,
    InvalidWalletAddress,
    VaultUnavailable,
    WalletExists,
    WalletInUse,
    WalletNotFound,
    WrongWalletKind,
)
from merchants.models import Merchant, NoticeKind, Wallet, WalletAddress, WalletKind
from merchants.selectors import addresses_left
from merchants.services.destinations import POOL_WARNINGS, watched_network
from merchants.services.notices import notice

PREVIEWED: Final = 3
MOST_AT_ONCE: Final = 1_000  # addresses listed in one call


@dataclass(frozen=True, slots=True)
class _Source:
    """What a wallet gives out, checked: a key, or addresses in their normal form."""

    chain: Network
    kind: str
    xpub: str = ""
    addresses: tuple[str, ...] = ()

    @property
    def first(self) -> list[str]:
        """The first addresses, for the merchant to compare with what their own wallet shows."""
        if not self.xpub:
            return list(self.addresses[:PREVIEWED])
        return [address_forms.derive(self.chain, self.xpub, index) for index in range(PREVIEWED)]


def preview_wallet(
    *, network: str, kind: str = WalletKind.XPUB, xpub: str = "", addresses: Sequence[str] = ()
) -> list[str]:
    """
    Return the first addresses that a wallet would give, before it is added. Raises what ``add_wallet`` does.

    :raises UnknownNetwork: when there is no such network, or it is the sandbox, which needs no wallet
    :raises NetworkUnavailable: when nothing watches the network
    :raises InvalidExtendedKey: when ``xpub`` is no account key
    :raises PrivateKeyGiven: when something given is a private key
    :raises InvalidWalletAddress: when something listed is no address there
    """
    return _check(network, kind, xpub, addresses).first


def first_addresses(wallet: Wallet) -> list[str]:
    """Return the first addresses of a wallet, for the merchant to compare with what their own wallet shows."""
    if not wallet.xpub:
        return list(wallet.addresses.order_by("position").values_list("address", flat=True)[:PREVIEWED])
    return _Source(registry.network(wallet.network), wallet.kind, xpub=wallet.xpub).first


@transaction.atomic
def add_wallet(
    *,
    merchant: Merchant,
    network: str,
    kind: str = WalletKind.XPUB,
    xpub: str = "",
    addresses: Sequence[str] = (),
    now: datetime,
) -> Wallet:
    """
    Have invoices on ``network`` paid to this wallet from now on.

    A key or single address that this merchant used before goes on where it stopped.

    :raises UnknownNetwork: when there is no such network, or it is the sandbox, which needs no wallet
    :raises NetworkUnavailable: when nothing watches the network
    :raises InvalidExtendedKey: when ``xpub`` is no account key
    :raises PrivateKeyGiven: when something given is a private key
    :raises InvalidWalletAddress: when something listed is no address there
    :raises DuplicateAddress: when an address is listed twice
    :raises VaultUnavailable: when this installation keeps no keys
    :raises WalletExists: when there is a wallet on this network
    :raises WalletInUse: when another merchant uses the same key
    :raises AddressInUse: when an address was listed or handed out before
    """
    source = _check(network, kind, xpub, addresses)
    owner = merchant.locked()
    if Wallet.objects.filter(merchant=owner, network=network, is_active=True).exists():
        raise WalletExists(field="network")
    wallet = _with_key(owner, source, now) if source.xpub else _with_addresses(owner, source, now)
    log_change(
        "wallet.created",
        merchant=owner,
        about=wallet,
        network=network,
        kind=str(wallet.kind),
        **({"xpub": source.xpub} if source.xpub else {"addresses": list(source.addresses)}),
    )
    return wallet


@transaction.atomic
def add_addresses(*, merchant: Merchant, wallet_id: str, addresses: Sequence[str], now: datetime) -> Wallet:
    """
    List more addresses in a pool, after those it has.

    :raises WalletNotFound: when the merchant has none with this id
    :raises WrongWalletKind: when it is no pool
    :raises InvalidWalletAddress: when something listed is no address there
    :raises PrivateKeyGiven: when something listed is a private key
    :raises DuplicateAddress: when an address is listed twice
    :raises AddressInUse: when an address was listed or handed out before
    """
    wallet = _wallet_for_update(merchant, wallet_id)
    if wallet.kind != WalletKind.POOL:
        raise WrongWalletKind
    source = _check(wallet.network, wallet.kind, "", addresses)
    _list(wallet, source, now)
    left = addresses_left(wallets=[wallet])[wallet.pk]
    notice(wallet_id=wallet.pk, kind=NoticeKind.POOL_EMPTY, is_so=left == 0, now=now)
    if left > max(POOL_WARNINGS):
        notice(wallet_id=wallet.pk, kind=NoticeKind.POOL_LOW, is_so=False, now=now)
    log_change(
        "wallet.addresses_added",
        merchant=merchant,
        about=wallet,
        network=wallet.network,
        addresses=list(source.addresses),
    )
    return wallet


@transaction.atomic
def remove_wallet(*, merchant: Merchant, wallet_id: str, now: datetime) -> Wallet:
    """
    Stop giving out addresses of a wallet. Those given out stay watched.

    :raises WalletNotFound: when the merchant has none with this id
    """
    wallet = _wallet_for_update(merchant, wallet_id)
    wallet.is_active = False
    wallet.save(update_fields=["is_active"])
    for kind in NoticeKind:
        notice(wallet_id=wallet.pk, kind=kind, is_so=False, now=now)
    about = {"network": wallet.network, "kind": str(wallet.kind), **({"xpub": wallet.xpub} if wallet.xpub else {})}
    log_change("wallet.removed", merchant=merchant, about=wallet, livemode=True, **about)
    return wallet


def _wallet_for_update(merchant: Merchant, wallet_id: str) -> Wallet:
    key = Wallet.key_from(wallet_id)
    wallets = Wallet.objects.select_for_update().filter(merchant=merchant, is_active=True)
    wallet = wallets.filter(pk=key).first() if key else None
    if wallet is None:
        raise WalletNotFound
    return wallet


def _check(network: str, kind: str, xpub: str, listed: Sequence[str]) -> _Source:
    """Make sure that what was given can receive money and cannot spend it; says nothing of what it was."""
    if address_forms.can_spend(xpub.strip()):
        raise PrivateKeyGiven(field="xpub")
    chain = watched_network(network)
    if kind == WalletKind.VAULT:
        raise VaultUnavailable(field="kind")
    if kind == WalletKind.XPUB:
        if listed:
            raise InvalidExtendedKey("A wallet of this kind has a key, not addresses.", field="xpub")
        return _Source(chain, kind, xpub=address_forms.check_xpub(chain, xpub))
    return _Source(chain, kind, addresses=_check_addresses(chain, kind, listed))


def _check_addresses(chain: Network, kind: str, listed: Sequence[str]) -> tuple[str, ...]:
    for place, text in enumerate(listed):
        if address_forms.can_spend(text.strip()):
            raise PrivateKeyGiven(field=_field(kind, place))
    if address_forms.can_spend(" ".join(listed)):  # a seed phrase, one word a line
        raise PrivateKeyGiven(field=_field(kind))
    if not listed or len(listed) > (1 if kind == WalletKind.SINGLE else MOST_AT_ONCE):
        raise InvalidWalletAddress(_HOW_MANY[kind], field=_field(kind))
    normal: dict[str, None] = {}
    for place, text in enumerate(listed):
        address = _normalised(chain, text, _field(kind, place))
        if address in normal:
            raise DuplicateAddress(field=_field(kind, place))
        normal[address] = None
    return tuple(normal)


def _normalised(chain: Network, text: str, field: str) -> str:
    try:
        return address_forms.normalise_address(chain, text.strip())
    except ValueError:
        raise InvalidWalletAddress(f"This is not an address on {chain.name}.", field=field) from None


def _with_key(owner: Merchant, source: _Source, now: datetime) -> Wallet:
    network = source.chain.code
    fresh = Wallet(merchant=owner, network=network, kind=source.kind, xpub=source.xpub, created_at=now)
    # Two merchants may send the same key at the same moment: the constraint lets one of them in.
    Wallet.objects.bulk_create([fresh], ignore_conflicts=True)
    wallet = Wallet.objects.select_for_update().get(network=network, xpub=source.xpub)
    if wallet.merchant_id != owner.pk:
        raise WalletInUse(field="xpub")
    return _activated(wallet)


def _with_addresses(owner: Merchant, source: _Source, now: datetime) -> Wallet:
    network = source.chain.code
    if source.kind == WalletKind.SINGLE:
        before = Wallet.objects.select_for_update().filter(merchant=owner, network=network, kind=WalletKind.SINGLE)
        known = before.filter(addresses__address=source.addresses[0]).first()
        if known is not None:
            return _activated(known)  # its tags go on where they stopped
    wallet = Wallet.objects.create(merchant=owner, network=network, kind=source.kind, created_at=now)
    _list(wallet, source, now)
    return wallet


def _activated(wallet: Wallet) -> Wallet:
    if not wallet.is_active:
        wallet.is_active = True
        wallet.save(update_fields=["is_active"])
    return wallet


def _list(wallet: Wallet, source: _Source, now: datetime) -> None:
    """
    Put addresses on the list of a wallet whose row is locked. Those that wait unused in a removed pool move over.

    :raises AddressInUse: when one was handed out before, or is on another list
    """
    first = wallet.addresses.count()
    rows = [
        WalletAddress(wallet=wallet, network=wallet.network, address=address, position=first + place, created_at=now)
        for place, address in enumerate(source.addresses)
    ]
    known = WalletAddress.objects.select_for_update(of=("self",)).select_related("wallet")
    reusable = {row.address: row for row in known.filter(network=wallet.network, address__in=source.addresses)}
    for place, address in enumerate(source.addresses):
        if address in reusable and not _is_unused(reusable[address], wallet):
            raise AddressInUse(field=_field(source.kind, place))
    for row in rows:
        if row.address in reusable:
            WalletAddress.objects.filter(pk=reusable[row.address].pk).update(wallet=wallet, position=row.position)
    fresh = [row for row in rows if row.address not in reusable]
    # Two merchants may list the same address at the same moment: the constraint lets one of them in.
    WalletAddress.objects.bulk_create(fresh, ignore_conflicts=True)
    if wallet.addresses.count() != first + len(rows):
        raise AddressInUse(field=_field(source.kind))


def _is_unused(row: WalletAddress, wallet: Wallet) -> bool:
    """Return whether an address that is known was never given to anybody, and its owner is free to list it anew."""
    before = row.wallet
    was_own = before.merchant_id == wallet.merchant_id and not before.is_active and before.pk != wallet.pk
    return was_own and before.kind == WalletKind.POOL and row.taken_at is None


def _field(kind: str, place: int | None = None) -> str:
    if kind == WalletKind.SINGLE:
        return "address"
    return "addresses" if place is None else f"addresses[{place}]"


_HOW_MANY: Final[dict[str, str]] = {
    WalletKind.SINGLE: "A wallet of this kind has one address.",
    WalletKind.POOL: f"List between one and {MOST_AT_ONCE:,} addresses at once.",
}
