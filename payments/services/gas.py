"""Know in time when a vault's gas address runs low: it is looked at whenever it pays, and while it is low."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings

from chains import signing
from chains.base import ChainUnavailable
from merchants.models import NoticeKind, WalletNotice
from merchants.services import notice
from payments.models import Payout, PayoutKind
from payments.services.payouts import coin_of

log = structlog.get_logger(__name__)

LOOK_AGAIN_AFTER: Final = timedelta(minutes=10)
_AT_ONCE: Final = 50  # a question to a node each


def watch_gas(payout: Payout, held: int, *, now: datetime) -> None:
    """Note whether a gas address that holds ``held`` is low once this payout of it has gone; others tell nothing."""
    if payout.kind == PayoutKind.GAS:
        is_low = held - payout.units < least_gas(payout.network)
        notice(wallet_id=payout.wallet_id, kind=NoticeKind.GAS_LOW, is_so=is_low, now=now)


def look_again(*, now: datetime) -> None:
    """Ask what the gas addresses hold that were low some time ago: perhaps they were topped up."""
    low = WalletNotice.objects.filter(kind=NoticeKind.GAS_LOW, over_at=None, looked_at__lt=now - LOOK_AGAIN_AFTER)
    for each in low.select_related("wallet__vault").order_by("looked_at")[:_AT_ONCE]:
        wallet = each.wallet
        try:
            held = signing.signer(wallet.network).balance(wallet.vault.gas_address, coin_of(wallet.network))
        except (ChainUnavailable, LookupError) as problem:
            log.warning("gas_not_looked_at", wallet=wallet.public_id, reason=str(problem))
            continue
        notice(wallet_id=wallet.pk, kind=NoticeKind.GAS_LOW, is_so=held < least_gas(wallet.network), now=now)


def least_gas(network: str) -> int:
    """Return below how many base units a gas address is low: the most that one transaction may cost."""
    return coin_of(network).to_units(settings.VAULT_FEE_CAPS[network])
