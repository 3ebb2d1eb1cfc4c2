"""What a payout's transaction may cost, and where the coin for that comes from."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from chains.signing import FeeQuote, Order, Signer
from core.money import WIDE
from merchants.models import VaultSecret
from merchants.services.vaults import GAS_PATH
from payments.models import Payout, PayoutKind, PayoutStatus, Waiting
from payments.models.payouts import OVER, UNDER_WAY
from payments.services.payouts import coin_of, lock, plan, value_usd

GAS_TOP_UPS: Final = 3  # for one payout; more would mean that a node lies about the balance


class Wait(Exception):
    """The payout cannot go on now; the text says why, for people."""

    def __init__(self, reason: Waiting, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def check_cap(payout: Payout, quote: FeeQuote) -> None:
    """
    Make sure that a transaction can cost no more than VAULT_FEE_CAPS allows.

    :raises Wait: when it can
    """
    coin = coin_of(payout.network)
    cap = coin.to_units(settings.VAULT_FEE_CAPS[payout.network])
    if quote.most > cap:
        raise Wait(
            Waiting.FEE_CAP,
            f"The network is too expensive: up to {coin.to_amount(quote.most):f} {coin.code}, "
            f"at most {coin.to_amount(cap):f} is allowed.",
        )


def check_means(payout: Payout, order: Order, quote: FeeQuote, signer: Signer, now: datetime) -> None:
    """
    Make sure that the sender can pay for a transaction, and that it is worth that. No lock is held.

    :raises Wait: when it cannot, or it is not; coin for the fee may have been sent on its way
    """
    coin = coin_of(payout.network)
    cap = coin.to_units(settings.VAULT_FEE_CAPS[payout.network])
    needed = quote.needed + (0 if order.asset.contract else payout.units)
    missing = needed - signer.balance(payout.sender, coin)
    _check_worth(payout, quote.needed + (quote.bringing if missing > 0 else 0), now)
    if missing <= 0:
        return
    if payout.kind == PayoutKind.GAS:
        raise top_up(payout)
    if missing > cap:
        raise Wait(Waiting.FUNDS, "The address holds less than that and its fee.")
    _plan_gas(payout, min(missing + quote.most // 4, cap), now)
    raise Wait(Waiting.COIN, "Waits for the coin to pay the fee with.")


def top_up(payout: Payout) -> Wait:
    """Return what a payout of coin from the vault's gas address waits for."""
    return Wait(Waiting.TOP_UP, f"Put {payout.asset_code} on {payout.sender}: it pays the fees of this vault.")


def needs_coin(payout: Payout) -> bool:
    """Return whether coin for the fee of this payout is still of use: no block has its transaction."""
    return payout.status == PayoutStatus.APPROVED or (payout.status in UNDER_WAY and payout.block_height is None)


def _check_worth(payout: Payout, fee: int, now: datetime) -> None:
    """
    Make sure that forwarding does not cost too great a share of what is forwarded.

    :raises Wait: when it does, or nobody can tell
    """
    if payout.kind not in {PayoutKind.FORWARD, PayoutKind.FEE}:
        return
    cost = value_usd(coin_of(payout.network), fee, now=now)
    value = value_usd(payout.asset, payout.units, now=now)
    if cost is None or value is None:
        raise Wait(Waiting.WORTH, "Nobody can tell what this costs: there is no exchange rate.")
    if WIDE.multiply(cost, 100) > WIDE.multiply(value, settings.VAULT_FORWARD_COST_PERCENT):
        raise Wait(Waiting.WORTH, f"Too little to forward: it may cost {cost:f} USD to send {value:f} USD.")


@transaction.atomic
def _plan_gas(payout: Payout, units: int, now: datetime) -> None:
    """
    Have the vault's gas address send coin to the address that lacks it, unless that is under way.

    :raises Wait: when this was done too often
    """
    parent = lock(payout.pk)
    before = list(parent.gas_payouts.exclude(status=PayoutStatus.CANCELLED))
    if not needs_coin(parent) or any(each.block_height is None and each.status not in OVER for each in before):
        return
    if len(before) >= GAS_TOP_UPS:
        raise Wait(Waiting.PROBLEM, "Coin for the fee was sent several times and did not help; look into it.")
    plan(
        kind=PayoutKind.GAS,
        wallet=parent.wallet,
        invoice=parent.invoice,
        pays_for=parent,
        asset_code=coin_of(parent.network).code,
        units=units,
        sender=VaultSecret.objects.values_list("gas_address", flat=True).get(wallet=parent.wallet),
        sender_path=GAS_PATH,
        recipient=parent.sender,
        now=now,
    )
