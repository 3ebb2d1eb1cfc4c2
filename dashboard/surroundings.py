"""What every template of the dashboard finds around it: ``at``, the desk, once somebody sits there."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def desk(request: HttpRequest) -> dict[str, Any]:
    """Return the desk for templates, also on pages whose views know nothing of it."""
    at = getattr(request, "desk", None)
    shared = {
        "signup_is_open": settings.MERCHANT_SIGNUP == "open",
        "mail_is_shown": settings.MAIL_IS_SHOWN,
    }
    return {**shared, "at": at} if at is not None else shared
