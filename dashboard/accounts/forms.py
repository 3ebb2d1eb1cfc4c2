"""
What people fill in to sign up, sign in and prove who they are: allauth's forms with our words and limits.

Guessing is limited here, by name or person, and in pages.py by address. allauth's own limits are off: they
need Valkey, and ours go on without it.
"""

from typing import Any, Final

from allauth.account import forms as account
from allauth.mfa.base import forms as second_factor
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from core import ratelimit
from core.ratelimit import Limit
from core.sign_in import check_guesses
from merchants.services import SignUp, sign_up

_CODES: Final = Limit(10, 300)  # codes and passwords of one person
_RESETS: Final = Limit(5, 3600)  # mails to one address

EMAIL: Final = _("E-mail address")
PASSWORD_HELP: Final = _("At least ten characters; a few unrelated words are good.")
_ONE_TIME: Final = {
    "autocomplete": "one-time-code",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "autofocus": True,
}


class _Plain:
    """No placeholders: a label stays when the field is filled."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class _Guarded(_Plain):
    """Limits how often a code or password of ``user`` is tried."""

    user: User

    def _clean_fields(self) -> None:
        if not ratelimit.hit("second-factor", str(self.user.pk), _CODES).allowed:
            self.add_error(None, ValidationError(_("Too many attempts. Wait five minutes and try again.")))  # type: ignore[attr-defined]
            return
        super()._clean_fields()  # type: ignore[misc]


class _OneTime(_Guarded):
    """A code opens once, which Valkey remembers."""

    def clean_code(self) -> str:
        """
        Check the code.

        :raises ValidationError: when it is wrong, or Valkey is down and it is an app's
        """
        try:
            return str(super().clean_code())  # type: ignore[misc]
        except RedisError:
            raise ValidationError(
                _("Codes of apps cannot be checked just now. Use a passkey or a recovery code.")
            ) from None


class SignInForm(_Plain, account.LoginForm):
    """Address and password; ten guesses in five minutes for an address and for a name, at all doors together."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = EMAIL
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"
        self.fields["remember"].label = _("Stay signed in on this device")

    def clean(self) -> Any:
        """
        Check the password.

        :raises ValidationError: when it is wrong, or too many were tried
        """
        check_guesses(str(self.cleaned_data.get("login", "")))
        return super().clean()


class SignUpForm(_Plain, account.SignupForm):
    """A person and their business; both are made, or neither."""

    business_name = forms.CharField(label=_("Name of your business"), max_length=200)
    field_order = ["business_name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["business_name"].widget.attrs["autocomplete"] = "organization"
        self.fields["business_name"].help_text = _("Your customers see it when they pay.")
        self.fields["email"].label = EMAIL
        self.fields["email"].help_text = _("We send a code there to check it.")
        self.fields["password1"].help_text = PASSWORD_HELP

    def try_save(self, request: HttpRequest) -> Any:
        """Make the account, or write to whoever has one; hash the password in either case, which is what takes time."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        """Make the person and the business."""
        user: User = super().save(request)
        return user

    def custom_signup(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002 - allauth hands it over
        """Open the business's account, as the API does."""
        order = SignUp(business_name=self.cleaned_data["business_name"], contact_email=user.email, owner=user)
        sign_up(request=order, now=timezone.now())


class ResetPasswordForm(_Plain, account.ResetPasswordForm):
    """Asks for a code by mail; five an hour to one address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = EMAIL

    def clean_email(self) -> str:
        """
        Look whom the code is for.

        :raises ValidationError: when there were too many for this address
        """
        email = str(self.cleaned_data["email"]).lower()
        if not ratelimit.hit("password-reset", email, _RESETS).allowed:
            raise ValidationError(_("Too many codes were sent to this address. Try again in an hour."))
        return str(super().clean_email())


class NewPasswordForm(_Plain, account.ResetPasswordKeyForm):
    """A new password instead of a forgotten one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_new(self.fields)


class ChangePasswordForm(_Guarded, account.ChangePasswordForm):
    """A new password instead of the old one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Password until now")
        _as_new(self.fields)


class SetPasswordForm(_Plain, account.SetPasswordForm):
    """A first password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_new(self.fields)


class ConfirmPasswordForm(_Guarded, account.ReauthenticateForm):
    """The password once more, before something weighty."""


class ChangeEmailForm(_Plain, account.AddEmailForm):
    """Another address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail address")
        self.fields["email"].help_text = _("We send a code there; until you enter it, nothing changes.")


class MailedCodeForm(_Plain, account.ConfirmEmailVerificationCodeForm):
    """The code from the mail that checks an address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self.fields["code"], _("Code from the e-mail"))


class ResetCodeForm(_Plain, account.ConfirmPasswordResetCodeForm):
    """The code from the mail that allows a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self.fields["code"], _("Code from the e-mail"))


class SecondFactorForm(_OneTime, second_factor.AuthenticateForm):
    """The code from the app, or one of the recovery codes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self.fields["code"], _("Code from your app, or a recovery code"))


class ConfirmCodeForm(_OneTime, second_factor.ReauthenticateForm):
    """The same once more, before something weighty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self.fields["code"], _("Code from your app, or a recovery code"))


class ActivateAppForm(_Guarded, totp.ActivateTOTPForm):
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self.fields["code"], _("Code that the app shows"))
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddPasskeyForm(webauthn.AddWebAuthnForm):
    """A new passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name, to tell it from others")
        self.fields["name"].max_length = 60
        self.fields["passwordless"].label = _("Sign in with it alone, without a password")
        self.fields["passwordless"].help_text = _(
            "The device then asks for your fingerprint, face or PIN. Otherwise it is a second step after the password."
        )
        self.fields["passwordless"].initial = True


class RenamePasskeyForm(webauthn.EditWebAuthnForm):
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")


def _as_new(fields: dict[str, forms.Field]) -> None:
    fields["password1"].label = _("New password")
    fields["password1"].help_text = PASSWORD_HELP
    fields["password2"].label = _("New password, once more")


def _as_code(field: forms.Field, label: Any) -> None:
    field.label = label
    field.widget.attrs.update(_ONE_TIME)
