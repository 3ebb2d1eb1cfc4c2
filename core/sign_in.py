"""Signing in with a password: nobody guesses for long, whichever door they try."""

from typing import Any, Final

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold import forms as staff_forms

from core import context, ratelimit

_GUESSES: Final = ratelimit.Limit(10, 300)


class SignInForm(AuthenticationForm):
    """Name and password; ten guesses in five minutes for an address and for a name, at all doors together."""

    def clean(self) -> dict[str, Any]:
        """
        Check the password.

        :raises ValidationError: when it is wrong, or too many were tried
        """
        name = str(self.cleaned_data.get("username", "")).lower()
        for scope, key in (("sign-in-address", context.current().ip_address), ("sign-in-name", name)):
            if not ratelimit.hit(scope, key, _GUESSES).allowed:
                raise ValidationError(_("Too many attempts. Wait five minutes and try again."), code="too_many")
        return super().clean()


class StaffSignInForm(SignInForm, staff_forms.AuthenticationForm):
    """The same for the staff's admin, which lets in nobody else."""
