"""A merchant with a vault on a real EVM node, and an invoice that was paid to it."""

from datetime import datetime
from secrets import token_hex
from typing import Any

from django.utils import timezone

from invoices.models import Invoice
from merchants.models import Wallet
from merchants.services import open_vault
from payments.models import Cursor, Payout, Refund, ScannedRange
from payments.services import (
    RefundOrder,
    look_after_payouts,
    request_refund,
    scan,
    send_refund,
)
from tests.chains.anvil import CHAIN_ID, Anvil
from tests.chains.proxy import Proxy
from tests.factories import make_invoice, make_merchant

ETHER = 10**18
CUSTOMER = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"
OWNER = "0xb6716976A3ebe8D39aCEB04372f22Ff8e6802D7A"
PLATFORM = "0xF3f50213C1d2e255e4B2bAD430F8A38EEF8D718E"


def use(settings: Any, *nodes: Any, token: str) -> None:
    """Point the installation at ``nodes`` and give it keys for vaults."""
    settings.CHAINS = {
        "ethereum": {
            "rpc_urls": [node.url for node in nodes],
            "chain_id": CHAIN_ID,
            "tokens": {"USDT": {"contract": token, "decimals": 6}},
            "confirmations": [1, 2, 3],
        }
    }
    settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]
    settings.FIXED_RATES = {"ETH/USD": 3000}
    settings.RATE_SOURCES = ["fixed"]


class VaultWorld:
    """One merchant, one vault, one paid invoice of 16.49 USDT."""

    def __init__(self, anvil: Anvil, token: str, *, forward_to: str = "", gas: int = ETHER, **order: Any) -> None:
        Cursor.objects.all().delete()
        ScannedRange.objects.all().delete()
        self.anvil, self.token = anvil, token
        self.merchant = make_merchant(self.now, email=f"owner-{token_hex(4)}@example.com")
        opened = open_vault(merchant=self.merchant, network="ethereum", forward_to=forward_to, now=self.now)
        self.wallet: Wallet = opened.wallet
        self.phrase = opened.phrase
        self.gas_address = self.wallet.vault.gas_address
        if gas:
            anvil.pay(self.gas_address, gas)
        self.invoice: Invoice = make_invoice(self.merchant, self.now, livemode=True, **order)
        self.read()
        if self.invoice.asset_code == "ETH":
            anvil.pay(self.invoice.address, self.invoice.amount_units)
        else:
            anvil.transfer(token, self.invoice.address, self.invoice.amount_units)
        anvil.mine(4)
        self.read()
        self.invoice.refresh_from_db()
        assert self.invoice.status == "paid"

    @property
    def now(self) -> datetime:
        return timezone.now()

    def read(self) -> None:
        scan(network="ethereum", now=self.now)

    def work(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            look_after_payouts(now=self.now)

    def settle(self) -> None:
        """Work, mine and scan until everything that can end has ended."""
        for _ in range(6):
            self.work()
            self.anvil.mine(2)
        self.anvil.mine(4)
        self.work()
        self.read()

    def refund(self, address: str = CUSTOMER) -> Refund:
        """Return a refund of all that is left of the invoice, which is to be sent."""
        return self.refund_part(None, address)

    def refund_part(self, units: int | None, address: str = CUSTOMER) -> Refund:
        """Return a refund of ``units``, which is to be sent."""
        refund = request_refund(
            merchant=self.merchant,
            livemode=True,
            public_id=self.invoice.public_id,
            order=RefundOrder(address=address, amount=None if units is None else self.invoice.asset.to_amount(units)),
            now=self.now,
        )
        return self.send(refund)

    def send(self, refund: Refund) -> Refund:
        return send_refund(merchant=self.merchant, livemode=True, public_id=refund.public_id, now=self.now)

    def payout(self, kind: str = "refund") -> Payout:
        return Payout.objects.get(kind=kind, merchant=self.merchant)

    def held_by(self, address: str) -> int:
        """Return how much of the token an address has."""
        data = "0x70a08231" + address.lower().removeprefix("0x").rjust(64, "0")
        return int(self.anvil.rpc("eth_call", {"to": self.token, "data": data}, "latest"), 16)


__all__ = ["CUSTOMER", "ETHER", "OWNER", "PLATFORM", "Proxy", "VaultWorld", "use"]
