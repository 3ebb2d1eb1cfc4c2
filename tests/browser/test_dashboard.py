"""The merchant's pages in real Chromium, without JavaScript: nothing overflows, nothing is refused by the policy."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from merchants.models import Member, Wallet
from merchants.services import confirm_address
from tests.browser.conftest import WIDE, is_complaint
from tests.chains.test_addresses import PHRASE, TRX_ACCOUNT
from tests.factories import make_merchant

SMALL = {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True}
FIRST = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def person(settings, valkey):
    settings.CHAINS = {"tron": {"rpc_urls": ["http://127.0.0.1:1"]}}
    merchant = make_merchant(timezone.now())
    user = get_user_model().objects.create_user("me@example.com", "me@example.com", "four unrelated words")
    confirm_address(user=user)
    Member.objects.create(user=user, merchant=merchant, role="owner")
    return user


@pytest.mark.parametrize("device", [SMALL, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_wallet_is_added_and_removed(chromium: Browser, live_server, person, device, scheme):
    context = chromium.new_context(**device, color_scheme=scheme, java_script_enabled=False)
    page, problems = context.new_page(), []
    page.on("console", lambda message: is_complaint(message) and problems.append(message.text))
    page.on("requestfailed", lambda request: problems.append(request.url))

    page.goto(f"{live_server.url}/dashboard/wallets/")
    page.get_by_label("E-mail address").fill("me@example.com")
    page.get_by_label("Password").fill("four unrelated words")
    _fits(page, device)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Wallets")).to_be_visible()
    page.get_by_role("link", name="Add a wallet").click()
    keys = page.get_by_role("link", name=re.compile("Extended public key.*TRON"))
    expect(keys).to_be_visible()
    _fits(page, device)
    keys.click()

    page.get_by_label("Extended public key").fill(PHRASE)
    page.get_by_role("button", name="Show the first addresses").click()
    expect(page.get_by_role("alert")).to_contain_text("move the funds")
    expect(page.get_by_label("Extended public key")).to_have_value("")
    _fits(page, device)

    page.get_by_label("Extended public key").fill(TRX_ACCOUNT)
    page.get_by_role("button", name="Show the first addresses").click()
    expect(page.get_by_text(FIRST)).to_be_visible()
    _fits(page, device)
    page.get_by_role("button", name="Add this wallet").click()
    assert not Wallet.objects.exists()  # the browser asks for the tick
    page.get_by_label("My wallet shows the same addresses.").check()
    page.get_by_role("button", name="Add this wallet").click()
    expect(page.get_by_role("status")).to_contain_text("The wallet was added.")
    expect(page.get_by_text(FIRST)).to_be_visible()
    _fits(page, device)

    page.get_by_role("link", name="Remove TRON").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No wallet yet")).to_be_visible()
    _open_menu(page, device)
    page.get_by_role("link", name="Inbox").click()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    _open_menu(page, device)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("Nothing here is real money.")).to_be_visible()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.get_by_role("button", name="Leave test mode").click()
    expect(page.get_by_text("Nothing here is real money.")).to_have_count(0)
    _open_menu(page, device)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main").get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    context.close()

    refusals = [problem for problem in problems if "422" not in problem]  # the browser notes the refused phrase
    assert refusals == []


def _open_menu(page: Page, device: dict) -> None:
    if device is SMALL:
        page.get_by_text("Menu", exact=True).click()


def _fits(page: Page, device: dict) -> None:
    """The picture of the whole page is as wide as the window: nothing sticks out."""
    edge = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll("html, main *")].map(
            (part) => part.getBoundingClientRect().right))"""
    )
    assert edge <= device["viewport"]["width"] + 0.5
