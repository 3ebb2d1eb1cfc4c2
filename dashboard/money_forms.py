"""What members fill in about refunds and settlements."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from chains import registry
from chains.tags import DESTINATION_TAG
from core.money import minor_digits
from dashboard import words
from dashboard.selling_forms import DAY
from dashboard.statements import Month
from invoices.models import Invoice
from payments.services import RefundOrder, RefundRate

HELD: Final = "held"
MISMATCHED: Final = "mismatched"
NO_ADDRESS: Final = "no_address"
_TYPED: Final = {"autocomplete": "off", "autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}
_MONTHS: Final = 24  # before this one
_LONGEST_TAG: Final = 64
_DIGITS: Final = 60  # of an amount: more than any asset has in all


def takes_tag(network: str) -> bool:
    """Return whether what is sent on ``network`` may need a destination tag to find its receiver."""
    found = registry.find_network(network)
    return found is not None and found.tag_kind == DESTINATION_TAG


def _address(**more: Any) -> forms.CharField:
    return forms.CharField(label=_("Address"), max_length=256, widget=forms.TextInput(attrs=_TYPED), **more)


def _tag() -> forms.CharField:
    return forms.CharField(
        label=_("Destination tag"), max_length=_LONGEST_TAG, required=False, widget=forms.TextInput(attrs=_TYPED)
    )


class RefundFilterForm(forms.Form):
    """Which refunds are listed."""

    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("All")),
            *((status.value, said[0]) for status, said in words.REFUND.items()),
            (NO_ADDRESS, _("The customer has to name an address")),
            (HELD, _("Held")),
            (MISMATCHED, _("Sent in another transaction than was named")),
        ],
    )


class TaggedForm(forms.Form):
    """A form that asks for a tag where the network has them."""

    def __init__(self, *args: Any, network: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not takes_tag(network):
            del self.fields["tag"]


class RefundAddressForm(TaggedForm):
    """Where a refund goes."""

    address = _address()
    tag = _tag()


class RefundCompletionForm(TaggedForm):
    """In which transaction a refund was sent; where to, when nobody has said so before."""

    txid = forms.CharField(
        label=_("Transaction"),
        max_length=300,
        widget=forms.TextInput(attrs=_TYPED),
        help_text=_("Its id, or the address of its page on an explorer."),
    )
    address = _address(required=False, help_text=_("Where you sent it to."))
    tag = _tag()

    def __init__(self, *args: Any, knows_address: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if knows_address:
            del self.fields["address"]
            self.fields.pop("tag", None)


class RefundForm(TaggedForm):
    """How much of an invoice goes back, and where to."""

    ALL, AMOUNT, FIAT = "all", "amount", "fiat"
    _NEEDS: Final = {AMOUNT: "amount", FIAT: "fiat_amount"}

    what = forms.ChoiceField(label=_("How much"), initial=ALL, widget=forms.RadioSelect)
    amount = forms.DecimalField(required=False, max_digits=_DIGITS, widget=forms.TextInput)
    fiat_amount = forms.DecimalField(required=False, max_digits=15, widget=forms.TextInput)
    rate = forms.ChoiceField(
        label=_("At the rate"),
        required=False,
        initial=RefundRate.PAYMENT,
        choices=[(RefundRate.PAYMENT.value, _("of the payment")), (RefundRate.TODAY.value, _("of today"))],
        help_text=_("Only for an amount of money."),
    )
    address = _address(required=False, help_text=_("Leave it empty to get a link on which the customer names it."))
    tag = _tag()
    reason = forms.CharField(label=_("Reason (the customer sees it)"), max_length=500, required=False)
    left = forms.DecimalField(required=False, max_digits=_DIGITS, widget=forms.HiddenInput)

    def __init__(self, *args: Any, invoice: Invoice, left: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, network=invoice.network, **kwargs)
        asset, currency = invoice.asset, invoice.currency
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            (self.ALL, _("All that is left: %(amount)s %(asset)s") % {"amount": f"{left:f}", "asset": asset.code}),
            (self.AMOUNT, _("An amount of %(asset)s") % {"asset": asset.code}),
            (self.FIAT, _("An amount of %(currency)s") % {"currency": currency}),
        ]
        for name, code, digits in (
            ("amount", asset.code, asset.decimals),
            ("fiat_amount", currency, minor_digits(currency)),
        ):
            self.fields[name] = forms.DecimalField(
                label=_("Amount in %(code)s") % {"code": code},
                required=False,
                max_digits=_DIGITS if name == "amount" else 15,
                decimal_places=digits,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        """Ask for the amount that was chosen; one beside it leaves open what was meant."""
        wanted: dict[str, Any] = super().clean() or self.cleaned_data
        for choice, name in self._NEEDS.items():
            if wanted.get("what") == choice:
                if name not in self.errors and not (wanted.get(name) or 0) > 0:
                    self.add_error(name, _("Say how much."))
            elif self.data.get(name) and "what" in wanted:
                self.errors.pop(name, None)
                self.add_error("what", _("Another amount stands below: choose it, or empty its field."))
        return wanted

    def order(self) -> RefundOrder:
        """Return what was filled in."""
        wanted = self.cleaned_data
        return RefundOrder(
            address=wanted["address"],
            tag=wanted.get("tag", ""),
            amount=wanted["amount"],
            fiat_amount=wanted["fiat_amount"],
            rate=RefundRate(wanted["rate"] or RefundRate.PAYMENT),
            reason=wanted["reason"],
            left=wanted["left"],
        )


class SettlementFilterForm(forms.Form):
    """Which settlements are listed. ``assets``: pairs of network and code that the merchant has money in."""

    asset = forms.ChoiceField(label=_("Coin"), required=False)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("All")), *((status.value, said[0]) for status, said in words.SETTLEMENT.items())],
    )
    since = forms.DateField(label=_("From"), **DAY)
    until = forms.DateField(label=_("Until"), **DAY)

    def __init__(self, *args: Any, assets: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asset"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            *((f"{network}:{code}", f"{code} · {_name(network)}") for network, code in assets),
        ]


def _name(network: str) -> str:
    found = registry.find_network(network)
    return found.name if found else network


class StatementForm(forms.Form):
    """Of which month a statement is wanted: this one or one of the two years before."""

    month = forms.ChoiceField(label=_("Month"))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = [Month.of(now)]
        while len(months) <= _MONTHS:
            months.append(months[-1].before)
        self._months = {str(month): month for month in months}
        self.fields["month"].choices = [(name, name) for name in self._months]  # type: ignore[attr-defined]

    def wanted(self) -> Month:
        """Return the month that was chosen."""
        return self._months[self.cleaned_data["month"]]
