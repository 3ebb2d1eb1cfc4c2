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
    """Where a refund stands."""

    REQUESTED = "requested"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


RECEIVED: Final = frozenset({PaymentStatus.DETECTED, PaymentStatus.CONFIRMING, PaymentStatus.CONFIRMED})
UNSETTLED: Final = frozenset({PaymentStatus.DETECTED, PaymentStatus.CONFIRMING})


@dataclass(frozen=True, slots=True)
class Depth:
    """How deep a payment's block lies: blocks on top of it (the tip has 0), and whether the chain calls it final."""

    confirmations: int
    is_final: bool


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
