"""How long the other side asks to be left alone: ``Retry-After``, as seconds or as a date (RFC 9110, 10.2.3)."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST_DIGITS: Final = 9  # thirty years of seconds


def wished_pause(header: str, *, now: datetime) -> timedelta:
    """Return how long from ``now`` on the header asks to wait; nothing where it asks for nothing."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:_LONGEST_DIGITS]))
    moment = http_date(text)
    return timedelta() if moment is None else max(moment - now, timedelta())


def http_date(text: str) -> datetime | None:
    """Return the moment that a header names, None when it names none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return None if moment.tzinfo is None else moment
