"""Signing in with a password: ten guesses in five minutes for an address and for a name, at all doors together."""

from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import context, ratelimit

_GUESSES: Final = ratelimit.Limit(10, 300)


def check_guesses(name: str) -> None:
    """
    Count an attempt to sign in.

    :raises ValidationError: when there were too many from this address or for this name
    """
    for scope, key in (("sign-in-address", context.current().ip_address), ("sign-in-name", name.lower())):
        if not ratelimit.hit(scope, key, _GUESSES).allowed:
            raise ValidationError(_("Too many attempts. Wait five minutes and try again."), code="too_many")
