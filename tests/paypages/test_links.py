"""The page of a payment link: an offer, and an invoice for whoever goes on."""

from datetime import timedelta
from decimal import Decimal
from html import unescape
from threading import Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from chains.sandbox import services as sandbox
from invoices.errors import LinkUsedUp
from invoices.models import Invoice
from invoices.services import LinkTerms, Visitor, create_link, open_link, update_link
from merchants.services import suspend
from payments.services import scan
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture
def moment():
    return timezone.now()


@pytest.fixture(autouse=True)
def _fresh_limits(valkey):
    """Every test has the whole rate limit to itself."""


@pytest.fixture
def merchant(moment):
    return make_merchant(moment)


def link(merchant, moment, **terms):
    offer = LinkTerms(**{"title": "VPN Premium Plan", "currency": "USD", "asset_code": "USDT", **terms})
    return create_link(merchant=merchant, livemode=False, terms=offer, now=moment)


def text_of(response):
    return unescape(response.content.decode())


def test_looking_makes_nothing_and_going_on_makes_an_invoice(client, merchant, moment):
    offer = link(merchant, moment, amount=Decimal("9.99"), return_url="https://merchant.com/ok")

    page = client.get(f"/l/{offer.slug}")
    assert page.status_code == 200
    assert "$9.99" in text_of(page)
    assert not Invoice.objects.exists()

    gone_on = client.post(f"/l/{offer.slug}")
    invoice = Invoice.objects.get()
    assert (gone_on.status_code, gone_on["Location"]) == (303, f"/invoice/{invoice.public_id}")
    assert (invoice.total, invoice.payment_link, invoice.return_url) == (
        Decimal("9.99"),
        offer,
        "https://merchant.com/ok",
    )


def test_everybody_gets_an_invoice_of_their_own(client, merchant, moment):
    offer = link(merchant, moment, amount=Decimal("9.99"))

    for _ in range(2):
        client.post(f"/l/{offer.slug}")

    assert Invoice.objects.values("address").distinct().count() == 2


@pytest.mark.parametrize(("wanted", "total"), [("5", "5"), ("7,50", "7.50"), (" 10.00 ", "10")])
def test_the_payer_chooses_within_the_bounds(client, merchant, moment, wanted, total):
    offer = link(merchant, moment, min_amount=Decimal(5), max_amount=Decimal(10))

    client.post(f"/l/{offer.slug}", {"amount": wanted})

    assert Invoice.objects.get().total == Decimal(total)


@pytest.mark.parametrize("wanted", ["", "4.99", "10.01", "5.001", "-6", "NaN", "1e1", "six", "0", "\0", "6" * 300])
def test_other_amounts_are_refused_beside_the_field(client, merchant, moment, wanted):
    offer = link(merchant, moment, min_amount=Decimal(5), max_amount=Decimal("9"))

    refused = client.post(f"/l/{offer.slug}", {"amount": wanted})

    assert refused.status_code == 422
    assert 'id="amount-problem"' in text_of(refused)
    assert "From $5.00 to $9.00." in text_of(refused)
    assert not Invoice.objects.exists()


def test_an_amount_that_the_plan_does_not_allow_is_refused_at_the_field(client, merchant, moment):
    offer = link(merchant, moment)

    refused = client.post(f"/l/{offer.slug}", {"amount": "10000.01"})

    assert refused.status_code == 422
    assert 'id="amount-problem"' in text_of(refused)
    assert "$10,000.00" in text_of(refused)


def test_a_payer_cannot_change_a_fixed_price(client, merchant, moment):
    offer = link(merchant, moment, amount=Decimal("9.99"))

    client.post(f"/l/{offer.slug}", {"amount": "1.00"})

    assert Invoice.objects.get().total == Decimal("9.99")


def test_who_is_asked_for_an_address_becomes_a_customer(client, merchant, moment):
    offer = link(merchant, moment, amount=Decimal("9.99"), asks_email=True)

    for email in ("", "nobody"):
        refused = client.post(f"/l/{offer.slug}", {"email": email})
        assert refused.status_code == 422
        assert 'id="email-problem"' in text_of(refused)
    client.post(f"/l/{offer.slug}", {"email": "Ada@Example.com"})

    customer = Invoice.objects.get().customer
    assert (customer.email, customer.merchant, customer.livemode) == ("ada@example.com", merchant, False)


def test_an_offer_that_ended_is_shown_without_a_form_and_makes_nothing(client, merchant, moment):
    over = link(merchant, moment - timedelta(hours=1), amount=Decimal("9.99"), expires_at=moment - timedelta(seconds=1))
    off = link(merchant, moment, amount=Decimal("9.99"))
    update_link(merchant=merchant, livemode=False, public_id=off.public_id, changes={"is_active": False}, now=moment)

    for offer in (over, off):
        for response in (client.get(f"/l/{offer.slug}"), client.post(f"/l/{offer.slug}")):
            assert response.status_code == 409
            assert "This offer has ended" in text_of(response)
            assert "<form" not in text_of(response)
    assert not Invoice.objects.exists()


def test_a_suspended_merchant_offers_nothing(client, merchant, moment):
    offer = link(merchant, moment, amount=Decimal("9.99"))
    suspend(merchant=merchant, reason="Under review", now=moment)

    assert client.post(f"/l/{offer.slug}").status_code == 409


def test_an_unpaid_place_is_free_again_and_a_paid_one_is_not(merchant, moment):
    offer = link(merchant, moment, amount=Decimal("9.99"), max_payments=1)
    first = open_link(slug=offer.slug, visitor=Visitor(), now=moment)
    with pytest.raises(LinkUsedUp):
        open_link(slug=offer.slug, visitor=Visitor(), now=moment)

    Invoice.objects.filter(pk=first.pk).update(status="expired")
    Invoice.objects.filter(pk=first.pk).update(received_units=1)  # late money came: the place is taken
    with pytest.raises(LinkUsedUp):
        open_link(slug=offer.slug, visitor=Visitor(), now=moment)
    Invoice.objects.filter(pk=first.pk).update(received_units=0)
    second = open_link(slug=offer.slug, visitor=Visitor(), now=moment)

    sandbox.send(address=second.address, asset_code="USDT", units=second.amount_units, now=moment)
    sandbox.mine(count=3, now=moment)
    scan(network="sandbox", now=moment)
    assert Invoice.objects.get(pk=second.pk).status == "paid"
    with pytest.raises(LinkUsedUp):
        open_link(slug=offer.slug, visitor=Visitor(), now=moment)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_get_the_last_place_both(merchant, moment):
    offer = link(merchant, moment, amount=Decimal("9.99"), max_payments=1)
    outcomes = []

    def go_on():
        try:
            outcomes.append(open_link(slug=offer.slug, visitor=Visitor(), now=moment).status)
        except LinkUsedUp as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=go_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["PAYMENT_LINK_USED_UP"] * 3 + ["created"]


def test_a_slug_of_nobody_leads_nowhere(client):
    assert client.get("/l/nothing-here").status_code == 404
    assert client.post("/l/nothing-here").status_code == 404


def test_the_form_cannot_be_sent_from_elsewhere(merchant, moment):
    offer = link(merchant, moment, amount=Decimal("9.99"))

    assert Client(enforce_csrf_checks=True).post(f"/l/{offer.slug}").status_code == 403
    assert not Invoice.objects.exists()


def test_the_page_allows_only_what_it_serves(client, merchant, moment):
    page = client.get(f"/l/{link(merchant, moment, amount=Decimal(5)).slug}")

    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
