"""Checkout sessions: the invoice of one customer, opened by a program, from a link or for an amount."""

from decimal import Decimal

import pytest
from django.utils import timezone

from events.outbox import dispatch
from invoices.models import Customer, Invoice
from tests.api.conftest import Api
from tests.api.signed_up import signed_up

LINK = {"title": "VPN Premium Plan", "currency": "USD", "amount": "9.99", "metadata": {"sku": "vpn-1"}}
OWN = {"amount": "50.00", "currency": "USD"}


def test_for_an_amount_it_is_an_invoice_with_a_page_for_its_customer(test_api, merchant):
    wanted = {
        **OWN,
        "title": "Two seats",
        "expires_in": 300,
        "return_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/cart",
        "customer": {"email": "Ada@Example.com"},
        "metadata": {"cart": 7},
    }

    made = test_api.post("/checkout-sessions", wanted)

    assert made.status == 201
    invoice = Invoice.objects.get()
    session = made.body
    assert session["id"] == "cs_" + invoice.public_id.removeprefix("inv_")
    assert session["url"] == f"http://testserver/checkout/{session['id']}"
    assert (session["invoice_id"], session["status"], session["amount"]) == (
        invoice.public_id,
        "created",
        Decimal("50.00"),
    )
    assert (invoice.expires_at - invoice.created_at).total_seconds() == 300
    assert (session["return_url"], session["cancel_url"]) == (wanted["return_url"], wanted["cancel_url"])
    assert session["metadata"] == {"cart": 7}
    assert session["customer_id"] == Customer.objects.get(email="ada@example.com").public_id
    assert test_api.get(f"/checkout-sessions/{session['id']}").body == session
    assert test_api.get("/checkout-sessions").body["checkout_sessions"] == [session]


def test_what_it_leaves_out_is_the_links(test_api):
    terms = {**LINK, "return_url": "https://shop.example/thanks", "description": "A month"}
    link = test_api.post("/payment-links", terms).body

    wanted = {"payment_link_id": link["id"], "cancel_url": "https://shop.example/cart", "metadata": {"cart": 7}}
    session = test_api.post("/checkout-sessions", wanted).body

    assert session["payment_link_id"] == link["id"]
    assert (session["title"], session["description"], session["amount"]) == (
        "VPN Premium Plan",
        "A month",
        Decimal("9.99"),
    )
    assert (session["return_url"], session["cancel_url"]) == (terms["return_url"], wanted["cancel_url"])
    assert session["metadata"] == {"sku": "vpn-1", "cart": 7}
    assert test_api.get(f"/checkout-sessions?payment_link_id={link['id']}").body["pagination"]["total"] == 1


def test_where_the_link_leaves_the_amount_to_the_payer_the_program_names_it_within_the_bounds(test_api):
    link = test_api.post("/payment-links", {"title": "Gift", "currency": "USD", "min_amount": 5}).body["id"]

    session = test_api.post("/checkout-sessions", {"payment_link_id": link, "amount": 7})
    too_little = test_api.post("/checkout-sessions", {"payment_link_id": link, "amount": 4})

    assert session.body["amount"] == Decimal("7.00")
    assert (too_little.status, too_little.body["error"]["code"]) == (422, "AMOUNT_NOT_OFFERED")


@pytest.mark.parametrize(
    ("terms", "wanted", "status", "code", "field"),
    [
        ({}, {"amount": "9.98"}, 422, "INVALID_AMOUNT", "amount"),
        ({}, {"currency": "EUR"}, 422, "INVALID_AMOUNT", "currency"),
        ({"asks_email": True}, {}, 422, "EMAIL_NEEDED", "customer"),
        ({"max_payments": 1}, {}, 409, "PAYMENT_LINK_USED_UP", None),
        (None, {}, 409, "PAYMENT_LINK_INACTIVE", None),
        ({}, {"payment_link_id": "pl_06bq3z5n8cz9v4w2k7r1t0x5ye"}, 404, "PAYMENT_LINK_NOT_FOUND", None),
    ],
)
def test_what_the_link_does_not_allow_is_refused_and_nothing_is_made(test_api, terms, wanted, status, code, field):
    link = test_api.post("/payment-links", {**LINK, **(terms or {})}).body["id"]
    if terms is None:
        test_api.delete(f"/payment-links/{link}")
    if code == "PAYMENT_LINK_USED_UP":
        test_api.post("/checkout-sessions", {"payment_link_id": link})
    before = Invoice.objects.count()

    answer = test_api.post("/checkout-sessions", {"payment_link_id": link, **wanted})

    assert (answer.status, answer.body["error"]["code"], answer.body["error"].get("field")) == (status, code, field)
    assert Invoice.objects.count() == before


def test_without_link_and_amount_there_is_nothing_to_pay(test_api):
    answer = test_api.post("/checkout-sessions", {})

    assert (answer.status, answer.body["error"]["code"], answer.body["error"]["field"]) == (
        422,
        "INVALID_AMOUNT",
        "amount",
    )


def test_an_invoice_however_made_is_a_session_too_and_only_to_its_owner_and_mode(test_api, api):
    session = test_api.post("/checkout-sessions", OWN).body["id"]
    stranger = Api(signed_up(timezone.now(), email="other@example.com").test_api_key)

    for reader in (stranger, api):
        answer = reader.get(f"/checkout-sessions/{session}")
        assert (answer.status, answer.body["error"]["code"]) == (404, "CHECKOUT_SESSION_NOT_FOUND")
        assert reader.get("/checkout-sessions").body["checkout_sessions"] == []
    assert test_api.get(f"/checkout-sessions/{session.replace('cs_', 'inv_')}").status == 404


def test_another_merchants_link_opens_no_session(test_api):
    stranger = Api(signed_up(timezone.now(), email="other@example.com").test_api_key)
    link = stranger.post("/payment-links", LINK).body["id"]

    assert test_api.post("/checkout-sessions", {"payment_link_id": link}).status == 404
    assert not Invoice.objects.exists()


def test_its_page_is_the_pay_page(test_api, client):
    session = test_api.post("/checkout-sessions", OWN).body

    answer = client.get(f"/checkout/{session['id']}?lang=de")

    assert (answer.status_code, answer["Location"]) == (302, f"/invoice/{session['invoice_id']}?lang=de")
    assert client.get(answer["Location"]).status_code == 200
    assert client.get("/checkout/cs_nonsense").status_code == 404


def test_an_address_made_of_the_id_alone_leads_to_the_pay_page_too(test_api, client):
    invoice = test_api.post("/checkout-sessions", OWN).body["invoice_id"]

    assert client.get(f"/{invoice}?lang=de")["Location"] == f"/invoice/{invoice}?lang=de"
    assert client.get("/inv_nonsense").status_code == 404
    assert client.post(f"/{invoice}").status_code == 405


def test_events_of_a_moment_or_later(test_api):
    test_api.post("/checkout-sessions", OWN)
    dispatch()
    [created] = test_api.get("/events?type=invoice.created").body["events"]

    assert len(test_api.get(f"/events?created_after={created['created_at']}").body["events"]) == 1
    assert test_api.get("/events?created_after=2999-01-01T00:00:00Z").body["events"] == []


def test_an_endpoint_says_in_which_words_it_is_told(test_api):
    order = {"url": "https://shop.example/hook", "events": ["*"]}

    made = test_api.post("/webhook-endpoints", order).body
    refused = test_api.post("/webhook-endpoints", {**order, "format": "morse"})

    assert made["format"] == "native"
    assert (refused.status, refused.body["error"]["code"]) == (422, "INVALID_WEBHOOK_SETTING")
