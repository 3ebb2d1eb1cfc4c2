"""In which time zone a page tells times: the one that the viewer's browser named in a cookie, or UTC."""

import re
from datetime import UTC, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest

COOKIE: Final = "zone"  # written by static/dashboard/desk.js
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,3}")


def zone_of(request: HttpRequest) -> tzinfo:
    """Return the viewer's zone."""
    name = request.COOKIES.get(COOKIE, "")
    if len(name) > 64 or not _NAME.fullmatch(name):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
