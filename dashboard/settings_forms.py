"""What members fill in about their business and its rules; the service that checks it is the one of the API."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from chains import registry
from chains.base import Network
from core.errors import CheckoutError, SeveralInvalid
from core.money import MINOR_DIGITS
from merchants.models import Merchant
from merchants.services import MerchantChanges
from merchants.settings import CONFIRMATIONS, EXPIRY_MINUTES, LATE_HOURS, OVERPAYMENT_MAX, UNDERPAYMENT_MAX, effective

ONE: Final = "confirmations_"  # what the field of a network is called, before its code


class SettingsForm(forms.Form):
    """
    A form over what a merchant has set. ``seen_at`` tells which state it was opened with.

    ``may_change``: those who may not see it as it is, with nothing to fill in.
    """

    seen_at = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, merchant: Merchant, may_change: bool) -> None:
        self.now = self.values_of(merchant, effective(merchant.settings))
        super().__init__(data, initial={**self.now, "seen_at": merchant.updated_at.isoformat()})
        if not may_change:
            for field in self.fields.values():
                field.disabled = True

    def values_of(self, merchant: Merchant, own: dict[str, Any]) -> dict[str, Any]:
        """Return what holds now by the names of the fields; ``own``: settings with the defaults filled in."""
        raise NotImplementedError

    def changes(self) -> MerchantChanges:
        """Return what was filled in and differs from what holds."""
        raise NotImplementedError

    def changed(self) -> dict[str, Any]:
        """Return the fields that differ from what holds: a default that nobody touched stays a default."""
        return {name: self.cleaned_data[name] for name, value in self.now.items() if self.cleaned_data[name] != value}

    def seen(self) -> datetime:
        """Return which state the form was opened with; one that never was, when that cannot be read."""
        try:
            return datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            return datetime.min.replace(tzinfo=UTC)

    def refuse(self, refusal: CheckoutError) -> None:
        """Write down what the service found wrong, each beside its field."""
        for failure in refusal.failures if isinstance(refusal, SeveralInvalid) else (refusal,):
            self.add_error(self._field_of(failure.field or ""), failure.detail)

    def refuse_as_changed(self, merchant: Merchant) -> None:
        """Say that somebody else was faster; what was typed stays, to be sent again."""
        self.data = {**self.data, "seen_at": merchant.updated_at.isoformat()}
        self.add_error(
            None,
            _("Meanwhile somebody else changed these settings. Nothing of yours was saved: look again, then save."),
        )

    def _field_of(self, path: str) -> str | None:
        parts = path.split(".")
        name = ONE + parts[-1] if "confirmations" in parts[:-1] else parts[-1]
        return name if name in self.fields else None


class BusinessForm(SettingsForm):
    """Who the business is and what its invoices are in, unless they say otherwise."""

    business_name = forms.CharField(label=_("Name"), max_length=200, help_text=_("Customers see it where they pay."))
    contact_email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Where this installation writes to about the account. Customers do not see it."),
    )
    default_currency = forms.ChoiceField(
        label=_("Currency of prices"),
        choices=[(code, code) for code in sorted(MINOR_DIGITS)],
        help_text=_("For invoices that name none, and for the sums in this dashboard."),
    )
    default_crypto_currency = forms.ChoiceField(label=_("Coin"), help_text=_("For invoices that name none."))

    def __init__(self, data: QueryDict | None, *, merchant: Merchant, may_change: bool) -> None:
        super().__init__(data, merchant=merchant, may_change=may_change)
        codes = {asset.code for network in registry.networks() for asset in network.assets}
        coins = [(code, code) for code in sorted(codes)]
        self.fields["default_crypto_currency"].choices = coins  # type: ignore[attr-defined] # it is a ChoiceField

    def values_of(self, merchant: Merchant, own: dict[str, Any]) -> dict[str, Any]:
        """Return what holds now."""
        names = ("default_currency", "default_crypto_currency")
        return {
            "business_name": merchant.business_name,
            "contact_email": merchant.contact_email,
            **{name: own[name] for name in names},
        }

    def changes(self) -> MerchantChanges:
        """Return what was filled in and differs from what holds."""
        changed = self.changed()
        return MerchantChanges(
            business_name=changed.pop("business_name", None),
            contact_email=changed.pop("contact_email", None),
            settings=changed or None,
            seen_at=self.seen(),
        )


def _amount(label: Any, highest: object, help_text: Any) -> forms.DecimalField:
    typed = {"inputmode": "decimal", "autocomplete": "off"}
    return forms.DecimalField(
        label=label, max_digits=15, help_text=help_text % {"most": highest}, widget=forms.TextInput(attrs=typed)
    )


def _whole(label: Any, bounds: tuple[int, int], **more: Any) -> forms.IntegerField:
    lowest, highest = bounds
    return forms.IntegerField(
        label=label, widget=forms.NumberInput(attrs={"min": lowest, "max": highest, "step": 1}), **more
    )


class RulesForm(SettingsForm):
    """What counts as paid, how long an invoice waits, what a block is worth."""

    underpayment_threshold = _amount(
        _("Forgiven when too little is sent"), UNDERPAYMENT_MAX, _("In the currency of the invoice, at most %(most)s.")
    )
    overpayment_threshold = _amount(
        _("Ignored when too much is sent"), OVERPAYMENT_MAX, _("In the currency of the invoice, at most %(most)s.")
    )
    overpayment_action = forms.ChoiceField(
        label=_("What happens with more than that"),
        choices=[
            ("credit_account", _("It is written down as credit of the customer")),
            ("refund", _("A refund is opened")),
            ("keep", _("You keep it")),
        ],
    )
    invoice_expiry_minutes = _whole(_("Minutes an invoice is open"), EXPIRY_MINUTES)
    rule = forms.ChoiceField(
        label=_("Money that comes after the deadline"),
        choices=[
            ("accept", _("Counts, for as long as is said below")),
            ("review", _("Goes to the inbox, where you decide")),
        ],
    )
    window_hours = _whole(_("Hours during which it counts"), LATE_HOURS)

    TOLERANCE: Final = ("underpayment_threshold", "overpayment_threshold", "overpayment_action")
    LATE: Final = ("rule", "window_hours")

    def __init__(
        self, data: QueryDict | None, *, merchant: Merchant, may_change: bool, networks: Sequence[Network]
    ) -> None:
        self.networks = tuple(networks)
        super().__init__(data, merchant=merchant, may_change=may_change)
        for network in self.networks:
            self.fields[ONE + network.code] = _whole(
                _("Blocks on %(network)s") % {"network": network.name}, CONFIRMATIONS, required=False
            )
            self.fields[ONE + network.code].disabled = self.fields["rule"].disabled

    def values_of(self, merchant: Merchant, own: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return what holds now."""
        return {
            "invoice_expiry_minutes": own["invoice_expiry_minutes"],
            **own["payment_tolerance"],
            **own["late_payment"],
            **{ONE + network.code: own["confirmations"].get(network.code) for network in self.networks},
        }

    def changes(self) -> MerchantChanges:
        """Return what was filled in and differs from what holds; a number of blocks that is empty is the network's."""
        changed = self.changed()
        groups = {
            "payment_tolerance": {name: changed.pop(name) for name in self.TOLERANCE if name in changed},
            "late_payment": {name: changed.pop(name) for name in self.LATE if name in changed},
            "confirmations": {
                network.code: changed.pop(ONE + network.code)
                for network in self.networks
                if ONE + network.code in changed
            },
        }
        settings = {**changed, **{name: values for name, values in groups.items() if values}}
        return MerchantChanges(settings=settings or None, seen_at=self.seen())
