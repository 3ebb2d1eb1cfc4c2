"""Clients and the command against an installation that runs: one test, since starting one takes longest."""

import json
import os
import re
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from chains.catalogue import NETWORKS
from config.processes import free_port
from crypto_checkout import Checkout, errors, webhooks
from crypto_checkout.cli import main, triggers
from events.types import DELIVERABLE
from tests.clients.gateway import receiving
from tests.clients.node import JAVASCRIPT, node, run_tests
from tests.running import gateway
from tests.walks import ROOT, events_in, said_by, samples, walk
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


@pytest.mark.long
def test_clients_command_and_samples_do_what_they_say(subtests, installation, key, command, tmp_path):
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
        # What leads to it leads past most others; the samples of docs/command.md have payments reversed and given up.
        assert "refund.completed" in command("trigger", "refund.completed")[1]
    for page in PAGES:
        with subtests.test(f"the samples of docs/{page}.md"):
            _samples(page, installation, key, tmp_path)
    with subtests.test("the README's walk"):
        _walk_of_the_readme(installation.removeprefix("http://"), tmp_path)
    for words, said in _WRONG:
        with subtests.test(" ".join(words)):
            status, printed, complaint = command(*words)
            assert (status, printed) == (1, "")
            assert said in complaint
            assert "Traceback" not in complaint


def test_every_event_has_a_way_to_be_triggered():
    assert {*triggers.TRIGGERS, triggers.ENDPOINT_TEST} == DELIVERABLE


_WRONG = [
    (["invoices", "create", "nothing"], "nothing is no amount. Write one such as 9.99"),
    (["invoices", "create", "999999"], "INVALID_AMOUNT"),
    (["pay", "inv_nothing"], "INVOICE_NOT_FOUND"),
    (["trigger", "invoice.pade"], "There is no event invoice.pade. There are:"),
    (["trigger", "webhook.test"], "checkout listen"),
    (["listen", "--forward-to", "ftp://x"], "is no address"),
    (["--api-key", "sk_live_1", "pay", "inv_1"], "test mode only"),
    (["--api-key", "sk_test_1", "tail"], "Give a key that works"),
    (["--base-url", "http://127.0.0.1:1", "tail"], "Does the gateway run there?"),
]


# Pages whose samples are run, and what the last line of each language's is, where that says how it ended.
PAGES = {
    "quickstart": {"sh": "paid", "python": "paid", "js": "paid"},
    "clients": {},
    "command": {"sh": ""},
    "testing": {},
    "chains": {},
}
# All other samples: who runs them, or why nobody does.
ELSEWHERE = {
    ("webhooks", "python"): "tests/webhooks/test_receivers.py, and below",
    ("webhooks", "js"): "tests/webhooks/test_receivers.py, and below",
    ("cryptic", "python"): "tests/api/cryptic/test_webhooks.py",
    ("embedding", "js"): "tests/browser/test_embedding.py does what it shows, in a browser",
    ("audit", "python"): "tests/dashboard/test_audit_pages.py",
    ("audit", "sh"): "tests/events/test_audit.py runs each of these commands",
    ("dashboard", "python"): "a view, for those who write pages",
    ("admin", "sh"): "tests/operations/test_staff_command.py",
    **dict.fromkeys(
        [("self-hosting", "sh"), ("several-machines", "sh"), ("upgrading", "sh"), ("monitoring", "sh")],
        "commands for an operator's own machines; each has tests of its own",
    ),
}


def test_every_sample_is_run_or_has_a_reason_not_to_be():
    for path in (ROOT / "docs").glob("*.md"):
        for sample in samples(path.stem):
            if sample.language in {"sh", "python", "js"} and not sample.reason:
                known = path.stem in PAGES or (path.stem, sample.language) in ELSEWHERE
                assert known, f"{path.name}: let a test run its {sample.language}, see PAGES and ELSEWHERE"


def test_what_the_clients_make_of_a_webhook_is_as_the_page_says(tmp_path, monkeypatch):
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"id":"evt_1","event":"invoice.paid","api_version":"v1","created_at":"2026-01-15T10:00:00Z",'
    body += b'"livemode":false,"data":{"invoice_id":"inv_1"}}'
    headers = webhooks.sign(body, secret, message_id="whk_1", event="invoice.paid", now=int(time.time()))
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    ours = {one.language: one.code for one in samples("webhooks") if "receive(" in one.code}

    scope: dict = {}
    exec(compile(ours["python"], "webhooks.md", "exec"), scope)
    paid: set[str] = set()
    assert (scope["receive"](body, headers, paid), paid) == (204, {"inv_1"})
    assert scope["receive"](body + b" ", headers, set()) == 400

    code = f"""{ours["js"]}
        const [body, told] = process.argv.slice(2), headers = JSON.parse(told), paid = new Set();
        console.log(receive(body, headers, paid), [...paid].join(), receive(`${{body}} `, headers, paid));
    """
    assert _in_javascript(code, tmp_path, os.environ, body.decode(), json.dumps(headers)) == "204 inv_1 400\n"


def test_the_table_of_chains_is_the_catalogue():
    table = re.findall(
        r"^\| [^|]+ \| `([a-z]+)` \| ([A-Z]+) \| ([A-Z, ]*)\|", (ROOT / "docs/chains.md").read_text(), re.MULTILINE
    )
    named = {code: (coin, {*tokens.replace(",", " ").split()}) for code, coin, tokens in table}

    catalogue = {
        code: (entry.coin, {token.code for token in entry.sides["mainnet"].tokens}) for code, entry in NETWORKS.items()
    }
    assert named == catalogue


def _samples(page, installation, key, tmp_path):
    environment = {
        **os.environ,
        "CHECKOUT_BASE_URL": installation,
        "CHECKOUT_API_KEY": key,
        "PYTHONPATH": str(JAVASCRIPT.parent / "python"),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }
    command = tmp_path / "checkout"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m crypto_checkout "$@"\n')
    command.chmod(0o755)
    for language in ("sh", "python", "js"):
        code = "\n".join(one.code for one in samples(page) if one.language == language and not one.reason)
        if not code:
            continue
        code = code.replace("http://127.0.0.1:8000", installation)
        if language == "js":
            said = _in_javascript(code, tmp_path, environment)
        else:
            program = ["sh", "-eu"] if language == "sh" else [sys.executable, "-"]
            done = subprocess.run(
                program, input=code, capture_output=True, text=True, env=environment, timeout=120, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            said = done.stdout
        ending = PAGES[page].get(language)
        if ending:
            assert said.splitlines()[-1] == ending


def _in_javascript(code, tmp_path, environment, *arguments):
    """Run ``code`` where the client is installed as npm installs a folder: by a link."""
    modules = tmp_path / "node_modules"
    modules.mkdir(exist_ok=True)
    if not (modules / "crypto-checkout-client").exists():
        (modules / "crypto-checkout-client").symlink_to(JAVASCRIPT)
    (tmp_path / "sample.mjs").write_text(code)
    command = [node(), tmp_path / "sample.mjs", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _walk_of_the_readme(address, tmp_path):
    shop = walk("webhook").replace("9000", str(free_port()))
    output = tmp_path / "told"
    patience = f"n=0; until grep -q '^invoice.paid ' {output} || [ $n -ge 600 ]; do sleep 0.1; n=$((n+1)); done"
    commands = f"{walk('sandbox')}\nexec > {output}\n{shop}\n{patience}\nkill $!"
    paid = said_by(commands.replace("127.0.0.1:8000", address))
    told = output.read_text()

    lines = paid.splitlines()
    assert re.fullmatch(rf"http://{address}/invoice/inv_[0-9a-z]{{26}}", lines[0])
    assert events_in(paid) == ["payment.detected", "invoice.confirming", "payment.confirmed", "invoice.paid"]
    assert lines[-1] == "paid"
    told_of = [line for line in told.splitlines() if line.startswith("invoice.paid ")]
    assert len(told_of) == 1
    assert json.loads(told_of[0].removeprefix("invoice.paid "))["data"]["title"] == "Another order"


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
