"""A merchant with a vault, and a refund that it can send; nothing here talks to a node."""

from datetime import datetime, timedelta
from typing import Any

from merchants.models import Merchant, Wallet
from merchants.services import open_vault
from payments.models import Payout, PayoutTransaction, Refund
from payments.services import send_refund
from tests.factories import make_invoice

TARGET = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"
KEYS = ["a key that only the vault has, 32 long"]


def make_refund(merchant: Merchant, now: datetime, **facts: Any) -> Refund:
    """Return 5 USDT to go back from the merchant's vault, which is opened if there is none."""
    if not Wallet.objects.filter(merchant=merchant, kind="vault").exists():
        open_vault(merchant=merchant, network="ethereum", now=now)
    invoice = make_invoice(merchant, now, livemode=True)
    return Refund.objects.create(
        merchant=merchant,
        livemode=True,
        invoice=invoice,
        network="ethereum",
        asset_code="USDT",
        units=5_000_000,
        created_at=now,
        **{"address": TARGET, **facts},
    )


def make_payout(merchant: Merchant, now: datetime, **facts: Any) -> Payout:
    """Return the payout of such a refund, which nobody has looked after, with ``facts`` as they are told."""
    refund = make_refund(merchant, now)
    send_refund(merchant=merchant, livemode=True, public_id=refund.public_id, now=now)
    Payout.objects.filter(refund=refund).update(**facts)
    return Payout.objects.get(refund=refund)


def sign(payout: Payout, now: datetime, *, times: int = 1, **facts: Any) -> Payout:
    """Write down transactions of a payout as if they had been signed, a quarter of an hour apart."""
    made: dict[str, str] = {}
    for position in range(times):
        made = {"raw": f"0{position}c0ffee", "txid": f"0x{position}{payout.pk.hex:0<63}"}
        at = now + timedelta(minutes=15 * position)
        PayoutTransaction.objects.create(payout=payout, position=position, fee_cap_units=1, created_at=at, **made)
    Payout.objects.filter(pk=payout.pk).update(
        **{"status": "sent", "nonce": 0, "signed_at": now, "sent_at": now, **made, **facts}
    )
    return Payout.objects.get(pk=payout.pk)
