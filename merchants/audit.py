"""How changes of merchants enter the event log, which is the audit trail."""

from typing import Any

from core.models import Record
from events.outbox import Happening, emit
from merchants.models import Merchant


def log_change(what: str, *, merchant: Merchant, about: Record, livemode: bool = True, **data: Any) -> None:
    """Write an internal event in the transaction of its cause. ``data`` holds no secrets."""
    emit(
        Happening(
            type=what,
            merchant_id=merchant.pk,
            livemode=livemode,
            data={"id": about.public_id, **data},
            object_id=about.public_id,
        )
    )
