"""Signing in with a password: ten guesses in five minutes for an address and for a name, at all doors together."""

from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold import forms as staff_forms

from core import context, ratelimit

_GUESSES: Final = ratelimit.Limit(10, 300)


class StaffSignInForm(staff_forms.AuthenticationForm):
    """Name and password for the staff's admin, which lets in nobody else and asks for no second step."""

    def clean(self) -> dict[str, Any]:
        """
        Check the password.

        :raises ValidationError: when it is wrong, or too many were tried
        """
        check_guesses(str(self.cleaned_data.get("username", "")))
        cleaned: dict[str, Any] = super().clean()
        return cleaned

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """
        Look whether a password alone is enough.

        :raises ValidationError: for somebody with a second step, which this door cannot ask for
        """
        super().confirm_login_allowed(user)
        if Authenticator.objects.filter(user_id=user.pk).exists():
            raise ValidationError(
                _("You sign in with a second step: sign in at /dashboard/sign-in/ first, then come back here."),
                code="second_step",
            )


def check_guesses(name: str) -> None:
    """
    Count an attempt to sign in.

    :raises ValidationError: when there were too many from this address or for this name
    """
    for scope, key in (("sign-in-address", context.current().ip_address), ("sign-in-name", name.lower())):
        if not ratelimit.hit(scope, key, _GUESSES).allowed:
            raise ValidationError(_("Too many attempts. Wait five minutes and try again."), code="too_many")
