"""What this app stores: how far each chain has been read, payments, refunds."""

from payments.models.payment import Payment
from payments.models.refund import Refund
from payments.models.scanning import Cursor, ScannedBlock

__all__ = ["Cursor", "Payment", "Refund", "ScannedBlock"]
