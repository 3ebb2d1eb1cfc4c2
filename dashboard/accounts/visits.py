"""When a device was last here, kept beside its session."""

from datetime import datetime, timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.http import HttpRequest

_FRESH: Final = timedelta(minutes=5)  # how exactly it is known


def note_visit(request: HttpRequest, *, now: datetime) -> None:
    """Remember that this device was here; writes once in a few minutes, and first for who came by the staff's door."""
    device = UserSession.objects.filter(session_key=request.session.session_key)
    seen_at = device.values_list("last_seen_at", flat=True).first()
    if seen_at is None:
        UserSession.objects.create_from_request(request)
    elif seen_at < now - _FRESH:
        device.update(last_seen_at=now)
