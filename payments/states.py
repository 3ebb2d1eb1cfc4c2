"""The life of a payment, as pure functions of where its transaction stands on the chain."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import TextChoices

from chains.base import FINALIZED, Finality

# Shown to people where the chain's own finality decides: two Ethereum epochs of 32 slots.
FINALITY_BLOCKS: Final = 64
TIERS_USD: Final = (Decimal(100), Decimal(10000))


class PaymentStatus(TextChoices):
    """Where a payment stands."""

    DETECTED = "detected"
    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    ORPHANED = "orphaned"
    FAILED = "failed"


class Review(TextChoices):
    """Whether somebody has to decide, or has decided, what this money is for."""

    NONE = "none"
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUNDED = "refunded"
    IGNORED = "ignored"


class RefundStatus(TextChoices):
    """Where a refund stands; ``sent``: its transaction is on the chain and not final yet."""

    REQUESTED = "requested"
    SENT = "sent"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


OPEN_REFUND: Final = frozenset({RefundStatus.REQUESTED, RefundStatus.SENT})
RECEIVED: Final = frozenset({PaymentStatus.DETECTED, PaymentStatus.CONFIRMING, PaymentStatus.CONFIRMED})
UNSETTLED: Final = frozenset({PaymentStatus.DETECTED, PaymentStatus.CONFIRMING})


@dataclass(frozen=True, slots=True)
class Depth:
    """How deep a payment's block lies: blocks on top of it (the tip has 0), and whether the chain calls it final."""

    confirmations: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class View:
    """How high the chain is, and up to where it has been read without a gap: nothing above is ever confirmed."""

    tip_height: int
    finalized_height: int | None
    read_height: int

    def judge(self, height: int | None, *, required: int, needs_finality: bool) -> tuple[PaymentStatus, int]:
        """Return status and confirmations of a transaction in the block at ``height``; None: it is in no block."""
        depth = None
        if height is not None:
            final = self.finalized_height is not None and height <= self.finalized_height
            depth = Depth(max(self.tip_height - height, 0), final)
        status = status_at(depth, required=required, needs_finality=needs_finality)
        if status is PaymentStatus.CONFIRMED and (height or 0) > self.read_height:
            status = PaymentStatus.CONFIRMING  # no range up to there has been read: nobody has looked for a fork
        return status, depth.confirmations if depth else 0


def status_at(depth: Depth | None, *, required: int, needs_finality: bool) -> PaymentStatus:
    """Return the status at ``depth``; None means the transaction is not in a block."""
    if depth is None:
        return PaymentStatus.DETECTED
    if depth.is_final if needs_finality else depth.confirmations >= required:
        return PaymentStatus.CONFIRMED
    return PaymentStatus.CONFIRMING if depth.confirmations else PaymentStatus.DETECTED


def required_confirmations(
    tiers: tuple[int | Finality, int | Finality, int | Finality], *, total_usd: Decimal, override: int | None
) -> tuple[int, bool]:
    """Return how many blocks are required on top, and whether the chain's finality is required instead."""
    if override is not None:
        return override, False
    low, high = TIERS_USD
    tier = tiers[0] if total_usd < low else tiers[1] if total_usd < high else tiers[2]
    return (FINALITY_BLOCKS, True) if tier is FINALIZED else (int(tier), False)


STATUS_EVENT: Final[Mapping[PaymentStatus, str]] = {
    PaymentStatus.DETECTED: "payment.detected",
    PaymentStatus.CONFIRMING: "payment.confirming",
    PaymentStatus.CONFIRMED: "payment.confirmed",
    PaymentStatus.ORPHANED: "payment.reversed",
    PaymentStatus.FAILED: "payment.failed",
}
