"""What the pages about payouts print: what a vault sends, how far that is, and what it waits for, in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from chains import registry
from merchants import selectors
from merchants.models import Merchant
from payments.events import amount_of
from payments.models import Payout, PayoutKind, PayoutStatus, PayoutTransaction, Refund, Waiting
from payments.models.payouts import UNSIGNED

KINDS: Final = {
    PayoutKind.REFUND: lambda: _("Refund"),
    PayoutKind.FORWARD: lambda: _("Forwarded to your wallet"),
    PayoutKind.FEE: lambda: _("Fee of the platform"),
    PayoutKind.GAS: lambda: _("Coin for a fee, within the vault"),
}
STATUSES: Final = {
    PayoutStatus.PLANNED: lambda: _("Waits for approval"),
    PayoutStatus.APPROVED: lambda: _("To be sent"),
    PayoutStatus.SIGNED: lambda: _("Signed"),
    PayoutStatus.SENT: lambda: _("Sent"),
    PayoutStatus.QUARANTINED: lambda: _("Sent, outcome unclear"),
    PayoutStatus.CONFIRMED: lambda: _("Arrived"),
    PayoutStatus.FAILED: lambda: _("Failed"),
    PayoutStatus.CANCELLED: lambda: _("Withdrawn"),
}
TONES: Final = {
    PayoutStatus.PLANNED: "warn",
    PayoutStatus.APPROVED: "info",
    PayoutStatus.SIGNED: "info",
    PayoutStatus.SENT: "info",
    PayoutStatus.QUARANTINED: "warn",
    PayoutStatus.CONFIRMED: "good",
    PayoutStatus.FAILED: "bad",
    PayoutStatus.CANCELLED: "",
}
WAITING: Final = {
    Waiting.STAFF: lambda: _("Staff of this installation has to approve it."),
    Waiting.HELD: lambda: _("The money that the refund returns is not confirmed."),
    Waiting.SUSPENDED: lambda: _("Your account is suspended."),
    Waiting.FUNDS: lambda: _("The address that was paid holds less than that: it was forwarded, or moved by somebody."),
    Waiting.COIN: lambda: _("The vault is sending the coin for the fee to the address first."),
    Waiting.TOP_UP: lambda: _("The vault has too little coin for fees: put some on its gas address."),
    Waiting.FEE_CAP: lambda: _("The network is too expensive right now."),
    Waiting.WORTH: lambda: _("Sending it would cost too great a share of it right now."),
    Waiting.TURN: lambda: _("Another transaction of the same address comes first."),
    Waiting.NODE: lambda: _("The network's nodes do not answer, or not as they should. It goes on by itself."),
    Waiting.PROBLEM: lambda: _("Staff of this installation has to look into it."),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A moment in the life of a payout; a transaction where one was signed."""

    at: datetime
    text: str
    txid: str = ""
    explorer_url: str = ""


@dataclass(frozen=True, slots=True)
class PayoutCard:
    """What a vault sends. ``gas_address`` is set when the merchant should put coin there."""

    id: str
    kind: str
    amount: str
    asset: str
    network: str
    status: str
    tone: str
    waiting: str
    created_at: datetime
    sender: str
    recipient: str
    txid: str
    explorer_url: str
    fee: str
    fee_asset: str
    refund_id: str
    settlement_id: str
    invoice_id: str
    invoice_title: str
    is_withdrawable: bool
    gas_address: str = ""
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SendableRefund:
    """A refund that a vault can send and was not asked to."""

    id: str
    amount: str
    asset: str
    network: str
    address: str
    invoice_id: str
    invoice_title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LowVault:
    """A vault whose gas address has little of the network's coin."""

    network: str
    coin: str
    gas_address: str


def payout_card(payout: Payout) -> PayoutCard:
    """Return what the list shows of a payout; invoice, refund and settlement have been loaded with it."""
    status = PayoutStatus(payout.status)
    coin = registry.asset(payout.network, payout.fee_asset_code)
    is_open = payout.status not in {PayoutStatus.CONFIRMED, PayoutStatus.FAILED, PayoutStatus.CANCELLED}
    reason = payout.waiting_reason if is_open else ""
    return PayoutCard(
        id=payout.public_id,
        kind=KINDS[PayoutKind(payout.kind)](),
        amount=f"{amount_of(payout):f}",
        asset=payout.asset_code,
        network=_network(payout.network),
        status=STATUSES[status](),
        tone=TONES[status],
        waiting=WAITING[Waiting(reason)]() if reason in Waiting.values else "",
        created_at=payout.created_at,
        sender=payout.sender,
        recipient=payout.recipient,
        txid=payout.txid,
        explorer_url=_explorer(payout.network, payout.txid),
        fee=f"{coin.to_amount(payout.fee_units):f}" if coin and payout.fee_units is not None else "",
        fee_asset=payout.fee_asset_code,
        refund_id=payout.refund.public_id if payout.refund else "",
        settlement_id=payout.settlement.public_id if payout.settlement else "",
        invoice_id=payout.invoice.public_id if payout.invoice else "",
        invoice_title=payout.invoice.title if payout.invoice else "",
        is_withdrawable=payout.kind == PayoutKind.REFUND and payout.status in UNSIGNED,
        gas_address=payout.sender if payout.kind == PayoutKind.GAS and reason == Waiting.TOP_UP else "",
    )


def steps_of(payout: Payout) -> list[Step]:
    """Return what has happened to a payout so far, oldest first."""
    steps = [Step(payout.created_at, _("Planned"))]
    steps += [Step(each.created_at, _("Approved by one of the staff")) for each in payout.approvals.all()]
    steps += [_coin(each) for each in payout.gas_payouts.all()]
    steps += [_signed(payout, each) for each in payout.transactions.all()]
    if payout.sent_at:
        steps.append(Step(payout.sent_at, _("Accepted by the network")))
    if payout.ended_at:
        steps.append(Step(payout.ended_at, STATUSES[PayoutStatus(payout.status)]()))
    return sorted(steps, key=lambda step: step.at)


def sendable_refunds(refunds: Iterable[Refund]) -> list[SendableRefund]:
    """Return what is shown of refunds that wait for somebody to send them; their invoices have been loaded."""
    return [
        SendableRefund(
            id=refund.public_id,
            amount=f"{amount_of(refund):f}",
            asset=refund.asset_code,
            network=_network(refund.network),
            address=refund.address,
            invoice_id=refund.invoice.public_id if refund.invoice else "",
            invoice_title=refund.invoice.title if refund.invoice else "",
            created_at=refund.created_at,
        )
        for refund in refunds
    ]


def low_vaults(merchant: Merchant) -> list[LowVault]:
    """Return the merchant's vaults that should get coin."""
    return [
        LowVault(_network(wallet.network), _coin_code(wallet.network), wallet.vault.gas_address)
        for wallet in selectors.low_vaults(merchant=merchant)
    ]


def _signed(payout: Payout, made: PayoutTransaction) -> Step:
    text = _("Signed again, with higher fees") if made.position else _("Signed")
    return Step(made.created_at, text, made.txid, _explorer(payout.network, made.txid))


def _coin(payout: Payout) -> Step:
    text = _("Coin for the fee: %(amount)s %(asset)s") % {
        "amount": f"{amount_of(payout):f}",
        "asset": payout.asset_code,
    }
    return Step(payout.created_at, text, payout.txid, _explorer(payout.network, payout.txid))


def _coin_code(code: str) -> str:
    network = registry.find_network(code)
    return next((asset.code for asset in network.assets if not asset.contract), "") if network else ""


def _network(code: str) -> str:
    network = registry.find_network(code)
    return network.name if network else code


def _explorer(code: str, txid: str) -> str:
    network = registry.find_network(code)
    return network.explorer_tx.format(txid=txid) if txid and network and network.explorer_tx else ""
