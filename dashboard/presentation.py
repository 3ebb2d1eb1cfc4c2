"""What the pages print, as plain values: every "is it shown" is answered here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from chains import registry
from chains.base import Network
from chains.signing import FAMILIES
from invoices.selectors import WalletUse, wallet_uses
from merchants import selectors, services
from merchants.models import Merchant, Wallet, WalletKind
from payments.events import amount_of
from payments.models import Payment
from payments.states import Review

KIND_NAMES: Final = {
    WalletKind.XPUB: lambda: _("Extended public key"),
    WalletKind.POOL: lambda: _("List of addresses"),
    WalletKind.SINGLE: lambda: _("One address"),
    WalletKind.VAULT: lambda: _("Vault"),
}
REASONS: Final = {
    "unknown": lambda: _("Matches no invoice"),
    "wrong_asset": lambda: _("Another coin than asked for"),
    "late": lambda: _("Came too late"),
    "closed": lambda: _("The invoice has ended"),
    "short": lambda: _("Late and too little"),
    "implausible": lambda: _("An impossible amount"),
    "dust": lambda: _("Too little to matter"),
}
REVIEWS: Final = {
    Review.OPEN: lambda: _("Waits for you"),
    Review.ACCEPTED: lambda: _("Accepted"),
    Review.REFUNDED: lambda: _("To be refunded"),
    Review.IGNORED: lambda: _("Put aside"),
}


@dataclass(frozen=True, slots=True)
class WalletCard:
    """A wallet on the list."""

    id: str
    network: str
    kind: str
    is_pool: bool
    key: str
    first: tuple[str, ...]
    gas_address: str
    forward_to: str
    use: WalletUse
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """A network on which a wallet can be added, and the kinds of wallets it takes."""

    code: str
    name: str
    kinds: tuple[tuple[str, str, str], ...]  # value, name, what it means here


@dataclass(frozen=True, slots=True)
class DepositCard:
    """Money in the inbox."""

    id: str
    amount: str
    asset: str
    network: str
    reason: str
    review: str
    is_open: bool
    is_unknown: bool
    status: str
    address: str
    tag: str
    sender: str
    txid: str
    explorer_url: str
    invoice_id: str
    invoice_title: str
    arrived_at: datetime
    resolved_at: datetime | None


def network_name(code: str) -> str:
    """Return what people call a network on which money can be received; empty when there is none such."""
    network = registry.find_network(code)
    return network.name if network and network.livemode and network.is_enabled else ""


def wallet_cards(merchant: Merchant) -> list[WalletCard]:
    """Return the merchant's wallets in use, newest first."""
    wallets = list(selectors.list_wallets(merchant=merchant))
    uses = wallet_uses(merchant=merchant, wallets=wallets)
    return [_wallet_card(wallet, uses[wallet.pk]) for wallet in wallets]


def offers(merchant: Merchant) -> list[Offer]:
    """Return the networks that have no wallet yet."""
    owned = set(selectors.list_wallets(merchant=merchant).values_list("network", flat=True))
    free = [each for each in registry.networks(livemode=True, enabled_only=True) if each.code not in owned]
    return [Offer(each.code, each.name, tuple(_kinds(each))) for each in free]


def watches_networks() -> bool:
    """Return whether any network is watched on which real money moves; a new installation watches none."""
    return any(registry.networks(livemode=True, enabled_only=True))


def deposit_card(payment: Payment) -> DepositCard:
    """Return what is shown of a deposit; its invoice has been loaded with it."""
    network = registry.find_network(payment.network)
    invoice = payment.invoice
    return DepositCard(
        id=payment.public_id,
        amount=f"{amount_of(payment):f}",
        asset=payment.asset_code,
        network=network.name if network else payment.network,
        reason=REASONS.get(payment.review_reason, str)(),
        review=REVIEWS.get(Review(payment.review), str)(),
        is_open=payment.review == Review.OPEN,
        is_unknown=invoice is None,
        status=payment.get_status_display(),
        address=payment.address,
        tag=payment.tag,
        sender=payment.sender,
        txid=payment.txid,
        explorer_url=network.explorer_tx.format(txid=payment.txid) if network and network.explorer_tx else "",
        invoice_id=invoice.public_id if invoice else "",
        invoice_title=invoice.title if invoice else "",
        arrived_at=payment.created_at,
        resolved_at=payment.resolved_at,
    )


def _wallet_card(wallet: Wallet, use: WalletUse) -> WalletCard:
    return WalletCard(
        id=wallet.public_id,
        network=registry.network(wallet.network).name,
        kind=KIND_NAMES[WalletKind(wallet.kind)](),
        is_pool=wallet.kind == WalletKind.POOL,
        key=wallet.xpub,
        first=tuple(services.first_addresses(wallet)),
        gas_address=services.gas_address(wallet),
        forward_to=wallet.forward_to,
        use=use,
        added_at=wallet.created_at,
    )


def _kinds(network: Network) -> list[tuple[str, str, str]]:
    shared = (
        _("Every invoice is paid to the same address, with a tag of its own.")
        if network.tag_kind
        else _("Every invoice is paid to the same address; its exact amount tells it from others.")
    )
    kinds = [
        (WalletKind.POOL, _("Each invoice gets the next address of a list that you paste.")),
        (WalletKind.SINGLE, shared),
    ]
    if not network.tag_kind:  # there an address costs a deposit, or keys have no public children
        kinds.insert(
            0, (WalletKind.XPUB, _("Each invoice gets an address of its own from one public key. Recommended."))
        )
    if settings.VAULT_KEYS and network.family in FAMILIES:
        kept = _("The keys are kept here: refunds are sent and what invoices bring is forwarded for you.")
        kinds.append((WalletKind.VAULT, kept))
    return [(kind.value, KIND_NAMES[kind](), meaning) for kind, meaning in kinds]
