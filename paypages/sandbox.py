"""What a tester may send on the sandbox chain with one click: how much, worked out from the invoice."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from core.money import WIDE, round_down, round_up
from invoices.models import Invoice
from invoices.states import InvoiceStatus, enough_for

SANDBOX: Final = "sandbox"
_ENDED: Final = frozenset({InvoiceStatus.CANCELLED, InvoiceStatus.REFUNDED, InvoiceStatus.PAID})


class Portion(StrEnum):
    """How much of what is due."""

    FULL = "full"
    PART = "part"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Choice:
    """One button; ``units`` are base units of the invoice's asset, ``amount`` the same for people."""

    portion: Portion
    units: int
    amount: str


def choices(invoice: Invoice, *, status: InvoiceStatus) -> tuple[Choice, ...]:
    """Return what can be sent on the sandbox chain; nothing for real money or when the invoice has ended."""
    if invoice.livemode or invoice.network != SANDBOX or status in _ENDED or not invoice.remaining_units:
        return ()
    return tuple(_choice(invoice, portion) for portion in Portion if _makes_sense(invoice, portion))


def _choice(invoice: Invoice, portion: Portion) -> Choice:
    units = {Portion.FULL: _full, Portion.PART: _part, Portion.OVER: _over}[portion](invoice)
    return Choice(portion, units, f"{invoice.asset.to_amount(units):f}")


def _makes_sense(invoice: Invoice, portion: Portion) -> bool:
    return portion is not Portion.PART or _part(invoice) > 0


def _full(invoice: Invoice) -> int:
    return invoice.remaining_units


def _part(invoice: Invoice) -> int:
    """Return half of what is due, to the asset's customary precision; 0 when half would already be enough."""
    asset = invoice.asset
    half = asset.to_units(round_down(WIDE.divide(asset.to_amount(invoice.remaining_units), 2), asset.display_digits))
    value = WIDE.multiply(asset.to_amount(half), invoice.rate) + invoice.received_value
    return half if value < enough_for(invoice.total, invoice.underpayment_threshold) else 0


def _over(invoice: Invoice) -> int:
    """Return what is due and so much more that no tolerance hides it: the threshold and a tenth of the total."""
    asset = invoice.asset
    extra = invoice.overpayment_threshold + invoice.total * Decimal("0.1")
    return invoice.remaining_units + asset.to_units(round_up(WIDE.divide(extra, invoice.rate), asset.display_digits))
