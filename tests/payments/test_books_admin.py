"""Staff finds bookings and settlements by whatever they were given, and changes none of them."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from payments.models import Booking, Payment, Settlement
from payments.services import scan
from tests.factories import make_invoice
from tests.payments.chain import ScriptedChain, transfer


@pytest.fixture
def staff(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "x"))
    return client


@pytest.fixture
def paid(merchant, now):
    """Two paid invoices; the first is returned."""
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    invoices = [make_invoice(merchant, now) for _ in range(2)]
    for number, invoice in enumerate(invoices):
        chain.mine(transfer(invoice, txid=f"{number:064x}"))
    chain.grow(2)
    scan(network="sandbox", now=now, reader=chain)
    return invoices[0]


def page(staff, model, view="changelist", *rest, **query):
    return staff.get(reverse(f"admin:payments_{model}_{view}", args=rest), query)


def found(answer) -> list:
    return list(answer.context["cl"].queryset)


def test_the_journal_shows_amounts_in_the_asset(staff, paid):
    answer = page(staff, "booking")

    assert answer.status_code == 200
    assert "customers +16.49   merchant -16.3251   fees -0.1649" in answer.content.decode()


@pytest.mark.parametrize(
    ("_case", "term", "kinds"),
    [
        ("invoice", lambda paid: paid.public_id, {"payment_confirmed", "invoice_settled"}),
        ("transaction", lambda paid: Payment.objects.get(invoice=paid).txid, {"payment_confirmed"}),
        ("payment", lambda paid: Payment.objects.get(invoice=paid).public_id, {"payment_confirmed"}),
        ("settlement", lambda paid: Settlement.objects.get(invoice=paid).public_id, {"invoice_settled"}),
        (
            "itself",
            lambda paid: Booking.objects.get(invoice=paid, kind="invoice_settled").public_id,
            {"invoice_settled"},
        ),
        ("nothing", lambda paid: "0" * 40, set()),
    ],
)
def test_a_booking_is_found_by(staff, paid, _case, term, kinds):
    rows = found(page(staff, "booking", q=f" {term(paid)} "))

    assert {row.kind for row in rows} == kinds
    assert all(row.invoice == paid for row in rows)


def test_bookings_of_a_merchant_are_found(staff, paid):
    assert len(found(page(staff, "booking", q=paid.merchant.public_id))) == 4


@pytest.mark.parametrize("term", [lambda paid: paid.public_id, lambda paid: paid.settlements.get().public_id])
def test_a_settlement_is_found(staff, paid, term):
    answer = page(staff, "settlement", q=term(paid))

    assert [row.invoice for row in found(answer)] == [paid]
    assert b"16.3251" in answer.content


@pytest.mark.parametrize("model", [Booking, Settlement])
def test_nobody_changes_them(staff, paid, model):
    row = model.objects.filter(invoice=paid).first()
    name = model._meta.model_name

    assert page(staff, name, "change", row.pk).status_code == 200
    assert staff.post(reverse(f"admin:payments_{name}_change", args=[row.pk]), {}).status_code == 403
    assert staff.post(reverse(f"admin:payments_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert page(staff, name, "add").status_code == 403


def test_lists_cost_the_same_however_many_lines(staff, paid, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        page(staff, "booking")
