"""What the log says of invoices, without invoices: analytics knows the log only."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from core.exact_json import timestamp
from core.ids import public_id, uuid7
from events import outbox
from events.models import Event
from events.outbox import Happening

MERCHANT = UUID("01890000-0000-7000-8000-000000000001")
STRANGER = UUID("01890000-0000-7000-8000-000000000002")


@dataclass
class LoggedInvoice:
    """One invoice as the log would tell of it."""

    created_at: datetime
    total: Decimal = Decimal("10.00")
    currency: str = "USD"
    asset_code: str = "USDT"
    merchant_id: UUID = MERCHANT
    livemode: bool = True
    id: UUID = field(default_factory=uuid7)

    def emit(self, event_type: str, *, paid_at: datetime | None = None) -> Event:
        with transaction.atomic():
            return outbox.emit(
                Happening(
                    type=event_type,
                    merchant_id=self.merchant_id,
                    livemode=self.livemode,
                    invoice_id=self.id,
                    data={
                        "invoice_id": public_id("inv", self.id),
                        "crypto_currency": self.asset_code,
                        "network": "tron",
                        "created_at": timestamp(self.created_at),
                        "paid_at": timestamp(paid_at) if paid_at else None,
                        "reporting": {"currency": self.currency, "total": self.total},
                    },
                )
            )

    def create(self) -> "LoggedInvoice":
        self.emit("invoice.created")
        return self

    def pay(self, at: datetime) -> "LoggedInvoice":
        self.emit("invoice.paid", paid_at=at)
        return self
