"""Sessions that are over leave, and with them what they tell of people: from where, and with which browser."""

from datetime import datetime, timedelta
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet

_AT_ONCE: Final = 2_000
_NEW: Final = timedelta(days=1)  # a session is written a moment after the device that it belongs to


def prune(*, now: datetime) -> int:
    """Delete sessions that are over, and devices without one, in batches of their own; return how many rows."""
    session = Session.objects.filter(session_key=OuterRef("session_key"))
    lost = UserSession.objects.filter(~Exists(session), created_at__lt=now - _NEW)
    return _delete(Session.objects.filter(expire_date__lt=now)) + _delete(lost)


def _delete(rows: QuerySet[Any]) -> int:
    total = 0
    while gone := list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
        total += rows.filter(pk__in=gone).delete()[0]
    return total
