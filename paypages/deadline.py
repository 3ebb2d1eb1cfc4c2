"""Until when to pay, by the server's clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from invoices.models import Invoice


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when to pay, in the server's time."""

    at: datetime
    seconds_left: int
    clock: str  # 14:59
    price_until: datetime | None  # when the price is renewed before the deadline
    seconds_to_change: int


def deadline_of(invoice: Invoice, now: datetime) -> Deadline:
    """Return until when ``invoice`` can be paid, and when its price is renewed before that."""
    seconds = _seconds(invoice.expires_at - now)
    renews = invoice.quote_expires_at < invoice.expires_at
    until_change = _seconds(invoice.quote_expires_at - now) if renews else seconds
    return Deadline(
        at=invoice.expires_at,
        seconds_left=seconds,
        clock=clock(seconds),
        price_until=invoice.quote_expires_at if renews else None,
        seconds_to_change=until_change,
    )


def clock(seconds: int) -> str:
    """Return a duration as a clock shows it: ``14:59``, ``1:00:00``, or whole days from two on."""
    hours, rest = divmod(seconds, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def _seconds(duration: timedelta) -> int:
    return max(0, -(-duration // timedelta(seconds=1)))
