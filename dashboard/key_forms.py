"""What members fill in about API keys and the request log."""

from datetime import timedelta
from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.access import Desk
from merchants.models import APIKey
from merchants.scopes import EVERYTHING, SCOPES, covers
from merchants.secrets import KeyFormat
from merchants.services import Grant

# What moves money or says where it goes, and the merchant's settings: not for developers, not by a key either.
WITHHELD: Final = frozenset({"wallets:manage", "invoices:refund", "merchants:write"})
ACCESS: Final[dict[str, tuple[str, ...]]] = {
    "everything": (EVERYTHING,),
    "shop": ("invoices:create", "invoices:read", "invoices:cancel", "customers:read"),
    "reading": tuple(scope for scope in SCOPES if scope.endswith(":read")),
}
# A shop that speaks the self-hosted checkout's API has links and webhooks there too.
_MORE_OF_A_SHOP: Final = {KeyFormat.SELFHOSTED: ("links:read", "links:write", "webhooks:manage")}
OVERLAPS: Final = {
    "0": (timedelta(0), _("Stop working at once")),
    "24": (timedelta(hours=24), _("Go on working for a day")),
    "168": (timedelta(days=7), _("Go on working for a week")),
}
LIFETIMES: Final = {"": _("No end"), "30": _("30 days"), "90": _("90 days"), "365": _("A year")}


def grant_of(at: Desk) -> Grant:
    """Return what keys made by this member may do at most: what their role may, except in play."""
    if at.may_move_money or not at.livemode:
        return Grant(livemode=at.livemode, permissions=(EVERYTHING,))
    return Grant(livemode=True, permissions=tuple(scope for scope in SCOPES if scope not in WITHHELD))


class KeyForm(forms.Form):
    """A key that is wanted."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Where it is used, such as: web shop."))
    format = forms.ChoiceField(
        label=_("For which API"),
        required=False,
        choices=KeyFormat.choices,
        help_text=_("A key opens one API only. The next page says where to point the other programs."),
    )
    access = forms.ChoiceField(
        label=_("What it may do"),
        widget=forms.RadioSelect,
        choices=[
            ("everything", _("Everything")),
            ("shop", _("What a shop needs: create, read and cancel invoices; with a ck_ key also links and webhooks")),
            ("reading", _("Only read")),
            ("chosen", _("What I choose below")),
        ],
    )
    permissions = forms.MultipleChoiceField(
        label=_("Permissions"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(scope, f"{scope}: {text}") for scope, text in SCOPES.items()],
    )
    lifetime = forms.ChoiceField(label=_("Ends after"), required=False, choices=list(LIFETIMES.items()))

    def __init__(self, *args: object, at: Desk, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # as Form takes them
        held = grant_of(at).permissions
        self.fields["permissions"].choices = [  # type: ignore[attr-defined] # it is a MultipleChoiceField
            (scope, f"{scope}: {text}") for scope, text in SCOPES.items() if covers(held, scope)
        ]
        if EVERYTHING not in held:
            self.fields["access"].choices = self.fields["access"].choices[1:]  # type: ignore[attr-defined]

    def clean(self) -> None:
        """A choice needs something chosen."""
        chosen = self.cleaned_data.get("permissions") or []
        if self.cleaned_data.get("access") == "chosen" and not chosen and "permissions" not in self.errors:
            self.add_error("permissions", _("Choose at least one."))

    def wanted(self) -> list[str]:
        """Return the permissions of the key."""
        access = self.cleaned_data["access"]
        if access not in ACCESS:
            chosen: list[str] = self.cleaned_data["permissions"]
            return chosen
        more = _MORE_OF_A_SHOP.get(self.cleaned_data["format"], ()) if access == "shop" else ()
        return [*ACCESS[access], *more]


class RotateForm(forms.Form):
    """What becomes of the old key."""

    overlap = forms.ChoiceField(
        label=_("The old key will"),
        widget=forms.RadioSelect,
        initial="24",
        choices=[(hours, words) for hours, (_overlap, words) in OVERLAPS.items()],
    )


class RequestFilterForm(forms.Form):
    """Which requests are listed."""

    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("All")),
            ("2", _("Succeeded (2xx)")),
            ("4", _("Refused (4xx)")),
            ("5", _("Failed (5xx)")),
        ],
    )
    method = forms.ChoiceField(
        label=_("Method"),
        required=False,
        choices=[("", _("All")), *((m, m) for m in ("GET", "POST", "PATCH", "DELETE"))],
    )
    path = forms.CharField(label=_("Path begins with"), max_length=200, required=False)
    request_id = forms.CharField(label=_("Request id"), max_length=64, required=False)
    key = forms.ChoiceField(label=_("API key"), required=False)

    def __init__(self, *args: object, keys: list[APIKey], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # as Form takes them
        chosen = [(key.public_id, f"{key.name} ({key.masked})") for key in keys]
        self.fields["key"].choices = [("", _("All")), *chosen]  # type: ignore[attr-defined]
