"""Staff's pages of invoices and payments: everything opens, nothing can be edited, actions go through the services."""

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from chains.sandbox import services as sandbox
from events.models import Event
from invoices.models import AmountClaim, Credit, Invoice, InvoiceDestination, RateSheet, ReplacedQuote
from invoices.services import OptionOrder
from payments import services
from payments.models import Cursor, Payment, Refund, ScannedRange
from tests.factories import make_invoice, make_merchant
from tests.staff import CONFIRMED

pytestmark = pytest.mark.django_db
MODELS = [
    AmountClaim,
    Invoice,
    InvoiceDestination,
    ReplacedQuote,
    Credit,
    RateSheet,
    Payment,
    Refund,
    Cursor,
    ScannedRange,
]


@pytest.fixture
def staff(client):
    user = get_user_model().objects.create_superuser("staff", "staff@example.com", "correct horse battery")
    client.force_login(user)
    return client


@pytest.fixture
def merchant():
    return make_merchant(timezone.now(), late_payment={"rule": "review", "window_hours": 1})


def pay(invoice, units, asset="USDT"):
    sandbox.send(address=invoice.address, asset_code=asset, units=units, now=timezone.now())
    sandbox.mine(count=3, now=timezone.now())
    services.scan(network="sandbox", now=timezone.now())


def act(staff, model, action, *rows):
    path = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
    return staff.post(
        path, {"action": action, **CONFIRMED, "_selected_action": [str(row.pk) for row in rows]}, follow=True
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_is_found_and_only_read(staff, merchant, model):
    invoice = make_invoice(merchant, timezone.now(), payment_options=(OptionOrder("USDC"),))
    for code in ("USDC", "USDT"):
        services.choose_option(public_id=invoice.public_id, asset_code=code, network="sandbox", now=timezone.now())
    pay(invoice, 20_000_000)
    services.request_refund(
        merchant=merchant,
        livemode=False,
        public_id=invoice.public_id,
        order=services.RefundOrder(address=sandbox.new_address()),
        now=timezone.now(),
    )
    AmountClaim.objects.create(invoice=invoice, network="sandbox", address="a", asset_code="USDT", units=1)
    ReplacedQuote.objects.create(
        invoice=invoice,
        rate=1,
        rate_source="fixed",
        amount_units=1,
        quoted_at=timezone.now(),
        replaced_at=timezone.now(),
    )
    RateSheet.objects.create(base="USDT", source="fixed", prices={"USD": "1"}, observed_at=timezone.now())
    name = model._meta.label_lower.replace(".", "_")
    row = model.objects.first()

    listed = staff.get(reverse(f"admin:{name}_changelist"), {"q": "x"})
    page = staff.get(reverse(f"admin:{name}_change", args=[row.pk]))
    saved = staff.post(reverse(f"admin:{name}_change", args=[row.pk]), {})

    assert model in admin.site._registry
    assert (listed.status_code, page.status_code, saved.status_code) == (200, 200, 403)
    assert staff.get(reverse(f"admin:{name}_add")).status_code == 403
    assert staff.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_an_invoice_and_a_payment_are_found_by_what_people_have_at_hand(staff, merchant):
    invoice = make_invoice(merchant, timezone.now())
    make_invoice(merchant, timezone.now())
    pay(invoice, 1_000_000)
    payment = Payment.objects.get()

    for text in (invoice.public_id, f" {invoice.public_id} ", invoice.address):
        found = staff.get(reverse("admin:invoices_invoice_changelist"), {"q": text})
        assert [row.pk for row in found.context["cl"].result_list] == [invoice.pk], text
    for text in (payment.public_id, payment.txid, payment.address):
        found = staff.get(reverse("admin:payments_payment_changelist"), {"q": text})
        assert [row.pk for row in found.context["cl"].result_list] == [payment.pk], text


def test_staff_accepts_a_partly_paid_invoice_and_cancels_an_unpaid_one(staff, merchant):
    short, unpaid = make_invoice(merchant, timezone.now()), make_invoice(merchant, timezone.now())
    pay(short, 10_000_000)

    act(staff, Invoice, "accept", short)
    act(staff, Invoice, "cancel", unpaid)

    short.refresh_from_db()
    unpaid.refresh_from_db()
    assert (short.status, short.exception, unpaid.status) == ("paid", "underpaid", "cancelled")
    assert Event.objects.filter(type="invoice.cancelled").count() == 1


def test_what_a_service_refuses_is_told_and_changes_nothing(staff, merchant):
    invoice = make_invoice(merchant, timezone.now())

    answer = act(staff, Invoice, "accept", invoice)

    assert "Only a partly paid invoice can be accepted as it is." in answer.content.decode()
    invoice.refresh_from_db()
    assert invoice.status == "created"


@pytest.mark.parametrize(
    ("action", "review"),
    [("accept", "accepted"), ("refund", "refunded"), ("ignore", "ignored")],
)
def test_staff_decides_about_a_deposit(staff, merchant, action, review):
    invoice = make_invoice(merchant, timezone.now())
    pay(invoice, 16_490_000, asset="USDC")
    payment = Payment.objects.get()
    assert payment.review == "open"

    act(staff, Payment, action, payment)

    payment.refresh_from_db()
    assert payment.review == review
