"""A shop on another site shows the pay page within its own: it is told what happens, and nobody else is."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from invoices.models import Invoice
from invoices.services import LinkTerms, OptionOrder, create_link
from merchants.services import MerchantChanges, update_merchant
from tests.api.signed_up import signed_up
from tests.browser.conftest import wait_until
from tests.browser.test_pay_page import LIVE_MS, headline, read_chain
from tests.browser.test_screens import AXE, RULES
from tests.factories import make_invoice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTENER = """
window.heard = [];
window.messages = 0;
const root = document.documentElement;
const types = new Set(); // a page may tell its height as often as it changes
window.addEventListener("message", ({ data }) => {
  window.messages += 1;
  root.dataset.types = [...types.add(data.type)].join(" ");
});
document.addEventListener("crypto-checkout", ({ detail }) => {
  if (detail.type !== "resize") window.heard.push([detail.type, detail.status ?? ""].filter(Boolean).join(" "));
  root.dataset.heard = window.heard.join(", ");
});
"""
PAGE = """<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,">
<main><h1>Shop</h1>{body}<div id="inline"></div></main>
<script src="/listener.js"></script><script src="{pay}/checkout.js"></script></html>"""


@pytest.fixture
def shop_at(server) -> Iterator[Callable[..., str]]:
    """Serve a shop's page under the strictest policy that lets it use us; return its origin."""
    running = []

    def serve(body: str, *, host: str = "localhost") -> str:
        class Shop(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_script = self.path == "/listener.js"
                content = (LISTENER if is_script else PAGE.format(body=body, pay=server)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/javascript" if is_script else "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                policy = f"default-src 'none'; script-src 'self' {server}; frame-src 'self' {server}; img-src data:"
                self.send_header("Content-Security-Policy", policy)
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
        running.append(shop)
        Thread(target=shop.serve_forever, daemon=True).start()
        return f"http://{host}:{shop.server_address[1]}"

    yield serve
    for shop in running:
        shop.shutdown()
        shop.server_close()


@pytest.fixture
def merchant(transactional_db):
    return signed_up(timezone.now()).merchant


def allow(merchant, *origins: str) -> None:
    looks = {"branding": {"allowed_origins": list(origins)}}
    update_merchant(merchant=merchant, changes=MerchantChanges(settings=looks), now=timezone.now())


def heard(page: Page) -> list[str]:
    return page.evaluate("window.heard")


def test_a_button_opens_a_modal_in_which_is_paid_and_the_shop_is_told(visit, server, merchant, shop_at):
    terms = LinkTerms("VPN", currency="USD", amount=Decimal(5))
    slug = create_link(merchant=merchant, livemode=False, terms=terms, now=timezone.now()).slug
    shop = shop_at(f'<a href="{server}/l/{slug}" data-crypto-checkout-link="{slug}">Pay with crypto</a>')
    allow(merchant, shop)
    opened = visit(wide=True, reduced_motion="reduce")  # nothing is half seen while it is looked at
    page = opened.page
    page.goto(shop)
    button = page.get_by_role("link", name="Pay with crypto")

    button.click()
    frame = page.frame_locator("dialog iframe")
    expect(page.get_by_role("dialog", name="VPN")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("button", name="Close")).to_be_focused()
    assert page.evaluate("document.documentElement.style.overflow") == "hidden"
    page.evaluate(AXE)
    found = page.evaluate("r => axe.run(document, {...r, iframes: false})", RULES["light"])
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]] == []

    frame.get_by_role("button", name="Continue to the payment").click()
    expect(frame.locator("#state-title")).to_contain_text("Waiting for your payment")
    frame.get_by_role("button", name="Full amount").click()
    expect(frame.locator("#sent")).to_contain_text("The test payment is on its way")
    read_chain(blocks=4)
    expect(frame.locator("#state-title")).to_have_text("Paid", timeout=LIVE_MS)
    expect(page.locator("html")).to_have_attribute("data-heard", re.compile("paid paid"))
    assert page.locator("dialog iframe").bounding_box()["height"] > 300
    assert [cookie for cookie in opened.context.cookies() if cookie["domain"] != "localhost"] == []

    frame.locator("#state-title").click()
    page.keyboard.press("Escape")

    expect(page.locator("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    assert page.evaluate("document.documentElement.style.overflow") == ""
    events = heard(page)
    assert events[0] == "ready"
    assert [each for each in events if each != "ready"][-3:] == ["status paid", "paid paid", "closed paid"]
    assert "status awaiting" in events
    assert Invoice.objects.get().status == "paid"


def is_as_high(page: Page, box: Locator, body: Locator) -> None:
    """No scrollbar within, no gap below: as soon as the frame has told what is in it, and the shop's page has heard."""
    measure = "element => Math.ceil(element.getBoundingClientRect().height)"
    wait_until(page, lambda: abs(box.evaluate(measure) - body.evaluate(measure)) <= 1, "the frame as high as its page")


def test_a_shop_shows_an_invoice_in_an_element_of_its_own(visit, server, merchant, shop_at):
    options = (OptionOrder("BTC"), OptionOrder("USDC"))
    invoice = make_invoice(merchant, timezone.now(), payment_options=options)
    shop = shop_at("")
    allow(merchant, shop)
    page = visit().page
    page.goto(shop)

    page.evaluate(
        "id => { window.pane = CryptoCheckout.mount(document.getElementById('inline'), {invoice: id, lang: 'de'}); }",
        invoice.public_id,
    )

    frame = page.frame_locator("#inline iframe")
    expect(frame.locator("html")).to_have_attribute("lang", "de")
    frame.locator("#options").get_by_role("button", name="BTC").click()
    expect(frame.locator(".unit")).to_have_text("BTC")
    expect(frame.locator("#state-title")).to_contain_text("Wir warten auf Ihre Zahlung")  # with no cookie that says so
    frame.locator("#report-fold summary").click()
    frame.locator("#transaction").fill("ab" * 32)
    frame.locator(".report-form button").click()
    expect(frame.locator("#report-answer")).to_be_visible()
    expect(frame.locator("#state-title")).to_contain_text("Wir warten auf Ihre Zahlung")
    expect(frame.locator(".unit")).to_have_text("BTC")
    box, body = page.locator("#inline iframe"), frame.locator("body")
    is_as_high(page, box, body)
    body.evaluate("body => body.append(Object.assign(document.createElement('pre'), {textContent: '\\n'.repeat(50)}))")
    is_as_high(page, box, body)
    frame.locator("pre").last.evaluate("block => block.remove()")
    is_as_high(page, box, body)
    box.evaluate("frame => { frame.style.height = '90px'; }")
    page.evaluate("frames[0].postMessage({ source: 'crypto-checkout', version: 1, type: 'hello' }, '*')")
    is_as_high(page, box, body)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.evaluate("postMessage({source: 'crypto-checkout', version: 1, type: 'paid', status: 'paid'}, '*')")
    page.wait_for_timeout(300)
    assert "paid paid" not in heard(page)  # whoever else is on the page pays nothing
    page.evaluate("window.pane.close()")
    expect(box).to_have_count(0)


def _without_policy(route: Route) -> None:
    response = route.fetch()
    kept = {name: value for name, value in response.headers.items() if name != "content-security-policy"}
    route.fulfill(response=response, headers=kept)


def test_a_site_that_is_not_allowed_sees_nothing_and_hears_nothing(visit, server, merchant, shop_at):
    invoice = make_invoice(merchant, timezone.now())
    evil = shop_at(f'<button data-crypto-checkout-invoice="{invoice.public_id}">Pay</button>')
    allow(merchant, shop_at(""))
    opened = visit(tolerated="")
    page = opened.page
    page.clock.install()
    page.goto(evil)

    page.get_by_role("button", name="Pay").click()
    wait_until(page, lambda: any("frame-ancestors" in problem for problem in opened.problems), "a refusal to be framed")
    expect(page.frame_locator("dialog iframe").locator("body")).not_to_contain_text("USDT")
    page.clock.fast_forward(10_001)

    plain = page.get_by_role("link", name="Open the payment page")
    expect(plain).to_have_attribute("href", f"{server}/invoice/{invoice.public_id}")
    assert page.evaluate("window.messages") == 0
    assert heard(page) == []
    opened.problems.clear()

    opened.context.route("**/embed/**", _without_policy)  # a browser that knows no frame-ancestors
    page.goto(evil)
    page.get_by_role("button", name="Pay").click()
    expect(page.frame_locator("dialog iframe").locator("#state-title")).to_contain_text("Waiting for your payment")
    page.wait_for_timeout(500)
    assert page.evaluate("window.messages") == 0
    assert heard(page) == []


def test_a_frame_talks_to_its_parent_only_and_only_after_hello(visit, server, merchant, shop_at):
    invoice = make_invoice(merchant, timezone.now())
    shop = shop_at("")
    allow(merchant, shop)
    page = visit().page
    page.goto(shop)
    page.evaluate(
        """src => new Promise((done) => {
            const frame = document.createElement("iframe");
            frame.src = src;
            frame.onload = done;
            document.body.append(frame);
        })""",
        f"{server}/embed/invoice/{invoice.public_id}",
    )
    expect(page.frame_locator("iframe").locator("#state-title")).to_contain_text("Waiting for your payment")
    page.wait_for_timeout(300)
    assert page.evaluate("window.messages") == 0  # nobody has said hello yet

    pane = page.frames[1]
    hello = "{ source: 'crypto-checkout', version: 1, type: 'hello' }"
    pane.evaluate(f"window.postMessage({hello}, location.origin)")  # from the frame itself, not from its parent
    page.evaluate("frames[0].postMessage({ source: 'somebody', version: 1, type: 'hello' }, '*')")
    page.evaluate(
        """() => new Promise((done) => {
            const sibling = document.createElement("iframe");
            sibling.src = "/sibling";
            sibling.onload = done;
            document.body.append(sibling);
        })"""
    )
    page.frames[2].evaluate(f"parent.frames[0].postMessage({hello}, '*')")  # its origin is allowed, its window is not
    page.wait_for_timeout(300)
    assert page.evaluate("window.messages") == 0

    page.evaluate(f"frames[0].postMessage({hello}, '*')")
    expect(page.locator("html")).to_have_attribute("data-types", "ready resize status")
    expect(headline(page)).to_have_count(0)
