"""What a merchant has to see to: a list of addresses is nearly used up, a vault has little coin for fees."""

from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse

from chains import registry
from merchants import selectors
from merchants.audit import log_change
from merchants.models import NoticeKind, Wallet, WalletNotice
from merchants.notifications import Topic

_log = structlog.get_logger(__name__)


@transaction.atomic
def notice(*, wallet_id: UUID, kind: NoticeKind, is_so: bool, now: datetime) -> None:
    """
    Note whether something is so with a wallet. From when it is until it is over, its merchant is told once.

    Safe to call again; of two at once, one begins it.
    """
    running = WalletNotice.objects.filter(wallet_id=wallet_id, kind=kind, over_at=None)
    if not is_so:
        running.update(over_at=now, looked_at=now)
    elif not running.update(looked_at=now):
        begun = WalletNotice(wallet_id=wallet_id, kind=kind, created_at=now, looked_at=now)
        WalletNotice.objects.bulk_create([begun], ignore_conflicts=True)
        is_mine = WalletNotice.objects.filter(pk=begun.pk).exists()
        if is_mine and kind == NoticeKind.GAS_LOW:
            wallet = Wallet.objects.select_related("merchant").get(pk=wallet_id)
            log_change("wallet.gas_low", merchant=wallet.merchant, about=wallet, network=wallet.network)


def tell_of_wallets(*, now: datetime) -> int:
    """Mail merchants what has not been told and is still so; return how many mails. A claim comes before each."""
    waiting = WalletNotice.objects.filter(mailed_at=None, over_at=None).order_by("created_at")
    return sum(_tell(key, now=now) for key in waiting.values_list("pk", flat=True)[:100])


def _tell(key: UUID, *, now: datetime) -> bool:
    if not WalletNotice.objects.filter(pk=key, mailed_at=None, over_at=None).update(mailed_at=now):
        return False
    told = WalletNotice.objects.select_related("wallet__merchant").get(pk=key)
    subject, text = _words(told)
    try:
        send_mail(
            subject=subject,
            message=text,
            from_email=None,
            recipient_list=selectors.addressees(merchant=told.wallet.merchant, topic=Topic.WALLET),
        )
    except OSError as problem:  # the mail server is away: smtplib's errors are OSErrors
        _log.warning("A notice could not be sent; it stays owed.", notice=told.public_id, reason=repr(problem))
        WalletNotice.objects.filter(pk=key).update(mailed_at=None)
        return False
    return True


def _words(told: WalletNotice) -> tuple[str, str]:
    """Return subject and text of the mail."""
    network = registry.find_network(told.wallet.network)
    name = network.name if network else told.wallet.network
    if told.kind == NoticeKind.GAS_LOW:
        coin = next((asset.code for asset in network.assets if not asset.contract), "coin") if network else "coin"
        return f"Your vault on {name} has little {coin} left", _text_of_gas(told, name, coin)
    if told.kind == NoticeKind.POOL_EMPTY:
        text = f"All addresses that you listed for {name} have been given to invoices: no invoice can be created there."
        return f"No addresses are left on {name}", _with_link(text, "Add addresses", "wallets")
    left = selectors.addresses_left(wallets=[told.wallet]).get(told.wallet_id, 0)
    text = (
        f"Of the addresses that you listed for {name}, {left} are unused. Without any, no invoice can be created there."
    )
    return f"Few addresses are left on {name}", _with_link(text, "Add addresses", "wallets")


def _text_of_gas(told: WalletNotice, name: str, coin: str) -> str:
    text = (
        f"What your vault on {name} sends is paid for from its gas address, which holds less {coin} than one payment "
        f"may cost. Until you send some there, refunds and forwarding may wait:\n\n{told.wallet.vault.gas_address}"
    )
    return _with_link(text, "What waits", "payouts")


def _with_link(text: str, label: str, page: str) -> str:
    return f"{text}\n\n{label}: {settings.DASHBOARD_BASE_URL}{reverse(f'dashboard:{page}')}\n"
