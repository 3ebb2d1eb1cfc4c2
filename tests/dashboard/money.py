"""Money at the desk's merchant, in test mode, brought there by the same scan as everywhere."""

from dataclasses import replace
from datetime import datetime

from merchants.models import Merchant, Wallet, WalletAddress
from payments import services
from payments.models import Payment
from tests.factories import make_invoice
from tests.payments.chain import ScriptedChain, transfer

SHARED = "sandbox1shared"


def make_deposit(merchant: Merchant, now: datetime) -> Payment:
    """Return 5 USDT that arrived at the merchant's own address and match no invoice."""
    wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
    WalletAddress.objects.create(wallet=wallet, network="sandbox", address=SHARED)
    chain = ScriptedChain(start=now)
    chain.mine(replace(transfer(make_invoice(merchant, now)), recipient=SHARED, units=5_000_000, tag="77"), at=now)
    chain.grow(4)
    services.scan(network="sandbox", now=now, reader=chain)
    return Payment.objects.get(merchant=merchant)
