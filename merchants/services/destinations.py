"""Where an invoice is paid: each destination is given out once, ever."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from django.db import connection

from chains import addresses, registry, tags
from chains.base import Network
from chains.sandbox import services as sandbox
from merchants.audit import log_change
from merchants.errors import NetworkUnavailable, NoWalletConfigured, UnknownNetwork
from merchants.models import Merchant, NoticeKind, Wallet, WalletAddress, WalletKind
from merchants.services.notices import notice

SANDBOX: Final = "sandbox"
# How many unused addresses of a pool are left when its owner is told.
POOL_WARNINGS: Final = frozenset({10, 3, 0})

# One statement; the row locks it holds to the end of the transaction keep the indexes without gaps. Wallets
# with one key on several networks count together, in the oldest row: so no address means two invoices, and
# what a customer sends on the wrong network pays nobody else's. Always that row first, then the wallet's own.
_TAKE_INDEX: Final = """
    WITH own AS (
        SELECT id, kind, xpub FROM merchants_wallet WHERE merchant_id = %s AND network = %s AND is_active
    ), counted AS (
        UPDATE merchants_wallet SET next_index = next_index + 1 WHERE id = (
            SELECT COALESCE((
                SELECT id FROM merchants_wallet WHERE xpub = own.xpub AND xpub <> '' ORDER BY created_at, id LIMIT 1
            ), own.id) FROM own
        ) RETURNING id, next_index
    ), followed AS (
        UPDATE merchants_wallet wallet SET next_index = counted.next_index FROM counted, own
        WHERE wallet.id = own.id AND own.id <> counted.id
    )
    SELECT own.id, own.kind, own.xpub, counted.next_index - 1 FROM own, counted
"""
_TAKE_ADDRESS: Final = """
    UPDATE merchants_walletaddress SET taken_at = %s WHERE id = (
        SELECT id FROM merchants_walletaddress WHERE wallet_id = %s AND taken_at IS NULL ORDER BY position LIMIT 1
    ) RETURNING address
"""


@dataclass(frozen=True, slots=True)
class IssuedDestination:
    """
    Where one invoice is paid: nobody else was given the address, or the address and tag.

    With ``matching`` ``amount`` others may have been given both: then the invoice needs an amount of
    its own. ``index`` is the child's below an extended key; the sandbox has no wallet.
    """

    address: str
    tag: str = ""
    matching: Literal["address", "tag", "amount"] = "address"
    wallet_id: UUID | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class _Taken:
    """The wallet whose turn it is, and the number of this destination among those it gave out."""

    wallet_id: UUID
    kind: str
    xpub: str
    index: int


def issue_destination(*, merchant: Merchant, network: str, livemode: bool, now: datetime) -> IssuedDestination:
    """
    Take a destination for a new invoice. Belongs in the transaction that creates the invoice.

    :raises NoWalletConfigured: when the merchant has no wallet on this network, or its pool is used up
    :raises NetworkUnavailable: when nothing watches the network
    """
    if network == SANDBOX and not livemode:
        return IssuedDestination(address=sandbox.new_address())
    chain = watched_network(network)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_INDEX, [merchant.pk, network])
        row = cursor.fetchone()
    if row is None:
        raise NoWalletConfigured(
            f"No wallet is configured on {chain.name}.", field="network", constraints={"network": network}
        )
    taken = _Taken(*row)
    if taken.kind == WalletKind.POOL:
        return _from_pool(chain, taken, merchant, now)
    if taken.kind == WalletKind.SINGLE:
        return _at_single_address(chain, taken)
    address = addresses.derive(chain, taken.xpub, taken.index)
    if WalletAddress.objects.filter(network=network, address=address, wallet__kind=WalletKind.SINGLE).exists():
        return issue_destination(merchant=merchant, network=network, livemode=livemode, now=now)  # many share it
    return IssuedDestination(address=address, wallet_id=taken.wallet_id, index=taken.index)


def watched_network(network: str) -> Network:
    """
    Return a network on which money can be received.

    :raises UnknownNetwork: when there is none, or it is the sandbox, which needs no wallet
    :raises NetworkUnavailable: when nothing watches it
    """
    chain = registry.find_network(network)
    if chain is None or chain.family == SANDBOX:
        names = [each.code for each in registry.networks(livemode=True) if each.is_enabled]
        raise UnknownNetwork(field="network", constraints={"allowed": names})
    if not chain.is_enabled:
        raise NetworkUnavailable(f"This installation does not watch {chain.name}.", field="network")
    return chain


def _from_pool(chain: Network, taken: _Taken, merchant: Merchant, now: datetime) -> IssuedDestination:
    """Take the next address of the list; its wallet's row is locked, so nobody else takes it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_ADDRESS, [now, taken.wallet_id])
        row = cursor.fetchone()
    if row is None:
        raise NoWalletConfigured(
            f"All addresses listed for {chain.name} have been used.",
            field="network",
            constraints={"network": chain.code, "addresses_left": 0},
            suggestions=("Add more addresses with POST /api/v1/wallets/{id}/addresses",),
        )
    left = WalletAddress.objects.filter(wallet_id=taken.wallet_id, taken_at=None)[: max(POOL_WARNINGS) + 1].count()
    if left in POOL_WARNINGS:
        wallet = Wallet(pk=taken.wallet_id)
        log_change("wallet.pool_low", merchant=merchant, about=wallet, network=chain.code, addresses_left=left)
        kind = NoticeKind.POOL_LOW if left else NoticeKind.POOL_EMPTY
        notice(wallet_id=taken.wallet_id, kind=kind, is_so=True, now=now)
    return IssuedDestination(address=row[0], wallet_id=taken.wallet_id)


def _at_single_address(chain: Network, taken: _Taken) -> IssuedDestination:
    address = WalletAddress.objects.values_list("address", flat=True).get(wallet_id=taken.wallet_id)
    tag = tags.new_tag(chain, taken.index)
    return IssuedDestination(address, tag, "tag" if tag else "amount", taken.wallet_id)
