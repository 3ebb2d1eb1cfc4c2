"""What is filled in about a business and its team."""

from typing import Any, Final

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from dashboard.accounts.forms import EMAIL, PASSWORD_HELP
from merchants.models import Role

# What the roles may do, in the words of people; the table is in dashboard/access.py.
ROLES: Final = {
    Role.OWNER: _("Owner – everything, and who owns it"),
    Role.ADMIN: _("Admin – everything but changing owners"),
    Role.DEVELOPER: _("Developer – invoices, payment links, customers, API keys, webhooks; not where money goes"),
    Role.VIEWER: _("Viewer – looks at everything that holds no secret, changes nothing"),
}


class RoleForm(forms.Form):
    """A role that ``by`` may give."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, by: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(role.value, text) for role, text in ROLES.items() if role != Role.OWNER or by == Role.OWNER]
        self.fields["role"].choices = offered  # type: ignore[attr-defined]


class InvitationForm(RoleForm):
    """Who is invited, and as what."""

    email = forms.EmailField(
        label=EMAIL, max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    field_order = ["email", "role"]


class FirstPasswordForm(forms.Form):
    """The password of a new login."""

    password = forms.CharField(
        label=_("Choose a password"),
        help_text=PASSWORD_HELP,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = get_user_model()(username=email, email=email)

    def clean_password(self) -> str:
        """
        Refuse what is guessed soon.

        :raises ValidationError: with every reason
        """
        password: str = self.cleaned_data["password"]
        validate_password(password, user=self._person)
        return password


class BusinessForm(forms.Form):
    """What a business is called."""

    business_name = forms.CharField(
        label=_("Name of your business"),
        max_length=200,
        help_text=_("Your customers see it when they pay."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
