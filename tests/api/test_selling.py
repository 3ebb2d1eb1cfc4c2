"""Payment links and customers, as a merchant's program makes them."""

from decimal import Decimal

import pytest
from django.utils import timezone

from invoices.services import Visitor, open_link
from payments.services import scan
from tests.api.orders import order
from tests.api.signed_up import signed_up

TERMS = {"title": "VPN Premium Plan", "currency": "USD", "amount": "9.99", "crypto_currency": "USDT"}


class TestPaymentLinks:
    def test_a_link_says_what_was_asked_for_and_where_payers_go(self, test_api):
        made = test_api.post("/payment-links", {**TERMS, "slug": "vpn-premium", "max_payments": 3})

        assert made.status == 201
        assert made.body["url"] == "http://testserver/l/vpn-premium"
        assert made.body["amount"] == Decimal("9.99")
        assert (made.body["is_active"], made.body["livemode"], made.body["max_payments"]) == (True, False, 3)
        assert test_api.get(f"/payment-links/{made.body['id']}").body == made.body
        assert test_api.get("/payment-links").body["payment_links"] == [made.body]

    def test_a_slug_that_nobody_named_cannot_be_guessed(self, test_api):
        slugs = {test_api.post("/payment-links", TERMS).body["slug"] for _ in range(3)}

        assert len(slugs) == 3
        assert {len(slug) for slug in slugs} == {10}

    def test_a_slug_leads_to_one_link_in_all_of_the_installation(self, test_api, api):
        test_api.post("/payment-links", {**TERMS, "slug": "vpn-premium"})

        again = test_api.post("/payment-links", {**TERMS, "slug": "vpn-premium"})

        assert (again.status, again.body["error"]["code"]) == (409, "SLUG_TAKEN")

    @pytest.mark.parametrize(
        ("terms", "code", "field"),
        [
            ({"amount": 0}, "INVALID_AMOUNT", "amount"),
            ({"amount": "9.999"}, "INVALID_AMOUNT", "amount"),
            ({"min_amount": 1}, "INVALID_AMOUNT", "amount"),
            ({"amount": None, "min_amount": 5, "max_amount": 4}, "INVALID_AMOUNT", "min_amount"),
            ({"currency": "XXX"}, "UNKNOWN_CURRENCY", "currency"),
            ({"crypto_currency": "DOGECASH"}, "UNKNOWN_CRYPTO_CURRENCY", "crypto_currency"),
            ({"network": "tron"}, "UNKNOWN_CRYPTO_CURRENCY", "network"),
            ({"slug": "a b"}, "OUT_OF_RANGE", "slug"),
            ({"return_url": "javascript:alert(1)"}, "INVALID_URL", "return_url"),
            ({"expires_at": "0346-01-01T00:00:00Z"}, "INVALID_EXPIRY", "expires_at"),
            ({"max_payments": 0}, "OUT_OF_RANGE", "max_payments"),
        ],
    )
    def test_what_makes_no_sense_is_refused_where_it_stands(self, test_api, terms, code, field):
        answer = test_api.post("/payment-links", {**TERMS, **terms})

        assert answer.status == 422
        assert (answer.body["error"]["code"], answer.body["error"]["field"]) == (code, field)

    def test_a_change_is_checked_as_a_new_link_is(self, test_api):
        link = test_api.post("/payment-links", TERMS).body

        refused = test_api.patch(f"/payment-links/{link['id']}", {"min_amount": 3})
        opened = test_api.patch(f"/payment-links/{link['id']}", {"amount": None, "min_amount": 3, "description": None})

        assert refused.status == 422
        assert (opened.body["amount"], opened.body["min_amount"]) == (None, 3)

    def test_deleting_switches_off_and_a_change_switches_on_again(self, test_api):
        link = test_api.post("/payment-links", TERMS).body

        assert test_api.delete(f"/payment-links/{link['id']}").body["is_active"] is False
        assert test_api.get("/payment-links?is_active=true").body["payment_links"] == []
        assert test_api.patch(f"/payment-links/{link['id']}", {"is_active": True}).body["is_active"] is True

    def test_a_link_of_the_other_mode_does_not_exist(self, test_api, api):
        link = test_api.post("/payment-links", TERMS).body

        for answer in (
            api.get(f"/payment-links/{link['id']}"),
            api.patch(f"/payment-links/{link['id']}", {"title": "Mine"}),
            api.delete(f"/payment-links/{link['id']}"),
        ):
            assert (answer.status, answer.body["error"]["code"]) == (404, "PAYMENT_LINK_NOT_FOUND")
        assert api.get("/payment-links").body["payment_links"] == []

    def test_its_invoices_are_found_by_it(self, test_api):
        link = test_api.post("/payment-links", {**TERMS, "metadata": {"sku": "vpn-1"}}).body
        test_api.post("/invoices", order())
        invoice = open_link(slug=link["slug"], visitor=Visitor(), now=timezone.now())

        (found,) = test_api.get(f"/invoices?payment_link_id={link['id']}").body["invoices"]

        assert (found["id"], found["payment_link_id"]) == (invoice.public_id, link["id"])
        assert (found["total"], found["metadata"]) == (Decimal("9.99"), {"sku": "vpn-1"})
        assert test_api.get("/invoices?payment_link_id=pl_nonsense").body["invoices"] == []


class TestCustomers:
    def test_an_invoice_for_an_address_makes_its_customer_once(self, test_api):
        for email in ("Ada@Example.com", "ada@example.com"):
            test_api.post("/invoices", order(customer={"email": email, "name": "Ada Palmer"}))

        (customer,) = test_api.get("/customers").body["customers"]
        invoices = test_api.get(f"/invoices?customer_id={customer['id']}").body["invoices"]

        assert (customer["email"], customer["name"]) == ("ada@example.com", "Ada Palmer")
        assert [each["customer_id"] for each in invoices] == [customer["id"], customer["id"]]

    def test_an_invoice_for_nobody_has_none(self, test_api):
        assert test_api.post("/invoices", order()).body["customer_id"] is None

    def test_who_is_known_is_refused_and_found_by_address(self, test_api):
        made = test_api.post("/customers", {"email": "ada@example.com", "metadata": {"vip": True}})

        again = test_api.post("/customers", {"email": "ADA@example.com"})

        assert made.status == 201
        assert (again.status, again.body["error"]["code"]) == (409, "CUSTOMER_EXISTS")
        assert test_api.get("/customers?email=Ada@example.com").body["customers"] == [made.body]
        assert test_api.get("/customers?search=nobody").body["customers"] == []

    def test_name_and_metadata_change_and_the_address_stays(self, test_api):
        customer = test_api.post("/customers", {"email": "ada@example.com", "name": "Ada"}).body

        changed = test_api.patch(f"/customers/{customer['id']}", {"name": None, "metadata": {"vip": True}})

        assert (changed.body["name"], changed.body["metadata"]) == (None, {"vip": True})
        assert test_api.patch(f"/customers/{customer['id']}", {"email": "eve@example.com"}).status == 422

    def test_what_an_overpaid_invoice_left_is_the_customers_credit(self, test_api):
        invoice = test_api.post("/invoices", order(customer={"email": "ada@example.com"})).body
        test_api.post("/sandbox/transfers", {"invoice": invoice["id"], "amount": "20.00"})
        test_api.post("/sandbox/blocks", {"count": 3})
        scan(network="sandbox", now=timezone.now())

        shown = test_api.get(f"/customers/{invoice['customer_id']}").body

        assert shown["credits"] == [{"currency": "USD", "amount": Decimal("3.51")}]

    def test_a_customer_of_the_other_mode_does_not_exist(self, test_api, api):
        customer = test_api.post("/customers", {"email": "ada@example.com"}).body

        assert api.get(f"/customers/{customer['id']}").status == 404
        assert api.patch(f"/customers/{customer['id']}", {"name": "Eve"}).status == 404
        assert api.get("/customers").body["customers"] == []
        assert api.post("/customers", {"email": "ada@example.com"}).status == 201


def test_another_merchants_links_and_customers_do_not_exist(test_api):
    link = test_api.post("/payment-links", TERMS).body
    customer = test_api.post("/customers", {"email": "ada@example.com"}).body
    foreign = type(test_api)(signed_up(timezone.now(), email="other@example.com").test_api_key)

    for path in (f"/payment-links/{link['id']}", f"/customers/{customer['id']}"):
        assert foreign.get(path).status == 404
        assert foreign.patch(path, {}).status == 404
    assert foreign.delete(f"/payment-links/{link['id']}").status == 404
    assert foreign.get("/payment-links").body["payment_links"] == []
    assert foreign.get("/customers").body["customers"] == []


def test_keys_without_the_permission_are_turned_away(test_api):
    key = test_api.post("/api-keys", {"name": "reader", "key_type": "test", "permissions": ["invoices:read"]}).body[
        "key"
    ]
    reader = type(test_api)(key)

    for answer in (
        reader.get("/payment-links"),
        reader.post("/payment-links", TERMS),
        reader.get("/customers"),
        reader.post("/customers", {"email": "ada@example.com"}),
    ):
        assert (answer.status, answer.body["error"]["code"]) == (403, "INSUFFICIENT_SCOPE")
