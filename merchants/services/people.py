"""People: what their logins are called, and that an address is theirs."""

from typing import Final

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User

from core import secrets

_USERNAME_LENGTH: Final = 150


def login_name(email: str) -> str:
    """Return the name of the login that belongs to an address."""
    name = email.lower()
    return name if len(name) <= _USERNAME_LENGTH else f"user-{secrets.digest(name)[:40]}"


def confirm_address(*, user: User) -> None:
    """Note that a person reads their address: they came by a link or a code that was mailed there. Safe to repeat."""
    email = user.email.lower()
    if EmailAddress.objects.filter(email__iexact=email, verified=True).exists():
        return  # theirs already, or another person proved it before: an address is verified for one
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
