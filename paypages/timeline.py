"""The steps of a payment as the customer follows them: waiting, seen, confirming n of m, done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from chains import registry
from invoices.models import Invoice
from invoices.states import InvoiceStatus
from payments.models import Payment
from payments.states import UNSETTLED
from paypages.receipts import explorer, short

_S = InvoiceStatus


class Stage(StrEnum):
    """What a step is about."""

    WAITING = "waiting"
    SEEN = "seen"
    CONFIRMING = "confirming"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Mark(StrEnum):
    """How far a step is."""

    DONE = "done"
    CURRENT = "current"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``count`` of ``of`` are confirmations, 0 of 0 where there is nothing to count."""

    stage: Stage
    mark: Mark
    at: datetime | None = None
    count: int = 0
    of: int = 0
    needs_finality: bool = False
    is_partial: bool = False
    txid_short: str = ""  # of the payment that was seen first
    explorer_url: str = ""


_WALK: Final = (Stage.WAITING, Stage.SEEN, Stage.CONFIRMING, Stage.PAID)
# How many steps of the walk lie behind at each status; the next one is the current one.
_BEHIND: Final = {_S.CREATED: 0, _S.PENDING: 0, _S.PARTIAL: 1, _S.CONFIRMING: 2, _S.PAID: 4, _S.REFUNDED: 4}
_ENDS: Final = {_S.EXPIRED: Stage.EXPIRED, _S.CANCELLED: Stage.CANCELLED, _S.REFUNDED: Stage.REFUNDED}


def steps(invoice: Invoice, *, status: InvoiceStatus, payments: Sequence[Payment]) -> tuple[Step, ...]:
    """Return the steps at ``status``; ``payments`` are those that count and are on the chain or on their way."""
    behind = _BEHIND.get(status, 2 if payments else 1)
    shown = _WALK if status in _BEHIND else _WALK[:behind]
    times = _times(invoice, payments)
    walk = [
        Step(
            stage=stage,
            mark=_mark(position, behind),
            at=times.get(stage) if position < behind or stage is Stage.SEEN else None,
            is_partial=stage is Stage.SEEN and status is _S.PARTIAL,
            **(_transaction(payments) if stage is Stage.SEEN else {}),
            **(_count(payments) if stage is Stage.CONFIRMING and behind == position else {}),
        )
        for position, stage in enumerate(shown)
    ]
    end = _ENDS.get(status)
    if end is not None:
        walk.append(Step(stage=end, mark=Mark.CURRENT, at=_ended_at(invoice, end)))
    return tuple(walk)


def _mark(position: int, behind: int) -> Mark:
    if position < behind:
        return Mark.DONE
    return Mark.CURRENT if position == behind else Mark.AHEAD


def _times(invoice: Invoice, payments: Sequence[Payment]) -> dict[Stage, datetime | None]:
    confirmed = [payment.confirmed_at for payment in payments if payment.confirmed_at]
    return {
        Stage.WAITING: invoice.created_at,
        Stage.SEEN: min((payment.sent_at for payment in payments), default=None),
        Stage.CONFIRMING: max(confirmed, default=None),
        Stage.PAID: invoice.paid_at,
    }


def _transaction(payments: Sequence[Payment]) -> dict[str, Any]:
    if not payments:
        return {}
    first = min(payments, key=lambda payment: payment.sent_at)
    network = registry.find_network(first.network)
    return {"txid_short": short(first.txid), "explorer_url": explorer(network, first.txid)}


def _count(payments: Sequence[Payment]) -> dict[str, Any]:
    """Return the confirmations of the payment that has furthest to go: the last to be confirmed decides."""
    waiting = [payment for payment in payments if payment.status in UNSETTLED]
    if not waiting:
        return {}
    slowest = max(waiting, key=lambda payment: payment.required_confirmations - payment.confirmations)
    of = slowest.required_confirmations
    return {"count": min(slowest.confirmations, of), "of": of, "needs_finality": slowest.needs_finality}


def _ended_at(invoice: Invoice, end: Stage) -> datetime | None:
    if end is Stage.EXPIRED:
        return invoice.expires_at
    return invoice.cancelled_at if end is Stage.CANCELLED else invoice.updated_at
