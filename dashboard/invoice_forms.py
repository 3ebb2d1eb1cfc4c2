"""
What members fill in to make an invoice: the form itself, and the rows of its items and of its own facts.

Rows work without scripts: a button sends the whole form, and it comes back with a row more or less, as
typed and without complaints. Only whoever creates or previews is told what is wrong, beside the field.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final, Self, cast
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core import exact_json
from core.money import MINOR_DIGITS
from core.targets import UnsafeURL, check_url
from invoices.models import Invoice
from invoices.services import CustomerDetails, InvoiceOrder, Item, OptionOrder
from merchants.settings import EXPIRY_MINUTES

MAX_ITEMS: Final = 100
MAX_FACTS: Final = 50
_FACTS_BYTES: Final = 16_384
_MAX_QUANTITY: Final = 1_000_000
_NUMBER: Final = {"inputmode": "decimal", "autocomplete": "off"}
_PRICE: Final[dict[str, Any]] = {
    "min_value": 0,
    "max_digits": 20,
    "decimal_places": 3,
    "error_messages": {"min_value": _("Enter 0 or more.")},
}
_CURRENCIES: Final = [(code, code) for code in sorted(MINOR_DIGITS)]


class RowForm(forms.Form):
    """One row of several, each of which may stay empty."""

    LONGEST: ClassVar[int]


class ItemForm(RowForm):
    """What is sold, how often and for how much."""

    LONGEST = MAX_ITEMS

    name = forms.CharField(label=_("Item"), max_length=200)
    description = forms.CharField(label=_("Details"), max_length=2000, required=False)
    quantity = forms.DecimalField(
        label=_("Quantity"),
        initial=Decimal(1),
        max_value=_MAX_QUANTITY,
        max_digits=13,
        decimal_places=6,
        widget=forms.TextInput(attrs=_NUMBER),
    )
    unit_price = forms.DecimalField(label=_("Price of one"), widget=forms.TextInput(attrs=_NUMBER), **_PRICE)

    def clean_quantity(self) -> Decimal:
        """Refuse none and less than none."""
        quantity: Decimal = self.cleaned_data["quantity"]
        if quantity <= 0:
            raise ValidationError(_now("Enter a number above 0."))
        return quantity

    def item(self) -> Item:
        """Return the row as a line of an order."""
        return Item(**{name: self.cleaned_data[name] for name in ("name", "quantity", "unit_price", "description")})


class FactForm(RowForm):
    """A fact of the merchant's own about the invoice."""

    LONGEST = MAX_FACTS

    key = forms.CharField(label=_("Name"), max_length=200)
    value = forms.CharField(label=_("Value"), max_length=2000, required=False)


class Rows:
    """Some forms of one kind below each other; how many the field ``<prefix>-rows`` says."""

    def __init__(self, kind: type[RowForm], prefix: str, rows: list[RowForm]) -> None:
        self.prefix = prefix
        self.rows = rows
        self._kind = kind

    @classmethod
    def sent(cls, kind: type[RowForm], prefix: str, data: QueryDict) -> Self:
        """Return the rows to be checked; those that nobody has touched are left out of everything."""
        count = _count(data, prefix, kind)
        rows = [
            kind(data, prefix=f"{prefix}-{index}", empty_permitted=True, use_required_attribute=False)
            for index in range(count)
        ]
        return cls(kind, prefix, rows)

    @classmethod
    def of(cls, kind: type[RowForm], prefix: str, values: list[dict[str, Any]]) -> Self:
        """Return rows filled with ``values``, and an empty one when there are none."""
        rows = [
            kind(initial=row or None, prefix=f"{prefix}-{index}", use_required_attribute=False)
            for index, row in enumerate((values or [{}])[: kind.LONGEST])
        ]
        return cls(kind, prefix, rows)

    @classmethod
    def typed(cls, kind: type[RowForm], prefix: str, data: QueryDict, *, step: str, focus: str) -> Self:
        """
        Return the rows as typed; a ``step`` of ``<prefix>-more`` adds one, ``<prefix>-less-2`` takes one away.

        ``focus`` is the attribute that leads whoever adds a row into it.
        """
        values = [
            {name: data.get(f"{prefix}-{index}-{name}", "") for name in kind.base_fields}
            for index in range(_count(data, prefix, kind))
            if step != f"{prefix}-less-{index}"
        ]
        if step == f"{prefix}-more" and len(values) < kind.LONGEST:
            values.append({})
        rows = cls.of(kind, prefix, values)
        if step == f"{prefix}-more":
            first = next(iter(rows.rows[-1].fields.values()))
            first.widget.attrs[focus] = True
        return rows

    @property
    def filled(self) -> list[RowForm]:
        """The rows that hold something."""
        return [row for row in self.rows if row.has_changed()]

    @property
    def is_full(self) -> bool:
        """Whether no row can be added."""
        return len(self.rows) >= self._kind.LONGEST

    def is_valid(self, *, least: int = 0) -> bool:
        """Check the rows; at least so many have to be filled in."""
        for row in self.rows[:least] if not self.filled else []:
            row.empty_permitted = False
        checked = [row.is_valid() for row in self.rows]  # all of them, so that everything wrong is told
        return all(checked)

    @property
    def has_errors(self) -> bool:
        """Whether something is wrong with one of the rows."""
        return any(row.is_bound and row.errors for row in self.rows)


class InvoiceForm(forms.Form):
    """What an invoice asks for, besides its rows."""

    title = forms.CharField(label=_("What is paid for"), max_length=200)
    description = forms.CharField(
        label=_("Description"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    email = forms.EmailField(
        label=_("E-mail address of the customer"),
        max_length=254,
        required=False,
        help_text=_(
            "Type to find a customer. An address that is new makes a new one. Empty: for nobody in particular."
        ),
        widget=forms.EmailInput(
            attrs={
                "list": "known-customers",
                "autocomplete": "off",
                "hx-get": reverse_lazy("dashboard:customer_suggestions"),
                "hx-trigger": "input changed delay:250ms",
                "hx-target": "#known-customers",
                "hx-sync": "this:queue last",
            }
        ),
    )
    name = forms.CharField(label=_("Name of the customer"), max_length=200, required=False)
    currency = forms.ChoiceField(label=_("Currency"), choices=_CURRENCIES)
    tax = forms.DecimalField(
        label=_("Tax"),
        required=False,
        help_text=_("An amount, added to the sum of the items."),
        widget=forms.TextInput(attrs=_NUMBER),
        **_PRICE,
    )
    asset = forms.ChoiceField(label=_("Paid in"))
    others = forms.MultipleChoiceField(
        label=_("Or, as the customer chooses, in"), required=False, widget=forms.CheckboxSelectMultiple
    )
    crypto_amount = forms.DecimalField(
        label=_("Exact amount in this coin, instead of items"),
        required=False,
        max_digits=60,
        decimal_places=24,
        help_text=_("For a price in the coin itself: just so much is asked for, however rates move."),
        widget=forms.TextInput(attrs=_NUMBER),
    )
    minutes = forms.IntegerField(
        label=_("Minutes to pay"), min_value=EXPIRY_MINUTES[0], max_value=EXPIRY_MINUTES[1], required=False
    )
    return_url = forms.URLField(
        label=_("Where the customer goes afterwards"), max_length=2048, required=False, assume_scheme="https"
    )
    cancel_url = forms.URLField(
        label=_("Where the customer goes without paying"), max_length=2048, required=False, assume_scheme="https"
    )
    webhook_url = forms.URLField(
        label=_("Webhook of this invoice alone"),
        max_length=2048,
        required=False,
        assume_scheme="https",
        help_text=_("Told of everything that happens to it, beside your endpoints."),
    )
    note = forms.CharField(
        label=_("Note (only your team sees it)"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    once = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, assets: list[tuple[str, str]], minutes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asset"].choices = assets  # type: ignore[attr-defined]
        if len(assets) > 1:
            self.fields["others"].choices = assets  # type: ignore[attr-defined]
        else:
            del self.fields["others"]
        self.fields["minutes"].help_text = _now("Empty: %(minutes)s, as in your settings.") % {"minutes": minutes}

    def clean_webhook_url(self) -> str:
        """Refuse what this server would not call."""
        url: str = self.cleaned_data["webhook_url"]
        try:
            if url:
                check_url(url)
        except UnsafeURL as problem:
            raise ValidationError(str(problem)) from problem
        return url


class Draft:
    """A whole form of an invoice: what stands in it, what is wrong with it, and the order that it makes."""

    _FIELDS: Final = {"crypto_currency": "asset", "network": "asset", "expires_in": "minutes"}

    def __init__(self, form: InvoiceForm, items: Rows, facts: Rows) -> None:
        self.form, self.items, self.facts = form, items, facts

    @classmethod
    def fresh(cls, known: Mapping[str, Any], like: Invoice | None, **limits: Any) -> Self:
        """Return a form for a new invoice, filled in as ``like`` was made and else with what is ``known``."""
        values = {**known, "once": str(uuid4())}
        items: list[dict[str, Any]] = []
        facts: list[dict[str, Any]] = []
        if like is not None:
            values |= _values_of(like)
            items = [
                {**item, **{name: f"{Decimal(item[name]):f}" for name in ("quantity", "unit_price")}}
                for item in like.items
            ]
            facts = [{"key": key, "value": _text(value)} for key, value in like.metadata.items()]
        return cls(
            InvoiceForm(initial=values, **limits),
            Rows.of(ItemForm, "items", items),
            Rows.of(FactForm, "facts", facts),
        )

    @classmethod
    def typed(cls, data: QueryDict, *, step: str, focus: str = "autofocus", **limits: Any) -> Self:
        """Return the form as it was typed, after a ``step`` that checks nothing."""
        return cls(
            InvoiceForm(initial=_typed(data), **limits),
            Rows.typed(ItemForm, "items", data, step=step, focus=focus),
            Rows.typed(FactForm, "facts", data, step=step, focus=focus),
        )

    @classmethod
    def sent(cls, data: QueryDict, **limits: Any) -> Self:
        """Return the form to be checked."""
        return cls(InvoiceForm(data, **limits), Rows.sent(ItemForm, "items", data), Rows.sent(FactForm, "facts", data))

    def is_valid(self) -> bool:
        """Check all of it, so that everything that is wrong is told at once."""
        is_valid = self.form.is_valid()
        least = 0 if self.form.cleaned_data.get("crypto_amount") is not None else 1
        return all([is_valid, self.items.is_valid(least=least), self._facts_are_valid()])

    @property
    def has_errors(self) -> bool:
        """Whether something is wrong anywhere."""
        return bool(self.form.is_bound and self.form.errors) or self.items.has_errors or self.facts.has_errors

    @property
    def has_more(self) -> bool:
        """Whether something stands in the part of the form that is folded away, be it a mistake."""
        names = ("return_url", "cancel_url", "webhook_url")
        has_facts = bool(self.facts.filled) or len(self.facts.rows) > 1 or self.facts.has_errors
        return has_facts or any(self.form[name].value() for name in names)

    def order(self) -> InvoiceOrder:
        """Return what was asked for."""
        wanted = self.form.cleaned_data
        first = _option(wanted["asset"])
        others = [_option(other) for other in wanted.get("others", ())]
        return InvoiceOrder(
            title=wanted["title"],
            description=wanted["description"],
            items=tuple(row.item() for row in self.items.filled if isinstance(row, ItemForm)),
            tax=wanted["tax"] or Decimal(0),
            currency=wanted["currency"],
            crypto_amount=wanted["crypto_amount"],
            crypto_currency=first.crypto_currency,
            network=first.network,
            payment_options=(first, *others) if others else None,
            expires_in=wanted["minutes"] and wanted["minutes"] * 60,
            webhook_url=wanted["webhook_url"],
            return_url=wanted["return_url"],
            cancel_url=wanted["cancel_url"],
            metadata={row.cleaned_data["key"]: row.cleaned_data["value"] for row in self.facts.filled},
            customer=CustomerDetails(wanted["email"], wanted["name"]) if wanted["email"] else None,
        )

    def complain(self, field: str | None, detail: str) -> None:
        """Tell what a service refused, beside the field that it names."""
        head, _dot, last = (field or "").partition(".")
        if head.startswith("items[") and last in ItemForm.base_fields:
            self.items.filled[int(head.removeprefix("items[").removesuffix("]"))].add_error(last, detail)
            return
        name = "others" if head.startswith("payment_options") else self._FIELDS.get(head, head)
        self.form.add_error(name if name in self.form.fields else None, detail)

    def renew(self) -> None:
        """Let the form, sent once more, count as another one."""
        data = cast("QueryDict", self.form.data).copy()
        data["once"] = str(uuid4())
        self.form.data = data

    def _facts_are_valid(self) -> bool:
        if not self.facts.is_valid():
            return False
        seen: dict[str, str] = {}
        for row in self.facts.filled:
            key = row.cleaned_data["key"]
            if key in seen:
                row.add_error("key", _now("This name is here twice."))
            seen[key] = row.cleaned_data["value"]
        if len(exact_json.dumps(seen).encode()) > _FACTS_BYTES:
            self.facts.rows[0].add_error(None, _now("That is too much: at most 16 kB."))
        return not self.facts.has_errors


def _typed(data: QueryDict) -> dict[str, Any]:
    return {name: data.getlist(name) if name == "others" else data.get(name, "") for name in InvoiceForm.base_fields}


def _count(data: QueryDict, prefix: str, kind: type[RowForm]) -> int:
    try:
        wanted = int(data.get(f"{prefix}-rows", "1"))
    except ValueError:
        wanted = 1
    return min(max(wanted, 1), kind.LONGEST)


def _values_of(invoice: Invoice) -> dict[str, Any]:
    """Return what the form of an invoice like this one holds."""
    customer = invoice.customer
    return {
        **{name: getattr(invoice, name) for name in ("title", "description", "currency")},
        **{name: getattr(invoice, name) for name in ("return_url", "cancel_url", "webhook_url")},
        "tax": f"{invoice.tax.normalize():f}" if invoice.tax else "",
        "crypto_amount": f"{invoice.asset.to_amount(invoice.amount_units):f}" if invoice.priced_in_asset else "",
        "asset": f"{invoice.network}:{invoice.asset_code}",
        "minutes": int((invoice.expires_at - invoice.created_at).total_seconds()) // 60,
        "email": customer.email if customer else "",
        "name": customer.name if customer else "",
    }


def _option(choice: str) -> OptionOrder:
    network, _colon, code = choice.partition(":")
    return OptionOrder(code, network)


def _text(value: object) -> str:
    return value if isinstance(value, str) else exact_json.dumps(value)
