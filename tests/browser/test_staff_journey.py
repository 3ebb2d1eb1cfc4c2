"""Staff put right what went wrong, in real Chromium: in by two steps, from a figure to the row, with a reason."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from chains.sandbox import services as sandbox
from events.models import Event
from merchants.services import confirm_address
from payments import services
from payments.models import Payment
from tests.browser.conftest import PHONE, WIDE, is_complaint
from tests.browser.test_pay_page import headline
from tests.dashboard.people import PASSWORD, app_code
from tests.factories import make_invoice, make_merchant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture
def window(chromium: Browser):
    """Open windows; at the end none of them complained of anything, the page's policy included."""
    opened, problems = [], []

    def open_one(device: dict = WIDE, **options: object) -> Page:
        context = chromium.new_context(**device, **options)
        page = context.new_page()
        page.on("console", lambda message: is_complaint(message) and problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        opened.append(context)
        return page

    yield open_one
    for context in opened:
        context.close()
    assert problems == []


def hire(name: str, group: str) -> User:
    person = User.objects.create_user(f"{name}@example.com", f"{name}@example.com", PASSWORD, is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    confirm_address(user=person)
    return person


def pay(invoice, units: int, asset: str = "USDT") -> None:
    now = timezone.now()
    sandbox.send(address=invoice.address, asset_code=asset, units=units, now=now)
    sandbox.mine(count=3, now=now)
    services.scan(network="sandbox", now=now)


def come_in(page: Page, url: str, name: str) -> None:
    """Sign in where everybody does, set up the second step that is demanded, and take it."""
    page.goto(f"{url}/admin/?mode=test")
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Set up a second step first")).to_be_visible()
    page.get_by_role("link", name="Set up an authenticator app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    secret = page.get_by_role("main").locator("code").inner_text()
    page.get_by_label("Code that the app shows").fill(app_code(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto(f"{url}/admin/?mode=test")
    page.get_by_label("Code").first.fill(app_code(secret))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="This morning")).to_be_visible()


def confirm(page: Page, act: str, reason: str) -> None:
    """Press the button of an act, forget the reason once, then give it."""
    page.get_by_role("button", name=act).click()
    expect(page.get_by_role("heading", name=act)).to_be_visible()
    page.get_by_role("button", name=act).click()
    expect(page.get_by_role("alert")).to_contain_text("required")
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=act).click()
    expect(page.get_by_text(": done.")).to_be_visible()


def test_support_accepts_what_a_customer_paid_too_little(window, live_server, settings, transactional_db):
    settings.STAFF_SECOND_STEP = True
    cache.clear()
    support = hire("sue", "support")
    invoice = make_invoice(make_merchant(timezone.now()), timezone.now())
    pay(invoice, 16_000_000)
    customer = window(PHONE)
    customer.goto(f"{live_server.url}/invoice/{invoice.public_id}")
    expect(customer.get_by_role("main")).to_contain_text("0.49")

    page = window(WIDE)
    come_in(page, live_server.url, "sue")
    figure = page.locator(".figures > div", has_text="Invoices paid in part")
    expect(figure).to_contain_text("1")
    figure.get_by_role("link").click()
    page.get_by_role("link", name=invoice.public_id).click()
    confirm(page, "Accept what arrived", "The exchange kept its fee; the merchant agrees")

    customer.goto(f"{live_server.url}/invoice/{invoice.public_id}")
    expect(headline(customer)).to_have_text("Paid")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.exception) == ("paid", "underpaid")
    page.goto(f"{live_server.url}/admin/events/event/?type=staff.acted")
    page.locator("#result_list tbody a").first.click()
    expect(page.get_by_role("main")).to_contain_text(f"user:{support.pk}")
    expect(page.get_by_role("main")).to_contain_text("The exchange kept its fee")
    page.goto(f"{live_server.url}/admin/merchants/merchant/")
    page.locator("#result_list tbody a").first.click()
    expect(page.get_by_role("button", name="Suspend")).to_have_count(0)


def test_finance_counts_a_deposit_of_the_wrong_coin_on_the_phone(window, live_server, settings, transactional_db):
    settings.STAFF_SECOND_STEP = True
    cache.clear()
    finance = hire("fin", "finance")
    rule = {"late_payment": {"rule": "review", "window_hours": 1}}
    invoice = make_invoice(make_merchant(timezone.now(), **rule), timezone.now())
    pay(invoice, 16_490_000, asset="USDC")
    assert Payment.objects.get().review == "open"

    page = window(PHONE, color_scheme="dark")
    come_in(page, live_server.url, "fin")
    figure = page.locator(".figures > div", has_text="Deposits in the inbox")
    expect(figure).to_contain_text("1")
    figure.get_by_role("link").click()
    page.locator("#result_list tbody a").first.click()
    confirm(page, "Deposit: count it", "The right amount in another dollar")

    customer = window(PHONE, java_script_enabled=False)
    customer.goto(f"{live_server.url}/invoice/{invoice.public_id}")
    expect(headline(customer)).to_have_text("Paid")
    acted = Event.objects.get(type="staff.acted")
    assert (acted.actor, acted.data["act"]) == (f"user:{finance.pk}", "payments.accept_payment")
    page.goto(f"{live_server.url}/admin/?mode=test")
    expect(page.locator(".figures > div", has_text="Deposits in the inbox")).to_contain_text("0")
