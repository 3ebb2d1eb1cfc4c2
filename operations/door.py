"""
Who comes in to the staff's pages: staff, by the same throttled sign-in as everybody, with a second step.

The pages have no door of their own. Whoever has a second step must have taken it in this session, and with
``STAFF_SECOND_STEP`` whoever has none sets one up first.
"""

from enum import Enum, auto
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

_STEP = "mfa"  # what allauth calls a code, a recovery code or a passkey in its records


class Standing(Enum):
    """How somebody stands before the door."""

    UNKNOWN = auto()
    NOT_STAFF = auto()
    WITHOUT_SECOND_STEP = auto()
    SECOND_STEP_MISSING = auto()
    INSIDE = auto()


def standing_of(request: HttpRequest) -> Standing:
    """Return how whoever asks stands before the door; kept with the request, as every page asks more than once."""
    known = getattr(request, "_staff_standing", None)
    if known is not None and known[0] == request.user.pk:
        return known[1]  # type: ignore[no-any-return]
    standing = _stand(request)
    request._staff_standing = (request.user.pk, standing)  # type: ignore[attr-defined]  # noqa: SLF001
    return standing


def _stand(request: HttpRequest) -> Standing:
    user: Any = request.user
    if not user.is_authenticated or not user.is_active:
        return Standing.UNKNOWN
    if not user.is_staff:
        return Standing.NOT_STAFF
    if any(record.get("method") == _STEP for record in get_authentication_records(request, user)):
        return Standing.INSIDE
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    if Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists():
        return Standing.SECOND_STEP_MISSING
    return Standing.WITHOUT_SECOND_STEP if settings.STAFF_SECOND_STEP else Standing.INSIDE


def way_to_second_step(request: HttpRequest) -> str:
    """Return the name of the page on which this person takes the second step they have."""
    has_app = Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).exists()
    return "mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn"
