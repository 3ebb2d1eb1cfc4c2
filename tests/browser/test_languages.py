"""A customer's language stays with them: from the menu through live changes to the receipt."""

import pytest
from django.utils import timezone
from playwright.sync_api import Response, expect

from chains.sandbox import services as sandbox
from tests.browser.test_pay_page import LIMIT_BYTES, LIVE_MS, merchant, order, read_chain, weight_of  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_language_chosen_in_the_menu_holds_while_the_page_changes_and_on_the_receipt(visit, server, order):  # noqa: F811
    invoice, page = order(return_url=""), visit(locale="de-DE").page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#state-title")).to_have_text("Wir warten auf Ihre Zahlung")
    expect(page.locator("#amount")).to_have_text("16,49")
    expect(page.locator("#copy-amount")).to_have_attribute("data-copy", "16.49")

    page.locator(".languages summary").press("Enter")
    page.get_by_role("link", name="日本語").click()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page).to_have_title("16.49 USDT のお支払い · Acme VPN Services")

    sandbox.send(address=invoice.address, asset_code="USDT", units=10_000_000, now=timezone.now())
    read_chain()
    expect(page.locator("#state-title")).to_have_text("お支払いの一部が届きました", timeout=LIVE_MS)
    expect(page.locator("#announcer")).to_have_text("お支払いの一部が届きました")
    expect(page.locator(".amount-block .label")).to_have_text("残りのお支払い額")

    sandbox.send(address=invoice.address, asset_code="USDT", units=6_490_000, now=timezone.now())
    read_chain(blocks=4)
    expect(page.locator("#state-title")).to_have_text("支払い済み", timeout=LIVE_MS)
    expect(page).to_have_title("支払い済み · Acme VPN Services")
    page.get_by_role("link", name="領収書", exact=True).click()
    expect(page.locator("h1")).to_have_text("領収書")


def test_without_javascript_the_menu_works_and_arabic_runs_from_right_to_left(visit, server, order):  # noqa: F811
    invoice, page = order(), visit(javascript=False).page
    page.goto(f"{server}/invoice/{invoice.public_id}")

    page.locator(".languages summary").click()
    page.get_by_role("link", name="العربيّة").click()

    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#state-title")).to_have_text("في انتظار دفعتك")
    amount = page.locator("#amount").bounding_box()
    unit = page.locator(".amount-block .unit").bounding_box()
    assert amount["x"] < unit["x"]  # 16.49 USDT, as a wallet shows it
    assert page.locator("#address").evaluate("element => getComputedStyle(element).direction") == "ltr"


def test_a_page_in_a_larger_alphabet_stays_light(visit, server, order):  # noqa: F811
    invoice, page = order(), visit().page
    responses: list[Response] = []
    page.on("response", lambda response: response.url.endswith("/events") or responses.append(response))

    page.goto(f"{server}/invoice/{invoice.public_id}?lang=ru", wait_until="load")
    page.get_by_text("С суммой").click()
    page.locator(".qr-image-uri img").evaluate("image => image.decode()")

    assert sum(weight_of(response) for response in responses) <= LIMIT_BYTES


def test_the_documentation_is_found_and_searched_on_a_phone_under_its_strict_policy(visit, server):
    page = visit().page
    page.goto(f"{server}/docs/errors#invalid-amount")

    expect(page.get_by_role("heading", name="INVALID_AMOUNT")).to_be_in_viewport()
    page.get_by_text("All pages").click()
    page.get_by_role("link", name="Quick start").click()
    expect(page.get_by_role("heading", name="With JavaScript")).to_be_visible()
    page.get_by_role("searchbox").fill("confirmations")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Confirmations", exact=True).click()
    expect(page).to_have_url(f"{server}/docs/concepts#confirmations")
