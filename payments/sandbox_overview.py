"""The sandbox chain as one merchant sees it: its last blocks, and what moved to the merchant's own test invoices."""

from dataclasses import dataclass
from decimal import Decimal

from chains import registry
from chains.sandbox import selectors as sandbox
from chains.sandbox.models import SandboxBlock
from chains.sandbox.services import MAX_DEPTH
from invoices.models import Invoice
from invoices.selectors import invoices_at
from merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class OwnTransfer:
    """Sandbox money sent to an invoice; ``amount`` in major units, ``height`` is None while it waits for a block."""

    txid: str
    amount: Decimal
    asset_code: str
    height: int | None
    invoice: Invoice


@dataclass(frozen=True, slots=True)
class SandboxView:
    """``blocks`` and ``transfers`` that a reorg can still reach, newest first."""

    blocks: list[SandboxBlock]
    transfers: list[OwnTransfer]


def sandbox_view(*, merchant: Merchant) -> SandboxView:
    """Return what the merchant may see of the sandbox chain: every block, and only its own transfers."""
    blocks = sandbox.recent_blocks(count=MAX_DEPTH)
    found = sandbox.recent_transfers(above=blocks[-1].height - 1 if blocks else 0)
    addresses = {transfer.address for transfer in found}
    invoices = invoices_at(merchant=merchant, livemode=False, network=registry.SANDBOX, addresses=addresses)
    transfers = []
    for transfer in found:
        asset = registry.asset(registry.SANDBOX, transfer.asset)
        if asset and transfer.address in invoices:
            height = transfer.block.height if transfer.block else None
            amount = asset.to_amount(int(transfer.units))
            transfers.append(OwnTransfer(transfer.txid, amount, asset.code, height, invoices[transfer.address]))
    return SandboxView(blocks, transfers)
