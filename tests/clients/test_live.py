"""Clients and the command against an installation that runs: one test, since starting one takes longest."""

import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from crypto_checkout import Checkout, errors, webhooks
from crypto_checkout.cli import main, triggers
from events.types import DELIVERABLE
from tests.clients.gateway import receiving
from tests.clients.node import JAVASCRIPT, run_tests
from tests.running import gateway
from webhooks.signing import native_signature


@pytest.fixture
def installation(tmp_path):
    with gateway(tmp_path / "var") as address:
        yield f"http://{address}"


@pytest.fixture
def key(installation):
    """A test key of a merchant who signed up by the client."""
    with Checkout("", base_url=installation) as anybody:
        return anybody.merchants.sign_up(business_name="Acme", contact_email="owner@acme.example").test_api_key


@pytest.fixture
def command(installation, key, monkeypatch, capsys):
    """Run ``checkout`` with these words; return its exit status and what it printed."""
    monkeypatch.setenv("CHECKOUT_BASE_URL", installation)
    monkeypatch.setenv("CHECKOUT_API_KEY", key)

    def run(*words: str) -> tuple[int, str, str]:
        status = main(words)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_clients_and_command_do_what_they_say(subtests, installation, key, command):
    with subtests.test("python walks from an order to paid"), Checkout(key, base_url=installation) as checkout:
        _walk_in_python(checkout)
    with subtests.test("javascript walks from an order to paid"):
        said = run_tests("test/walk.test.js", CHECKOUT_BASE_URL=installation, CHECKOUT_API_KEY=key)
        assert "skipped 0" in said
    with subtests.test("invoices create, pay, get and list"), Checkout(key, base_url=installation) as checkout:
        _from_the_terminal(command, checkout)
    with subtests.test("tail begins where it is told to"):
        status, printed, _ = command("tail", "--after", "0", "--events", "invoice.created", "--count", "1", "--json")
        assert (status, json.loads(printed)["event"]) == (0, "invoice.created")
    with subtests.test("listen forwards as a webhook, signed"):
        _listen(command)
    with subtests.test("trigger"):
        for event in ("refund.completed", "invoice.reversed"):  # what leads to them leads past most others
            assert event in command("trigger", event)[1]
    for words, said in _WRONG:
        with subtests.test(" ".join(words)):
            status, printed, complaint = command(*words)
            assert (status, printed) == (1, "")
            assert said in complaint
            assert "Traceback" not in complaint


def test_every_event_has_a_way_to_be_triggered_or_a_reason_why_not():
    assert {*triggers.TRIGGERS, *triggers.NEVER, triggers.ENDPOINT_TEST} == DELIVERABLE


_WRONG = [
    (["invoices", "create", "nothing"], "nothing is no amount. Write one such as 9.99"),
    (["invoices", "create", "999999"], "INVALID_AMOUNT"),
    (["pay", "inv_nothing"], "INVOICE_NOT_FOUND"),
    (["trigger", "invoice.pade"], "There is no event invoice.pade. There are:"),
    (["trigger", "payment.failed"], "Nothing shortens that"),
    (["trigger", "webhook.test"], "checkout listen"),
    (["listen", "--forward-to", "ftp://x"], "is no address"),
    (["--api-key", "sk_live_1", "pay", "inv_1"], "test mode only"),
    (["--api-key", "sk_test_1", "tail"], "Give a key that works"),
    (["--base-url", "http://127.0.0.1:1", "tail"], "Does the gateway run there?"),
]


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


def _from_the_terminal(command, checkout):
    _, created, _ = command("invoices", "create", "9.99", "--title", "From the terminal")
    invoice = created.split()[0]

    assert created.splitlines()[1] == f"{checkout.base_url}/invoice/{invoice}"
    assert command("pay", invoice)[1].startswith("9.99 USDT sent in transaction ")
    assert triggers.wait_for(checkout, "invoice.paid", invoice)
    assert json.loads(command("invoices", "get", invoice)[1])["amount_received"] == "9.99"
    assert "From the terminal" in command("invoices", "list", "--status", "paid", "--count", "1")[1]


def _listen(command):
    environment = {**os.environ, "PYTHONPATH": str(JAVASCRIPT.parent / "python")}
    with receiving() as receiver:
        words = ["listen", "--forward-to", receiver.url, "--events", "invoice.cancelled"]
        listening = subprocess.Popen(
            [sys.executable, "-m", "crypto_checkout", *words], env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            secret = listening.stdout.readline().split()[-1]
            assert command("trigger", "invoice.cancelled")[0] == 0
            headers, body = receiver.next()
            assert "200" in listening.stdout.readline()
        finally:
            listening.terminate()
            listening.wait(10)
    assert webhooks.verify(body, headers, secret).event == "invoice.cancelled"
    expected = native_signature(secret, headers["X-Crypto-Checkout-Timestamp"], body)
    assert headers["X-Crypto-Checkout-Signature"] == f"sha256={expected}"
