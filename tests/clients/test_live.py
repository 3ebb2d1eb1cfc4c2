"""Clients against an installation that runs: one server, one walk each."""

from decimal import Decimal

import pytest

from crypto_checkout import Checkout, errors
from tests.clients.node import run_tests
from tests.running import gateway


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    with gateway(tmp_path_factory.mktemp("clients") / "var") as address:
        yield f"http://{address}"


@pytest.fixture(scope="module")
def key(installation):
    """A test key of a merchant who signed up by the client."""
    with Checkout("", base_url=installation) as anybody:
        return anybody.merchants.sign_up(business_name="Acme", contact_email="owner@acme.example").test_api_key


@pytest.mark.usefixtures("key")
def test_each_client_walks_from_an_order_to_paid(subtests, installation, key):
    with subtests.test("python"), Checkout(key, base_url=installation) as checkout:
        _walk_in_python(checkout)

    with subtests.test("javascript"):
        said = run_tests("test/walk.test.js", CHECKOUT_BASE_URL=installation, CHECKOUT_API_KEY=key)
        assert "skipped 0" in said


def _walk_in_python(checkout):
    order = {"title": "A", "items": [{"name": "n", "quantity": 3, "unit_price": Decimal("3.33")}], "currency": "USD"}

    invoice = checkout.invoices.create(**order, idempotency_key="walk-of-python")
    again = checkout.invoices.create(**order, idempotency_key="walk-of-python")
    checkout.sandbox.transfer(invoice=invoice.id)
    checkout.sandbox.mine(count=3)
    told = []
    for event in checkout.follow(last_event_id="0"):
        if event.data.get("invoice_id") == invoice.id:
            told.append(event.event)
        if event.event == "invoice.paid":
            break

    assert again.id == invoice.id
    assert invoice.total == Decimal("9.99")
    assert told[0] == "invoice.created"
    assert "payment.confirmed" in told
    paid = checkout.invoices.get(invoice.id)
    assert (paid.status, paid.amount_received, len(paid.payments)) == ("paid", paid.crypto_amount, 1)
    checkout.invoices.create(**order)
    assert [one.status for one in checkout.invoices.list(limit=1)] == ["created", "paid"]
    assert checkout.settlements.list_csv(invoice_id=invoice.id).count("\n") == 2
    assert checkout.public.invoice_qr(invoice.id, format="svg").startswith(b"<svg")
    with pytest.raises(errors.NotFound, match="INVOICE_NOT_FOUND"):
        checkout.invoices.get("inv_nothing")
