"""A merchant with a vault on a small TRON, and an invoice that was paid to it."""

from datetime import datetime
from decimal import Decimal
from secrets import token_hex
from typing import Any

from django.utils import timezone

from invoices.models import Invoice
from merchants.models import Wallet
from merchants.services import open_vault
from payments.models import Cursor, Payout, Refund, ScannedRange
from payments.services import RefundOrder, look_after_payouts, request_refund, scan, send_refund
from tests.chains.small_tron import BEHIND, SmallTron, TronNode
from tests.factories import make_invoice, make_merchant

TRX = 10**6
CUSTOMER = "TQ6pM81JDC2GhrUoNYtZGvPc7SvyqcemEu"
OWNER = "TGexEkipwwnskd2rDXWvptwLLhjCTcNeCi"
PLATFORM = "THGb41mLdft1nvi27vcijfZPLN5ZL7yXoN"


def use(settings: Any, *nodes: TronNode) -> None:
    """Point the installation at ``nodes`` and give it keys for vaults."""
    settings.CHAINS = {"tron": {"rpc_urls": [node.url for node in nodes], "confirmations": [1, 2, 3]}}
    settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]
    settings.FIXED_RATES = {"TRX/USD": Decimal("0.3")}
    settings.RATE_SOURCES = ["fixed"]


class TronWorld:
    """One merchant, one vault, one paid invoice of 16.49 USDT, seen by two nodes."""

    def __init__(
        self, settings: Any, *, forward_to: str = "", gas: int = 500 * TRX, nodes: int = 2, **order: Any
    ) -> None:
        Cursor.objects.all().delete()
        ScannedRange.objects.all().delete()
        self.chain = SmallTron()
        self.nodes = [TronNode(self.chain) for _ in range(nodes)]
        use(settings, *self.nodes)
        self.merchant = make_merchant(self.now, email=f"owner-{token_hex(4)}@example.com")
        opened = open_vault(merchant=self.merchant, network="tron", forward_to=forward_to, now=self.now)
        self.wallet: Wallet = opened.wallet
        self.gas_address: str = self.wallet.vault.gas_address
        if gas:
            self.chain.credit(self.gas_address, gas)
        self.invoice: Invoice = make_invoice(self.merchant, self.now, livemode=True, **order)
        self.read()
        kind = "sun" if self.invoice.asset_code == "TRX" else "token"
        self.chain.pay(self.invoice.address, **{kind: self.invoice.amount_units})
        self.chain.mine(4)
        self.read()
        self.invoice.refresh_from_db()
        assert self.invoice.status == "paid"

    @property
    def now(self) -> datetime:
        return timezone.now()

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    def read(self) -> None:
        scan(network="tron", now=self.now)

    def work(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            look_after_payouts(now=self.now)

    def settle(self) -> None:
        """Work, mine and scan until everything that can end has ended."""
        for _ in range(5):
            self.work()
            self.chain.mine(2)
        self.chain.mine(BEHIND + 1)
        self.work()
        self.read()

    def bring_coin(self) -> None:
        """Work until the coin for the fee has arrived: the next round signs the payout."""
        self.work(2)
        self.chain.mine()
        assert self.payout("gas").status == "sent"

    def be(self, mood: str) -> None:
        """Have every node treat broadcasts so."""
        for node in self.nodes:
            node.mood = mood

    def sent(self) -> set[str]:
        """Return every transaction that any node was given, but for those that bring coin for fees."""
        gas = Payout.objects.filter(kind="gas").values_list("raw", flat=True)
        return {raw for node in self.nodes for raw in node.sent} - set(gas)

    def run_out(self) -> None:
        """Have so much time pass that nothing that is signed by now can enter a block."""
        self.chain.pass_time(22)

    def refund(self, address: str = CUSTOMER, units: int | None = None) -> Refund:
        """Return a refund of ``units``, or all that is left of the invoice, which is to be sent."""
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
        """Return the newest payout of a kind."""
        return Payout.objects.filter(kind=kind, merchant=self.merchant).latest("created_at", "pk")

    def statuses(self, kind: str = "refund") -> list[str]:
        found = Payout.objects.filter(kind=kind, merchant=self.merchant).order_by("created_at", "pk")
        return list(found.values_list("status", flat=True))
