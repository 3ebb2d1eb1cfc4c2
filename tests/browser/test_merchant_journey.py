"""A merchant's way in real Chromium: from a stranger to a paid invoice and a webhook that came twice."""

import hmac
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from events.outbox import dispatch_all
from invoices.models import Invoice
from merchants.models import APIKey, Member, Wallet
from merchants.services import confirm_address
from payments.services import scan
from tests.browser.conftest import PHONE, WIDE, is_complaint
from tests.browser.test_dashboard import FIRST
from tests.chains.test_addresses import TRX_ACCOUNT
from tests.dashboard.people import PASSWORD, mailed_code
from tests.factories import make_merchant
from tests.webhooks.receiver import Received, Receiver, serve
from webhooks.services import attempt, claim_due

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def receiver(settings):
    settings.CHAINS = {"tron": {"rpc_urls": ["http://127.0.0.1:1"]}}
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    server = serve(receiver)
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def window(chromium: Browser):
    """Open windows; at the end none of them complained of anything."""
    opened, problems = [], []

    def open_one(device: dict) -> Page:
        context = chromium.new_context(**device)
        page = context.new_page()
        page.on("console", lambda message: is_complaint(message) and problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        opened.append(context)
        return page

    yield open_one
    for context in opened:
        context.close()
    assert problems == []


def work() -> None:
    """Do what worker and beat do every few seconds."""
    scan(network="sandbox", now=timezone.now())
    dispatch_all()
    with ThreadPoolExecutor(1) as sender:  # Playwright has a loop of its own in this thread
        while claims := claim_due(now=timezone.now()):  # eight at once for each receiver
            for claim in claims:
                sender.submit(attempt, claim=claim).result()
        sender.submit(connections.close_all).result()


def sign_up(page: Page, url: str) -> None:
    page.goto(f"{url}/dashboard/sign-up/")
    page.get_by_label("Name of your business").fill("Analytical Engines")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the account").click()
    expect(page.get_by_label("Code from the e-mail")).to_be_visible()
    page.get_by_label("Code from the e-mail").fill(mailed_code())
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_title(re.compile("Analytical Engines"))


def add_wallet(page: Page, url: str) -> None:
    page.goto(f"{url}/dashboard/invoices/add/")
    page.get_by_role("link", name="Go to the wallets").click()
    page.get_by_role("link", name="Add a wallet").click()
    page.get_by_role("link", name=re.compile("Extended public key.*TRON")).click()
    page.get_by_label("Extended public key").fill(TRX_ACCOUNT)
    page.get_by_role("button", name="Show the first addresses").click()
    expect(page.get_by_text(FIRST)).to_be_visible()
    page.get_by_label("My wallet shows the same addresses.").check()
    page.get_by_role("button", name="Add this wallet").click()
    expect(page.get_by_role("status")).to_contain_text("The wallet was added.")


def turn_to_test_mode(page: Page, device: dict) -> None:
    if device is PHONE:
        page.get_by_text("Menu", exact=True).click()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("Nothing here is real money.")).to_be_visible()


def create_key(page: Page, url: str) -> None:
    page.goto(f"{url}/dashboard/api-keys/add/")
    page.get_by_label("Name").fill("Web shop")
    page.get_by_label("Everything").check()
    page.get_by_role("button", name="Create the key").click()
    expect(page.get_by_text(re.compile("^sk_test_")).first).to_be_visible()


def add_endpoint(page: Page, url: str, receiver: Receiver) -> str:
    """Return the secret that its webhooks are signed with."""
    page.goto(f"{url}/dashboard/webhooks/add/")
    page.get_by_label("Address of your server").fill(receiver.url())
    page.get_by_role("button", name="Add the endpoint").click()
    secret = page.get_by_role("main").get_by_text(re.compile("^whsec_")).first
    expect(secret).to_be_visible()
    return secret.inner_text()


def create_invoice(page: Page, url: str) -> Invoice:
    page.goto(f"{url}/dashboard/invoices/")
    page.get_by_role("link", name="Create an invoice").first.click()
    page.get_by_label("What is paid for").fill("Order 1001")
    page.get_by_label("Item", exact=True).fill("VPN Premium Plan")
    page.get_by_label("Price of one").fill("9.99")
    page.get_by_role("button", name="Add an item").click()
    second = page.get_by_role("group", name="Item 2")
    second.get_by_label("Item", exact=True).fill("Static IP")
    second.get_by_label("Price of one").fill("5.00")
    page.get_by_label("Tax").fill("1.50")
    page.get_by_label("E-mail address of the customer").fill("grace@example.com")
    expect(page.get_by_text("$16.49")).to_be_visible()
    page.get_by_role("button", name="Preview").last.click()
    expect(page.get_by_text("So your customer will see it.")).to_be_visible()
    assert not Invoice.objects.exists()
    page.get_by_role("button", name="Create the invoice").click()
    expect(page.get_by_role("heading", name="Send it to your customer")).to_be_visible()
    return Invoice.objects.get()


def pay(page: Page, url: str) -> None:
    """Pay what is due by the sandbox panel, and make the blocks that confirm it."""
    page.goto(f"{url}/dashboard/sandbox/")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("the next block takes them")
    page.get_by_label("Blocks", exact=True).fill("3")
    page.get_by_role("button", name="Make them").click()
    expect(page.get_by_role("status")).to_contain_text("3 blocks were made.")


def is_signed(request: Received, secret: str) -> bool:
    """Return whether the request is signed as docs/webhooks.md says."""
    signed = request.headers["X-Crypto-Checkout-Timestamp"].encode() + b"." + request.body
    expected = hmac.new(secret.encode(), signed, "sha256").hexdigest()
    return request.headers["X-Crypto-Checkout-Signature"] == f"sha256={expected}"


def told(receiver: Receiver, event: str) -> list[Received]:
    return [each for each in receiver.requests if json.loads(each.body)["event"] == event]


@pytest.mark.parametrize("device", [WIDE, PHONE], ids=["wide", "phone"])
def test_from_the_first_page_to_a_paid_invoice_and_a_webhook_sent_again(window, live_server, receiver, device):
    page, url = window(device), live_server.url
    if device is WIDE:
        sign_up(page, url)
        add_wallet(page, url)
        assert Wallet.objects.get().network == "tron"
    else:
        user = get_user_model().objects.create_user("ada@example.com", "ada@example.com", PASSWORD)
        confirm_address(user=user)
        Member.objects.create(user=user, merchant=make_merchant(timezone.now()), role="owner")
        page.goto(f"{url}/dashboard/sign-in/")
        page.get_by_label("E-mail address").fill("ada@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
    turn_to_test_mode(page, device)
    if device is WIDE:
        create_key(page, url)
        assert APIKey.objects.filter(name="Web shop").exists()
    secret = add_endpoint(page, url, receiver)

    invoice = create_invoice(page, url)
    watching = page.context.new_page()
    watching.goto(f"{url}/dashboard/invoices/{invoice.public_id}/")
    expect(watching.get_by_text("Nothing has arrived yet.")).to_be_visible()
    pay(page, url)
    work()

    expect(watching.locator("#state")).to_have_text("Paid")
    expect(watching.locator("#story")).to_contain_text("Payment confirmed")
    (paid,) = told(receiver, "invoice.paid")
    assert json.loads(paid.body)["data"]["invoice_id"] == invoice.public_id
    assert is_signed(paid, secret)

    watching.reload()
    watching.get_by_role("button", name="Send again invoice.paid").click()
    expect(watching.get_by_role("status").first).to_contain_text("It is being sent again")
    work()
    assert [each.body for each in told(receiver, "invoice.paid")] == [paid.body, paid.body]
    if device is WIDE:
        watch_a_replay(page, url, receiver)


def watch_a_replay(page: Page, url: str, receiver: Receiver) -> None:
    """Have the last day sent again; its progress moves on by itself."""
    page.goto(f"{url}/dashboard/webhooks/")
    page.get_by_role("link", name=receiver.url()).click()
    page.get_by_role("link", name="Send a period again").click()
    page.get_by_role("button", name="Send them again").click()
    progress = page.get_by_role("progressbar", name="How far it is")
    expect(progress).to_have_attribute("value", "0")
    work()
    expect(progress).to_have_attribute("value", "100")
