"""What members fill in. Forms look at the shape; whether it makes sense the services say."""

from typing import Any, Final, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.models import WalletKind
from payments.services import Resolution

LONGEST_LIST: Final = 100_000  # characters
# Nothing typed here may be remembered by the browser or sent to a spelling service.
_PRIVATE: Final = {"autocomplete": "off", "autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class WalletForm(forms.Form):
    """Where the money of one network goes. ``kind`` decides which of the other fields is there."""

    network = forms.CharField(max_length=32, widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=WalletKind.choices, widget=forms.HiddenInput)
    xpub = forms.CharField(
        label=_("Extended public key"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3, **_PRIVATE})
    )
    address = forms.CharField(label=_("Address"), max_length=2000, widget=forms.TextInput(attrs=_PRIVATE))
    addresses = forms.CharField(
        label=_("Addresses, one per line"),
        max_length=LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 8, **_PRIVATE}),
    )

    _FIELD_OF: Final = {WalletKind.XPUB: "xpub", WalletKind.POOL: "addresses", WalletKind.SINGLE: "address"}

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.given = self._FIELD_OF.get(WalletKind(kind), "xpub")
        for name in {"xpub", "address", "addresses"} - {self.given}:
            del self.fields[name]

    def order(self) -> dict[str, Any]:
        """Return the arguments of the wallet services."""
        cleaned = self.cleaned_data
        if self.given == "xpub":
            return {"network": cleaned["network"], "kind": cleaned["kind"], "xpub": cleaned["xpub"]}
        return {"network": cleaned["network"], "kind": cleaned["kind"], "addresses": lines(cleaned[self.given])}

    def as_hidden(self) -> "WalletForm":
        """Return the same form with what was given carried along unseen, for the step after the preview."""
        self.fields[self.given].widget = forms.HiddenInput()
        return self

    def emptied(self, message: str) -> "WalletForm":
        """Return the form with a complaint and without what was typed: perhaps it can spend money."""
        kind = self.data.get("kind", "")
        blank = {"network": self.data.get("network", ""), "kind": kind, self.given: ""}
        return emptied(WalletForm(blank, kind=kind), self.given, message)


class VaultForm(forms.Form):
    """Where a vault on a network forwards to."""

    network = forms.CharField(max_length=32, widget=forms.HiddenInput)
    forward_to = forms.CharField(
        label=_("Forward to"),
        max_length=128,
        required=False,
        help_text=_("An address of your own wallet. Empty: the money stays in the vault. It can never be changed."),
        widget=forms.TextInput(attrs=_PRIVATE),
    )


class AddressesForm(forms.Form):
    """More addresses for a pool."""

    addresses = forms.CharField(
        label=_("Addresses, one per line"),
        max_length=LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 8, **_PRIVATE}),
    )


class DepositForm(forms.Form):
    """What becomes of a deposit."""

    resolution = forms.ChoiceField(choices=[(each.value, each.value) for each in Resolution])
    invoice_id = forms.CharField(label=_("Invoice"), max_length=40, required=False)
    address = forms.CharField(label=_("Refund to"), max_length=128, required=False)


FormT = TypeVar("FormT", bound=forms.Form)


def emptied(form: FormT, name: str, message: str) -> FormT:
    """Return ``form``, whose field ``name`` holds nothing, with ``message`` as the only complaint."""
    form.full_clean()
    form.errors.pop(name, None)
    form.add_error(name, message)
    return form


def lines(text: str) -> list[str]:
    """Return the lines of a list that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]
