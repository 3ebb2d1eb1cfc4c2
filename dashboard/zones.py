"""In which time zone a page tells times: the one that the viewer's browser named in a cookie, or UTC."""

from datetime import UTC, date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest
from django.utils import timezone

COOKIE: Final = "zone"  # written by static/dashboard/desk.js


def zone_of(request: HttpRequest) -> tzinfo:
    """Return the viewer's zone; UTC for a name that is none, a path that leads out of the zones among them."""
    try:
        return ZoneInfo(request.COOKIES.get(COOKIE) or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def start_of(day: date) -> datetime:
    """Return when a day of the viewer begins."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())
