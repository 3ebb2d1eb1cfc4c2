"""Notes on invoices, for the merchant's own people. The log tells who wrote or deleted one, not what it said."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from events.outbox import Happening, emit
from invoices import selectors
from invoices.models import Invoice, Note
from merchants.models import Merchant


@transaction.atomic
def add_note(*, merchant: Merchant, livemode: bool, invoice_id: str, author: User, text: str, now: datetime) -> Note:
    """
    Write a note on an invoice.

    :raises InvoiceNotFound: when the merchant has none with this id
    """
    invoice = selectors.get_invoice(merchant=merchant, livemode=livemode, public_id=invoice_id)
    name = author.email or author.get_username()
    note = Note.objects.create(invoice=invoice, author=author, author_name=name, text=text, created_at=now)
    _log("invoice.note_added", note, invoice)
    return note


@transaction.atomic
def change_note(*, merchant: Merchant, livemode: bool, public_id: str, text: str, now: datetime) -> Note:
    """
    Say something else in a note.

    :raises NoteNotFound: when the merchant has none with this id
    """
    note = selectors.get_note(merchant=merchant, livemode=livemode, public_id=public_id).locked()
    if text != note.text:
        note.text, note.changed_at = text, now
        note.save(update_fields=["text", "changed_at"])
        _log("invoice.note_changed", note, note.invoice)
    return note


@transaction.atomic
def delete_note(*, merchant: Merchant, livemode: bool, public_id: str) -> Invoice:
    """
    Take a note away, and return the invoice that it was on.

    :raises NoteNotFound: when the merchant has none with this id
    """
    note = selectors.get_note(merchant=merchant, livemode=livemode, public_id=public_id)
    _log("invoice.note_deleted", note, note.invoice)
    note.delete()
    return note.invoice


def _log(what: str, note: Note, invoice: Invoice) -> None:
    emit(
        Happening(
            type=what,
            merchant_id=invoice.merchant_id,
            livemode=invoice.livemode,
            data={"id": note.public_id, "invoice_id": invoice.public_id},
            invoice_id=invoice.pk,
            object_id=note.public_id,
        )
    )
