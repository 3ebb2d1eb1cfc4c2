"""What members fill in about invoices, payment links and customers."""

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from core.money import MINOR_DIGITS
from dashboard import words
from invoices.models import PaymentLink
from invoices.services import LinkTerms

_AMOUNT: Final[dict[str, Any]] = {"max_digits": 15, "decimal_places": 3, "required": False, "min_value": 0}
DAY: Final[dict[str, Any]] = {
    "required": False,
    "widget": forms.DateInput(attrs={"type": "date"}),
    "validators": [MinValueValidator(date(2009, 1, 3)), MaxValueValidator(date(2200, 1, 1))],
}
_CURRENCIES: Final = [(code, code) for code in sorted(MINOR_DIGITS)]


class InvoiceFilterForm(forms.Form):
    """Which invoices are listed."""

    search = forms.CharField(
        label=_("Search"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Words, e-mail, address, transaction …")}),
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("All")),
            ("waiting", _("Waiting for money")),
            *((status.value, said[0]) for status, said in words.INVOICE.items()),
        ],
    )
    since = forms.DateField(label=_("From"), **DAY)
    until = forms.DateField(label=_("Until"), **DAY)
    sort = forms.ChoiceField(
        label=_("Order"), required=False, choices=[("", _("Newest first")), ("oldest", _("Oldest first"))]
    )
    customer = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    link = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    asset = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)
    network = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)

    def query(self) -> str:
        """Return the filters as they stand in a URL, always in the same order; "" when nothing is filtered."""
        return urlencode([(name, self.data[name]) for name in self.fields if self.data.get(name)])


class CancelForm(forms.Form):
    """Why an invoice is closed, and whether what arrived goes back."""

    reason = forms.CharField(label=_("Reason (your records and webhooks show it)"), max_length=500, required=False)
    refund = forms.BooleanField(label=_("Open a refund for what has arrived"), required=False, initial=True)


class ViewForm(forms.Form):
    """What a saved view is called."""

    name = forms.CharField(label=_("Name of the view"), max_length=60)


class NoteForm(forms.Form):
    """What a member writes down about an invoice."""

    text = forms.CharField(
        label=_("Note (only your team sees it)"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_text(self) -> str:
        """Return the text with plain line ends: browsers send others, and a note would change by being saved."""
        text: str = self.cleaned_data["text"]
        return "\n".join(text.splitlines())


class LinkForm(forms.Form):
    """An offer."""

    title = forms.CharField(label=_("What is paid for"), max_length=200)
    description = forms.CharField(
        label=_("Description"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=_CURRENCIES)
    amount = forms.DecimalField(label=_("Amount"), help_text=_("Leave it empty to let the payer choose."), **_AMOUNT)
    min_amount = forms.DecimalField(label=_("Least, when the payer chooses"), **_AMOUNT)
    max_amount = forms.DecimalField(label=_("Most, when the payer chooses"), **_AMOUNT)
    asset_code = forms.CharField(
        label=_("Coin"), max_length=16, required=False, help_text=_("Such as USDT. Empty: as in your settings.")
    )
    asks_email = forms.BooleanField(
        label=_("Ask for an e-mail address"), required=False, help_text=_("Payers become your customers by it.")
    )
    max_payments = forms.IntegerField(
        label=_("How often it can be paid"), min_value=1, max_value=10**9, required=False, help_text=_("Empty: always.")
    )
    return_url = forms.URLField(
        label=_("Where payers go afterwards"), max_length=2048, required=False, assume_scheme="https"
    )

    @classmethod
    def of(cls, link: PaymentLink) -> "LinkForm":
        """Return the form as it was filled in for ``link``."""
        return cls(initial={name: getattr(link, name) for name in cls.base_fields})

    def columns(self) -> dict[str, Any]:
        """Return what was filled in, by the names of the model."""
        return {name: self.cleaned_data[name] for name in self.fields}

    def terms(self) -> LinkTerms:
        """Return what a new link is to offer."""
        return LinkTerms(**self.columns())


class CustomerFilterForm(forms.Form):
    """Which customers are listed."""

    search = forms.CharField(label=_("Name or e-mail address"), max_length=200, required=False)


class CustomerForm(forms.Form):
    """Who somebody is."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)


class CustomerNameForm(forms.Form):
    """What somebody is called."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
