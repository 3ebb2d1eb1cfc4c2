"""What this app stores: how far each chain has been read, payments, refunds, the books."""

from payments.models.payment import Payment
from payments.models.refund import Refund
from payments.models.scanning import Cursor, Finding, ScannedRange

__all__ = ["Cursor", "Finding", "Payment", "Refund", "ScannedRange"]
