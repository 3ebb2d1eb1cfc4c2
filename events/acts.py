"""
What staff may do to rows: each act has a name, says what will happen, asks why, and goes through a service.

    class WalletAdmin(ActingAdmin):
        acts = (Act("remove", label=_("Remove"), meaning=_("No more addresses are given out."), change=_remove),)

Nothing happens before a page of confirmation was sent with a reason. The reason stands in the log as ``staff.acted``,
in the transaction of the change itself and under the name of whoever asked; merchants do not read it. Who may: the
permission ``<app>.<act>_<model>``, which operations.groups gives to groups.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import context
from core.errors import CheckoutError
from core.models import Record
from core.staff import StaffAdmin
from events.outbox import Happening, emit

MOST: Final = 100  # rows at once: more of them nobody has looked at
ACTED: Final = "staff.acted"
_CONFIRMED: Final = "confirmed"


@dataclass(frozen=True, slots=True)
class Order:
    """What a member of staff asked for: why, and what they filled in besides."""

    user: Any
    reason: str
    values: Mapping[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """
    One thing staff may do to rows of a model.

    ``meaning`` says in whole sentences what will happen. ``fields`` are asked for besides the reason. An act that
    ``asks_nodes`` talks to the network: its reason is written before it, because no transaction may wait for a node.
    """

    name: str
    label: str | Promise
    meaning: str | Promise
    change: Callable[[Any, Order], object]
    fields: Mapping[str, Callable[[], forms.Field]] = field(default_factory=dict)
    is_possible: Callable[[Any], bool] = lambda _row: True
    is_grave: bool = False
    asks_nodes: bool = False

    def permission(self, model: Any) -> str:
        """Return the permission of whoever may do this to rows of ``model``."""
        return f"{model._meta.app_label}.{self.codename(model)}"  # noqa: SLF001 - Django's public _meta

    def codename(self, model: Any) -> str:
        """Return the name of that permission within its app."""
        return f"{self.name}_{model._meta.model_name}"  # noqa: SLF001

    def form(self, data: Any = None) -> forms.Form:
        """Return the form that is sent to confirm."""
        asked: dict[str, Any] = {name: make() for name, make in self.fields.items()}
        asked["reason"] = forms.CharField(
            label=gettext_lazy("Reason"),
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=gettext_lazy("Kept in the audit log with your name. Merchants and customers do not read it."),
        )
        made: forms.Form = type("ActForm", (forms.Form,), asked)(data)
        return made


class ActingAdmin(StaffAdmin):
    """Pages of rows on which staff may act; a class attribute says how."""

    acts: tuple[Act, ...] = ()
    change_form_template = "admin/acting_row.html"

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer the acts that whoever is signed in may do."""
        offered: Any = super().get_actions(request)
        for act in self.acts_of(request):
            offered[act.name] = (partial(_begin, act=act), act.name, act.label)
        return offered

    def acts_of(self, request: HttpRequest) -> list[Act]:
        """Return what whoever is signed in may do to rows of this model."""
        user: Any = request.user
        return [act for act in self.acts if user.has_perm(act.permission(self.model))]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a row with what can be done to it now."""
        row = self.get_object(request, object_id)
        possible = [act for act in self.acts_of(request) if row is not None and act.is_possible(row)]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "acts": possible})

    def begin(self, request: HttpRequest, rows: QuerySet[Any], act: Act) -> HttpResponse | None:
        """Ask for confirmation and a reason, or act when both are there."""
        chosen = list(rows[: MOST + 1])
        if len(chosen) > MOST:
            self.message_user(request, _("Choose at most %(most)d rows at once.") % {"most": MOST}, messages.ERROR)
            return None
        form = act.form(request.POST if _CONFIRMED in request.POST else None)
        if not form.is_valid():
            return self._confirmation(request, act, chosen, form)
        values = {name: value for name, value in form.cleaned_data.items() if name != "reason"}
        self._carry_out(request, act, chosen, Order(request.user, form.cleaned_data["reason"], values, timezone.now()))
        return None

    def _carry_out(self, request: HttpRequest, act: Act, rows: Iterable[Any], order: Order) -> None:
        with context.caller(actor=f"user:{order.user.pk}"):
            for row in rows:
                try:
                    _do(act, row, order)
                except CheckoutError as refusal:
                    self.message_user(request, f"{row}: {refusal.detail}", messages.ERROR)
                else:
                    self.message_user(request, _("%(row)s: done.") % {"row": row}, messages.SUCCESS)

    def _confirmation(self, request: HttpRequest, act: Act, rows: list[Any], form: forms.Form) -> HttpResponse:
        names = [name for name in self.get_list_display(request) if name != "action_checkbox"]
        headings = [label_for_field(name, self.model, model_admin=self) for name in names]
        cells = [[self._cell(name, row) for name in names] for row in rows]
        shown = {
            **self.admin_site.each_context(request),
            "title": act.label,
            "opts": self.opts,
            "act": act,
            "form": form,
            "rows": rows,
            "headings": headings,
            "cells": cells,
            "single": list(zip(headings, cells[0], strict=True)) if len(cells) == 1 else None,
            "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
            "confirmed_name": _CONFIRMED,
        }
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/act.html", shown, status=status)

    def _cell(self, name: Any, row: Any) -> Any:
        """Return what the list says of a row in one column."""
        column, source, value = lookup_field(name, row, self)
        empty = self.get_empty_value_display()
        if column is not None:
            return display_for_field(value, column, empty)
        return display_for_value(value, empty, boolean=getattr(source, "boolean", False))


def _begin(view: ActingAdmin, request: HttpRequest, rows: QuerySet[Any], *, act: Act) -> HttpResponse | None:
    return view.begin(request, rows, act)


def _do(act: Act, row: Any, order: Order) -> None:
    """Carry out an act and write down why, both or neither; where a node is asked, the why comes first."""
    if act.asks_nodes:
        with transaction.atomic():
            _write_down(act, row, order)
    with nullcontext() if act.asks_nodes else transaction.atomic():
        act.change(row, order)
        if not act.asks_nodes:
            _write_down(act, row, order)


def _write_down(act: Act, row: Any, order: Order) -> None:
    about = row.public_id if isinstance(row, Record) else str(row.pk)
    emit(
        Happening(
            type=ACTED,
            # Not the merchant's event: the reason is for the staff. What the act did is told by its own events.
            merchant_id=None,
            livemode=getattr(row, "livemode", True),
            data={
                "act": act.permission(type(row)),
                "about": about,
                "reason": order.reason,
                **{name: str(value) for name, value in order.values.items() if value not in {"", None}},
            },
            object_id=about[:64],
        )
    )
