"""What this app stores: how far each chain has been read, payments, refunds, the books, payouts."""

from payments.models.books import (
    Account,
    Booking,
    BookingKind,
    Fact,
    Posting,
    Settlement,
    SettlementStatus,
)
from payments.models.payment import Payment
from payments.models.payouts import Payout, PayoutApproval, PayoutKind, PayoutStatus, PayoutTransaction, Waiting
from payments.models.refund import Refund
from payments.models.rescans import Rescan, RescanStatus
from payments.models.scanning import Cursor, Finding, ScannedRange

__all__ = [
    "Account",
    "Booking",
    "BookingKind",
    "Cursor",
    "Fact",
    "Finding",
    "Payment",
    "Payout",
    "PayoutApproval",
    "PayoutKind",
    "PayoutStatus",
    "PayoutTransaction",
    "Posting",
    "Refund",
    "Rescan",
    "RescanStatus",
    "ScannedRange",
    "Settlement",
    "SettlementStatus",
    "Waiting",
]
