"""Notes on an invoice: the merchant's own, kept from customers and from the API."""

from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from api.v1.rendering.invoices import invoice_view
from events.models import Event
from events.outbox import dispatch
from invoices.models import Note
from invoices.services import add_note
from tests.factories import make_invoice, make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]


@pytest.fixture
def invoice(merchant):
    return make_invoice(merchant, timezone.now())


@pytest.fixture
def note(merchant, invoice):
    author = get_user_model().objects.create_user("grace@example.com", "grace@example.com")
    return add_note(
        merchant=merchant,
        livemode=False,
        invoice_id=invoice.public_id,
        author=author,
        text="Ask Ada.\nTwice.",
        now=timezone.now(),
    )


def text_of(response):
    return unescape(response.content.decode())


def test_a_note_is_written_and_shown_with_its_author(owner, invoice):
    answer = owner.post(
        f"/dashboard/invoices/{invoice.public_id}/notes/", {"text": "Paid by <b>phone</b>."}, follow=True
    )

    assert answer.redirect_chain == [(f"/dashboard/invoices/{invoice.public_id}/#notes", 302)]
    assert "&lt;b&gt;phone" in answer.content.decode()
    assert "person@example.com" in text_of(answer)
    assert "Note added" in text_of(answer)


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
def test_a_note_that_says_nothing_or_too_much_is_refused_beside_its_field(owner, invoice, text):
    answer = owner.post(f"/dashboard/invoices/{invoice.public_id}/notes/", {"text": text})

    assert answer.status_code == 422
    assert 'id="note_text_error"' in text_of(answer)
    assert not Note.objects.exists()


def test_a_note_is_changed_and_that_is_told(owner, invoice, note):
    owner.post(f"/dashboard/invoices/notes/{note.public_id}/", {"text": "Ask Grace."})

    changed = Note.objects.get()
    assert (changed.text, changed.author_name) == ("Ask Grace.", "grace@example.com")
    assert changed.changed_at is not None
    assert "changed" in text_of(owner.get(f"/dashboard/invoices/{invoice.public_id}/"))


def test_saving_a_note_unchanged_changes_nothing(owner, note):
    owner.post(f"/dashboard/invoices/notes/{note.public_id}/", {"text": "Ask Ada.\r\nTwice."})

    assert Note.objects.get().changed_at is None
    assert not Event.objects.filter(type="invoice.note_changed").exists()


def test_a_note_is_deleted_and_the_log_keeps_who_did_it(owner, invoice, note):
    owner.post(f"/dashboard/invoices/notes/{note.public_id}/delete/")

    assert not Note.objects.exists()
    told = Event.objects.get(type="invoice.note_deleted")
    assert (told.invoice_id, told.data) == (invoice.pk, {"id": note.public_id, "invoice_id": invoice.public_id})
    assert told.actor.startswith("user:")


def test_no_part_of_a_note_reaches_customers_the_api_or_webhooks(invoice, note):
    dispatch()

    page = text_of(Client().get(f"/invoice/{invoice.public_id}"))

    assert "Ask Ada" not in page
    assert "Ask Ada" not in str(invoice_view(invoice))
    assert not any("Ask Ada" in str(event.data) for event in Event.objects.all())


@pytest.mark.parametrize("mode", ["another merchant's", "of the other mode"])
def test_what_is_elsewhere_cannot_be_read_changed_or_deleted(seat, owner, note, mode):
    client = owner
    if mode == "another merchant's":
        client = seat("owner", of=make_merchant(timezone.now(), email="other@example.com"), name="other")
    else:
        owner.post("/dashboard/mode/", {"mode": "live"})

    answers = [
        client.get(f"/dashboard/invoices/notes/{note.public_id}/"),
        client.post(f"/dashboard/invoices/notes/{note.public_id}/", {"text": "Mine now."}),
        client.post(f"/dashboard/invoices/notes/{note.public_id}/delete/"),
        client.post(f"/dashboard/invoices/{note.invoice.public_id}/notes/", {"text": "Mine now."}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert Note.objects.get().text == "Ask Ada.\nTwice."
