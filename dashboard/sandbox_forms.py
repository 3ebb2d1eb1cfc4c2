"""What members fill in at the sandbox."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chains import registry
from chains.sandbox.services import MAX_BLOCKS, MAX_DEPTH
from dashboard import words
from invoices.models import Invoice
from invoices.states import EXPIRING, InvoiceStatus
from payments.sandbox_overview import OwnTransfer
from payments.services import TransferOrder


class PayForm(forms.Form):
    """How a test invoice is paid."""

    invoice = forms.ChoiceField(label=_("Invoice"))
    way = forms.ChoiceField(
        label=_("Pay"),
        widget=forms.RadioSelect,
        initial="full",
        choices=[
            ("full", _("What is due")),
            ("part", _("Half of it: too little")),
            ("more", _("Twice as much: too much")),
            ("late", _("What is due, but late: its time ends first")),
            ("wrong", _("As much in another coin: it goes to the inbox")),
            ("own", _("The amount below")),
        ],
    )
    amount = forms.DecimalField(
        label=_("Amount"), required=False, min_value=0, max_digits=40, decimal_places=18, help_text=_("In its coin.")
    )

    def __init__(self, *args: Any, invoices: Sequence[Invoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {invoice.public_id: invoice for invoice in invoices}
        self.fields["invoice"].choices = [  # type: ignore[attr-defined] # it is a ChoiceField
            (key, f"{each.title} · {asked(each)} · {words.INVOICE[InvoiceStatus(each.status)][0]}")
            for key, each in self.known.items()
        ]

    def clean(self) -> None:
        """Some ways are not open to every invoice."""
        way, invoice = self.cleaned_data.get("way"), self.known.get(self.cleaned_data.get("invoice", ""))
        if way == "own" and not self.cleaned_data.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Say how much."))
        if way == "late" and invoice and invoice.status not in {*EXPIRING, InvoiceStatus.EXPIRED}:
            self.add_error("way", _("Something has arrived for it already, and such an invoice never expires."))

    def order(self) -> TransferOrder:
        """Return what is to be sent."""
        invoice, way = self.known[self.cleaned_data["invoice"]], self.cleaned_data["way"]
        code, amount = "", None
        if way == "wrong":
            code, amount = _other_coin(invoice)
        elif way == "own":
            amount = self.cleaned_data["amount"]
        elif way in {"part", "more"} and invoice.remaining_units:
            units = max(1, invoice.remaining_units // 2) if way == "part" else invoice.remaining_units * 2
            amount = invoice.asset.to_amount(units)
        elif way == "more":
            amount = invoice.asset.to_amount(invoice.amount_units)
        return TransferOrder(invoice_id=invoice.public_id, asset_code=code, amount=amount, late=way == "late")


class MineForm(forms.Form):
    """How many blocks."""

    count = forms.IntegerField(label=_("Blocks"), min_value=1, max_value=MAX_BLOCKS, initial=1)


class ReorgForm(forms.Form):
    """How much of the chain is replaced and what does not come back."""

    depth = forms.IntegerField(label=_("Blocks to replace"), min_value=1, max_value=MAX_DEPTH, initial=1)
    drop = forms.MultipleChoiceField(
        label=_("Payments that vanish, as if their sender had spent the money twice"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, transfers: Sequence[OwnTransfer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["drop"].choices = [  # type: ignore[attr-defined] # it is a MultipleChoiceField
            (each.txid, f"{each.amount:f} {each.asset_code} · {each.invoice.title} · {_('block')} {each.height}")
            for each in transfers
            if each.height is not None
        ][:50]


def asked(invoice: Invoice) -> str:
    """Return what an invoice asks for: ``16.49 USDT``."""
    return f"{invoice.asset.to_amount(invoice.amount_units):f} {invoice.asset_code}"


def _other_coin(invoice: Invoice) -> tuple[str, Decimal]:
    code = "USDC" if invoice.asset_code != "USDC" else "USDT"
    other = registry.asset(registry.SANDBOX, code) or invoice.asset
    return code, other.to_amount(other.to_units(invoice.asset.to_amount(invoice.amount_units)))
