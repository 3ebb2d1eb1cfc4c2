"""Paying in test mode: send, mine and reorganise on the sandbox chain, on behalf of one merchant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from chains import registry
from chains.base import Asset, Block
from chains.sandbox import selectors as sandbox_selectors
from chains.sandbox import services as sandbox_chain
from chains.sandbox.errors import InvalidTransferAmount
from core.money import has_at_most
from core.nudges import nudge
from invoices.errors import UnknownAsset
from invoices.models import Invoice
from invoices.selectors import get_invoice, invoices_at
from invoices.services import end_test_invoice
from merchants.models import Merchant
from payments.errors import ForeignTransfer, LiveKeyNotAllowed, NothingDue, TransferStands
from payments.services.ledger import fail_test_payments

SANDBOX: Final = "sandbox"
_DEFAULT_ASSET: Final = "USDT"


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """
    What to send, and where: to an invoice of the merchant, or to any sandbox address.

    ``amount`` in major units of the asset; None sends what the invoice still waits for. With ``late``
    the invoice's time ends first.
    """

    invoice_id: str = ""
    address: str = ""
    asset_code: str = ""
    amount: Decimal | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class SentTransfer:
    """What was sent; ``units`` are base units of the asset."""

    txid: str
    address: str
    asset: Asset
    units: int
    invoice: Invoice | None


@transaction.atomic
def send_transfer(*, merchant: Merchant, livemode: bool, order: TransferOrder, now: datetime) -> SentTransfer:
    """
    Put a transfer into the sandbox's mempool and have it looked at at once.

    :raises LiveKeyNotAllowed: for a live key
    :raises InvoiceNotFound: when the merchant has no such test invoice
    :raises NothingDue: when no amount is given and nothing is due
    :raises UnknownAsset: when the sandbox has no such asset
    :raises InvalidTransferAmount: when the amount is no amount of the asset
    :raises NotASandboxAddress: when the address is of no sandbox kind
    """
    _require_test_mode(livemode)
    invoice = _recipient(merchant, order)
    if invoice and order.late:
        invoice = end_test_invoice(merchant=merchant, public_id=invoice.public_id, now=now)
    address = invoice.address if invoice else order.address
    code = order.asset_code or (invoice.asset_code if invoice else _DEFAULT_ASSET)
    asset = registry.asset(SANDBOX, code)
    if asset is None:
        raise UnknownAsset(f"{code} is not available on the sandbox chain.", field="asset")
    units = _units(order, invoice, asset)
    txid = sandbox_chain.send(address=address, asset_code=asset.code, units=units, now=now)
    ask_for_scan()
    return SentTransfer(txid, address, asset, units, invoice)


@transaction.atomic
def mine_blocks(*, livemode: bool, count: int, now: datetime) -> Block:
    """
    Make ``count`` sandbox blocks, have them read at once, and return the last.

    :raises LiveKeyNotAllowed: for a live key
    :raises InvalidBlockCount: when so many cannot be made at once
    """
    _require_test_mode(livemode)
    block = sandbox_chain.mine(count=count, now=now)
    ask_for_scan()
    return block


@transaction.atomic
def reorganise(*, merchant: Merchant, livemode: bool, depth: int, drop: Sequence[str] = (), now: datetime) -> Block:
    """
    Replace the last ``depth`` sandbox blocks; ``drop`` names transfers to the merchant's own invoices that vanish.

    :raises LiveKeyNotAllowed: for a live key
    :raises ForeignTransfer: when ``drop`` names a transfer that is not to one of the merchant's invoices
    :raises InvalidReorgDepth: when the chain is shorter, or the depth too large
    """
    _require_test_mode(livemode)
    _check_own(merchant, drop)
    block = sandbox_chain.reorg(depth=depth, drop=frozenset(drop), now=now)
    ask_for_scan()
    return block


@transaction.atomic
def end_time(*, merchant: Merchant, livemode: bool, invoice_id: str, now: datetime) -> Invoice:
    """
    Let the time of a test invoice be over now, and return it; one that has ended or was paid in part stays as it is.

    :raises LiveKeyNotAllowed: for a live key
    :raises InvoiceNotFound: when the merchant has no such test invoice
    """
    _require_test_mode(livemode)
    return end_test_invoice(merchant=merchant, public_id=invoice_id, now=now)


@transaction.atomic
def give_up_transfer(*, merchant: Merchant, livemode: bool, invoice_id: str, txid: str, now: datetime) -> Invoice:
    """
    Let a transfer that left the sandbox chain have stayed away for a day, and return its invoice.

    :raises LiveKeyNotAllowed: for a live key
    :raises InvoiceNotFound: when the merchant has no such test invoice
    :raises ForeignTransfer: when no such transfer to the invoice is known
    :raises TransferStands: when it is on the chain or waits in the mempool
    """
    _require_test_mode(livemode)
    invoice = get_invoice(merchant=merchant, livemode=False, public_id=invoice_id)
    if not fail_test_payments(invoice_id=invoice.pk, txid=txid, now=now):
        if invoice.payments.filter(txid=txid).exists():
            raise TransferStands(field="tx_hash")
        raise ForeignTransfer(field="tx_hash")
    invoice.refresh_from_db()
    return invoice


def ask_for_scan() -> None:
    """Have the sandbox read after the commit. A nudge: when it is lost, the periodic scan finds the news."""
    transaction.on_commit(_nudge, robust=True)


def _nudge() -> None:
    from payments.tasks import scan  # the task imports this package

    nudge(scan, SANDBOX)


def _require_test_mode(livemode: bool) -> None:
    if livemode:
        raise LiveKeyNotAllowed


def _recipient(merchant: Merchant, order: TransferOrder) -> Invoice | None:
    if order.invoice_id:
        return get_invoice(merchant=merchant, livemode=False, public_id=order.invoice_id)
    return _own_invoices(merchant, [order.address]).get(order.address)


def _units(order: TransferOrder, invoice: Invoice | None, asset: Asset) -> int:
    if order.amount is not None:
        if not has_at_most(order.amount, asset.decimals):
            raise InvalidTransferAmount(
                f"{asset.code} has {asset.decimals} digits after the decimal point.", field="amount"
            )
        return asset.to_units(order.amount)
    if invoice is None or asset.code != invoice.asset_code or not invoice.remaining_units:
        raise NothingDue(field="amount")
    return invoice.remaining_units


def _check_own(merchant: Merchant, drop: Sequence[str]) -> None:
    recipients = sandbox_selectors.addresses_of(drop)
    own = _own_invoices(merchant, recipients.values())
    for index, txid in enumerate(drop):
        if recipients.get(txid) not in own:
            raise ForeignTransfer(field=f"drop[{index}]")


def _own_invoices(merchant: Merchant, addresses: Iterable[str]) -> dict[str, Invoice]:
    """Return the merchant's invoices on the sandbox chain, where each has addresses of its own."""
    return invoices_at(merchant=merchant, livemode=False, network=SANDBOX, addresses=set(addresses))
