"""Notes of the merchant's own people on an invoice: written, changed, deleted."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import SELL, Desk, desk
from dashboard.pages import show
from dashboard.selling_forms import NoteForm
from dashboard.views.invoices import page_of
from invoices import selectors, services


@require_POST
@desk(may=SELL)
def add_note(request: HttpRequest, at: Desk, invoice_id: str) -> HttpResponse:
    """Write a note on an invoice."""
    form = NoteForm(request.POST, auto_id="note_%s")
    author = at.member.user
    if form.is_valid() and isinstance(author, User):
        services.add_note(
            merchant=at.merchant,
            livemode=at.livemode,
            invoice_id=invoice_id,
            author=author,
            text=form.cleaned_data["text"],
            now=timezone.now(),
        )
        messages.success(request, _("The note was added."))
        return _to_notes(invoice_id)
    return page_of(request, at, invoice_id, note_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=SELL)
def change_note(request: HttpRequest, at: Desk, note_id: str) -> HttpResponse:
    """Say something else in a note."""
    note = selectors.get_note(merchant=at.merchant, livemode=at.livemode, public_id=note_id)
    form = NoteForm(request.POST if request.method == "POST" else None, initial={"text": note.text})
    if request.method == "POST" and form.is_valid():
        services.change_note(
            merchant=at.merchant,
            livemode=at.livemode,
            public_id=note_id,
            text=form.cleaned_data["text"],
            now=timezone.now(),
        )
        messages.success(request, _("The note was changed."))
        return _to_notes(note.invoice.public_id)
    return show(request, "note_form", form=form, note=note, invoice=note.invoice)


@require_POST
@desk(may=SELL)
def delete_note(request: HttpRequest, at: Desk, note_id: str) -> HttpResponse:
    """Take a note away."""
    invoice = services.delete_note(merchant=at.merchant, livemode=at.livemode, public_id=note_id)
    messages.success(request, _("The note was deleted."))
    return _to_notes(invoice.public_id)


def _to_notes(invoice_id: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("dashboard:invoice", args=[invoice_id]) + "#notes")
