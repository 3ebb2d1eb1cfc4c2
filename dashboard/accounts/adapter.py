"""Where django-allauth asks us: who may sign up, what a login is called, how secrets are kept, how mail goes out."""

from typing import Any, Final

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import context, secrets
from merchants.services import login_name

_log = structlog.get_logger(__name__)
PRODUCT: Final = "Crypto Checkout"
_SECRETS: Final = ("secret", "seed")  # of an app, of recovery codes: what allauth encrypts in a second factor's data


class AccountAdapter(DefaultAccountAdapter):
    """Logins of members."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("This e-mail address and this password do not belong together."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "enter_current_password": gettext_lazy("This is not your password."),
        "incorrect_code": gettext_lazy("This code is wrong or no longer valid."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Wait five minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth hands it over
        """Whether anybody may open an account here."""
        return bool(settings.MERCHANT_SIGNUP == "open")

    def populate_username(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002
        """Name the login after the address, as sign-up by the API does."""
        user.username = login_name(user.email)

    def get_client_ip(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Return the address that our own middleware found behind the operator's proxies."""
        return context.current().ip_address or "0.0.0.0"  # noqa: S104 - "unknown", nothing listens there

    def format_email_subject(self, subject: str) -> str:
        """Return the subject as it is: the sender says who writes."""
        return str(subject)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail now; when the mail server is away say so on the page instead of failing."""
        try:
            super().send_mail(template_prefix, email, {**context, "product": PRODUCT})
        except OSError as problem:  # smtplib's errors are OSErrors
            _log.warning("mail_not_sent", mail=template_prefix, reason=repr(problem))
            if current.request is not None:
                messages.error(
                    current.request, _("The e-mail could not be sent just now. Please try again in a few minutes.")
                )


def renewed_data(data: dict[str, Any]) -> dict[str, Any]:
    """
    Return what a second factor keeps with its secret under the first key: of an app, or of recovery codes.

    :raises SecretUnreadable: when no configured key decrypts it
    """
    return {name: secrets.renewed(value) if name in _SECRETS else value for name, value in data.items()}


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors and passkeys: their secrets are encrypted, their names are ours."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code is wrong or no longer valid."),
    }

    def encrypt(self, text: str) -> str:
        """Return a secret as it is stored."""
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret."""
        return secrets.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        """Return what an authenticator app calls us."""
        return PRODUCT

    def build_totp_svg(self, url: str) -> SafeString:
        """Return the QR code as SVG for a page whose policy allows no images from data."""
        svg = super().build_totp_svg(url)
        return SafeString(svg[svg.index("<svg") :])  # drawn from the code's modules: it holds no text

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's name
        """Return the name that a new passkey is offered."""
        from allauth.mfa.models import Authenticator

        return _("Passkey %(number)d") % {
            "number": Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        }
