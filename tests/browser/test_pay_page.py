"""The customer's way from the link to the shop's thank-you page, in a real browser."""

import gzip
import re
from io import BytesIO

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, Response, expect

from chains.sandbox import services as sandbox
from core.pictures import clean
from events.outbox import dispatch_all
from invoices.models import Invoice
from invoices.services import OptionOrder
from merchants.services import MerchantChanges, update_merchant
from merchants.settings import LOGO_BOX, LOGO_BYTES, as_data_url
from payments.services import scan
from tests.api.signed_up import signed_up
from tests.browser.conftest import wait_until
from tests.factories import make_invoice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIVE_MS = 15_000  # a change on the chain is told by the stream: the page by itself would look after 30 seconds
REFRESH_MS = 30_000  # without one it looks every 10
SIZES = pytest.mark.parametrize("wide", [False, True], ids=["phone", "wide"])


@pytest.fixture
def merchant(transactional_db):
    return signed_up(timezone.now()).merchant


@pytest.fixture
def order(merchant, shop):
    def make(**details):
        return make_invoice(merchant, timezone.now(), **{"return_url": shop, **details})

    return make


def read_chain(*, blocks: int = 0) -> None:
    """Do what worker and beat do: make blocks, read them, hand out what happened."""
    if blocks:
        sandbox.mine(count=blocks, now=timezone.now())
    scan(network="sandbox", now=timezone.now())
    dispatch_all()


# How long somebody stays who has paid, by the page's own clock: ours hears of it late.
STAYED = """() => {
    let paidAt = 0;
    const look = () => {
        if (!paidAt && document.getElementById("state-title").textContent.trim() === "Paid") paidAt = performance.now();
    };
    new MutationObserver(look).observe(document.body, { childList: true, characterData: true, subtree: true });
    window.addEventListener("pagehide", () => sessionStorage.setItem("stayed", performance.now() - paidAt));
}"""


def headline(page: Page):
    return page.locator("#state-title")


def has_no_sideways_scroll(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@SIZES
def test_with_javascript_the_page_follows_the_payment_and_leads_back_to_the_shop(visit, server, order, shop, wide):
    invoice, page = order(), visit(wide=wide).page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(headline(page)).to_contain_text("Waiting for your payment")
    assert has_no_sideways_scroll(page)

    page.get_by_role("button", name="Full amount").click()
    expect(page.locator("#sent")).to_contain_text("The test payment is on its way")
    expect(page).not_to_have_url(re.compile("sent="))
    page.evaluate("window.isSameDocument = true")
    page.evaluate(STAYED)

    read_chain()
    expect(headline(page)).to_have_text("Payment seen", timeout=LIVE_MS)
    expect(page.locator("#announcer")).to_have_text("Payment seen")
    expect(page.locator("#address")).to_have_count(0)

    read_chain(blocks=3)
    expect(headline(page)).to_have_text("Paid", timeout=LIVE_MS)
    expect(page).to_have_title(re.compile("^Paid · Acme VPN Services"))
    assert page.evaluate("window.isSameDocument") is True
    expect(page.locator("[data-redirect-count]")).to_be_visible()

    page.wait_for_url(shop)
    expect(page.get_by_role("heading")).to_have_text("Thank you for your order")

    page.go_back()
    expect(headline(page)).to_have_text("Paid")
    expect(page.locator("[data-redirect-box]")).to_be_hidden()  # once is enough
    assert 4_900 <= float(page.evaluate("sessionStorage.getItem('stayed')")) <= 15_000


@SIZES
def test_without_javascript_the_page_refreshes_itself_and_leads_back_to_the_shop(visit, server, order, shop, wide):
    invoice, page = order(), visit(wide=wide, javascript=False).page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(headline(page)).to_contain_text("Waiting for your payment")
    expect(page.locator("noscript .footer")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)  # nothing that would not work

    page.get_by_role("button", name="Full amount").click()
    expect(page.get_by_text("The test payment is on its way")).to_be_visible()

    read_chain(blocks=3)
    if wide:
        page.reload()  # who is impatient need not wait
    expect(headline(page)).to_have_text("Paid", timeout=REFRESH_MS)
    page.wait_for_url(shop)


def test_a_part_leaves_the_rest_and_the_rest_pays(visit, server, order):
    invoice, page = order(return_url=""), visit().page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    page.get_by_role("button", name="Part of it").click()
    expect(page.locator("#sent")).to_be_visible()
    page.get_by_text("With amount").click()

    read_chain(blocks=1)

    expect(headline(page)).to_have_text("Part of the payment arrived", timeout=LIVE_MS)
    expect(page.locator("#amount")).to_have_text("8.25")
    expect(page.locator("#progress-text")).to_have_text("8.24 of 16.49 USDT received")
    expect(page.locator("#qr-uri")).to_be_checked()  # the choice outlives the change

    page.get_by_role("button", name="Full amount").click()
    expect(page.locator("#amount")).to_have_text("8.25")
    read_chain(blocks=3)
    expect(headline(page)).to_have_text("Paid", timeout=LIVE_MS)
    expect(page.locator("#part-receipts .receipt")).to_have_count(2)
    expect(page.get_by_role("link", name="Return to")).to_have_count(0)


def test_too_much_says_how_much(visit, server, order):
    invoice, page = order(), visit().page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    page.get_by_role("button", name="Too much").click()
    expect(page.locator("#sent")).to_be_visible()

    read_chain(blocks=3)

    expect(page.get_by_text("You sent 2.65 USDT more than was asked for.")).to_be_visible(timeout=LIVE_MS)


def test_whoever_wants_to_stay_stays(visit, server, order):
    invoice, page = order(), visit().page
    sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=timezone.now())
    read_chain(blocks=3)
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(headline(page)).to_have_text("Paid")

    page.get_by_role("link", name="Stay here").click()

    expect(page.locator("[data-redirect-box]")).to_be_hidden()
    page.wait_for_timeout(6_000)
    assert page.url == f"{server}/invoice/{invoice.public_id}"
    expect(page.get_by_role("link", name="Return to")).to_be_focused()


def test_a_payment_that_a_reorg_takes_back_is_asked_for_again(visit, server, merchant, order):
    merchant.settings = {"confirmations": {"sandbox": 5}}
    merchant.save()
    invoice, page = order(), visit().page
    txid = sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=timezone.now())
    read_chain(blocks=3)
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(page.locator("#progress-text")).to_have_text("2 of 5 confirmations")

    sandbox.reorg(depth=3, drop=[txid], now=timezone.now())
    read_chain()

    expect(headline(page)).to_have_text("Waiting for your payment", timeout=LIVE_MS)
    expect(page.locator("#address")).to_be_visible()
    expect(page.get_by_text("Taken back by the network")).to_be_visible()


def test_a_paid_invoice_that_a_reorg_takes_back_does_not_stay_paid_on_the_screen(visit, server, order):
    invoice, page = order(return_url=""), visit().page
    txid = sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=timezone.now())
    read_chain(blocks=3)
    page.clock.install()
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(headline(page)).to_have_text("Paid")

    sandbox.reorg(depth=3, drop=[txid], now=timezone.now())
    read_chain()
    page.clock.fast_forward(61_000)

    expect(headline(page)).to_have_text("Waiting for your payment", timeout=LIVE_MS)
    expect(page.locator("#address")).to_be_visible()
    expect(page.get_by_text("Taken back by the network")).to_be_visible()


def test_the_address_disappears_when_the_time_is_up_whatever_the_customers_clock_says(visit, server, order):
    invoice, page = order(expires_in=10), visit().page
    page.clock.set_fixed_time("2001-01-01T00:00:00Z")
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(page.locator("[data-countdown]")).to_have_text(re.compile("^0:0[1-9]$"))

    expect(headline(page)).to_have_text("This invoice has expired")  # long before the page looks by itself
    expect(page.locator("#address")).to_have_count(0)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_without_a_stream_the_page_asks_by_itself(visit, server, order):
    invoice, opened = order(), visit(tolerated="429")
    opened.context.route("**/events", lambda route: route.fulfill(status=429))
    page = opened.page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=timezone.now())

    read_chain(blocks=3)

    expect(headline(page)).to_have_text("Paid", timeout=REFRESH_MS)


@pytest.mark.parametrize("javascript", [True, False], ids=["with javascript", "without"])
def test_a_transaction_is_looked_for_and_the_answer_stays_until_something_happens(visit, server, order, javascript):
    invoice, page = order(return_url=""), visit(javascript=javascript).page
    read_chain()
    page.goto(f"{server}/invoice/{invoice.public_id}")
    page.get_by_text("Paid, and nothing shows here?").click()
    page.get_by_label("Transaction ID").fill("ef" * 32)

    page.get_by_role("button", name="Look for it").click()
    expect(page.locator("#report-answer")).to_contain_text("It is not on Sandbox yet.")
    if not javascript:
        return
    expect(page).to_have_url(f"{server}/invoice/{invoice.public_id}#part-report")
    with page.expect_response("**/live?*"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#report-answer")).to_contain_text("It is not on Sandbox yet.")
    expect(page.get_by_label("Transaction ID")).to_have_value("ef" * 32)

    sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=timezone.now())
    read_chain(blocks=4)
    expect(headline(page)).to_have_text("Paid", timeout=LIVE_MS)
    expect(page.locator("#part-report")).to_be_hidden()


@pytest.mark.parametrize("label", ["Address only", "With amount"])
def test_the_code_on_the_screen_is_readable(visit, server, order, label):
    invoice, page = order(), visit().page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    page.get_by_text(label).click()

    code = code_on(page)

    address = invoice.address
    assert code.text == {"Address only": address, "With amount": f"sandbox:{address}?asset=USDT&amount=16.49"}[label]


def wait_until_copied(page: Page, text: str) -> None:
    wait_until(page, lambda: page.evaluate("navigator.clipboard.readText()") == text, f"{text} in the clipboard")


def test_copying_gives_the_exact_address_and_amount(visit, server, order):
    invoice, opened = order(), visit(permissions=["clipboard-read", "clipboard-write"])
    page = opened.page
    page.goto(f"{server}/invoice/{invoice.public_id}")

    for name, text in (("Copy amount", "16.49"), ("Copy address", invoice.address)):
        page.get_by_role("button", name=name).click()
        wait_until_copied(page, text)
        expect(page.locator("#announcer")).to_have_text("Copied")

    by_hand = page.evaluate(
        "getSelection().selectAllChildren(document.getElementById('address')) ?? `${getSelection()}`"
    )
    assert by_hand.strip() == invoice.address


def come_back(page: Page) -> None:
    """Go to another tab and come back, as far as the page can tell."""
    page.evaluate(
        """() => {
            for (const state of ["hidden", "visible"]) {
                Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
                document.dispatchEvent(new Event("visibilitychange"));
            }
        }"""
    )


def test_a_click_on_the_amount_or_the_address_copies_it(visit, server, order):
    invoice, opened = order(), visit(permissions=["clipboard-read", "clipboard-write"])
    page = opened.page
    page.goto(f"{server}/invoice/{invoice.public_id}")

    for place, text in (("#amount", "16.49"), ("#address", invoice.address)):
        page.locator(place).click()
        wait_until_copied(page, text)


def test_whoever_comes_back_learns_that_the_address_is_still_the_same(visit, server, order):
    invoice, page = order(), visit().page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(page.locator("#copy-address")).to_be_visible()

    come_back(page)

    expect(page.locator("#address-same")).to_contain_text("the address is still the same")
    expect(page.locator("#address-changed")).to_be_hidden()
    expect(page.locator("#address")).to_be_visible()


@pytest.mark.parametrize(
    "tampering",
    [
        "document.querySelector('#address .group').textContent = 'evil'",
        "document.querySelector('#copy-address').dataset.copy = 'sandbox1evil'",
        "document.querySelector('#copy-amount').dataset.copy = '999'",
    ],
    ids=["text", "copy", "amount"],
)
def test_an_address_that_something_exchanged_is_taken_away_with_a_warning(visit, server, order, tampering):
    invoice, page = order(), visit().page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(page.locator("#copy-address")).to_be_visible()

    page.evaluate(tampering)
    come_back(page)

    expect(page.get_by_role("alert")).to_contain_text("the address on this page has been changed")
    expect(page.locator("#address")).to_have_count(0)
    expect(page.locator(".qr")).to_have_count(0)
    expect(page.locator("#address-same")).to_be_hidden()


def test_what_was_copied_can_be_pasted_to_compare(visit, server, order):
    invoice, page = order(), visit(permissions=["clipboard-read", "clipboard-write"]).page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    page.get_by_role("button", name="Copy address").click()
    wait_until_copied(page, invoice.address)

    field = page.get_by_label("Paste what you copied to check it")
    field.focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#paste-answer")).to_have_text("The same as above.")

    field.fill("sandbox1evil")
    expect(page.locator("#paste-answer")).to_contain_text("This is another address!")


def pressed(page: Page):
    return page.locator("#options [aria-pressed=true]")


@SIZES
@pytest.mark.parametrize("javascript", [True, False], ids=["with javascript", "without"])
def test_the_customer_chooses_what_to_pay_in_and_pays_where_it_was_asked_first(
    visit, server, order, shop, javascript, wide
):
    invoice = order(payment_options=(OptionOrder("BTC"), OptionOrder("USDC")))
    page = visit(wide=wide, javascript=javascript).page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    expect(pressed(page)).to_contain_text("USDT")
    first = page.locator("#address").inner_text()
    if javascript:
        page.evaluate("window.isSameDocument = true")

    page.locator("#options").get_by_role("button", name="BTC").click()
    expect(pressed(page)).to_contain_text("BTC")
    expect(page.locator(".unit")).to_have_text("BTC")
    expect(page.locator("#address")).not_to_have_text(first)
    expect(page.locator("#address-changed")).to_be_hidden()  # it was the customer who changed it
    expect(page.get_by_text("Send only BTC on Sandbox")).to_be_visible()
    assert code_on(page).text == current(invoice).address
    page.get_by_text("With amount").click()
    assert code_on(page).text.startswith(f"sandbox:{current(invoice).address}?asset=BTC&amount=0.000")
    page.get_by_text("Address only").click()
    if javascript:
        assert page.evaluate("window.isSameDocument") is True
        expect(page.locator("#announcer")).to_have_text("You now pay with BTC on Sandbox.")
        expect(page.locator("#copy-address")).to_have_attribute("data-copy", current(invoice).address)
        pressed(page).focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(pressed(page)).to_contain_text("USDC")
        expect(pressed(page)).to_be_focused()
    assert has_no_sideways_scroll(page)

    sandbox.send(address=invoice.address, asset_code="USDT", units=16_490_000, now=timezone.now())
    read_chain(blocks=3)
    if not javascript:
        page.reload()
    expect(headline(page)).to_have_text("Paid", timeout=LIVE_MS)
    expect(page.locator("#options")).to_have_count(0)
    assert (current(invoice).asset_code, current(invoice).address) == ("USDT", invoice.address)


def code_on(page: Page):
    """Return what a camera reads off the screen."""
    picture = page.locator(".qr-image:visible img")
    picture.evaluate("image => image.decode()")
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.screenshot())))
    return code


def current(invoice) -> Invoice:
    return Invoice.objects.get(pk=invoice.pk)


LIMIT_BYTES = 60_000


def wear_the_heaviest_logo(merchant) -> None:
    """Give the merchant a colour and a logo of nothing but noise, as the dashboard would keep it."""
    file = BytesIO()
    Image.effect_noise((900, 900), 90).convert("RGBA").save(file, "PNG")
    logo = as_data_url(clean(file.getvalue(), box=LOGO_BOX, limit=LOGO_BYTES))
    changes = MerchantChanges(settings={"logo": logo, "branding": {"accent_color": "#0a7d5a"}})
    update_merchant(merchant=merchant, changes=changes, now=timezone.now())


def weight_of(response: Response) -> int:
    """Return the bytes that were transferred; files count as production's storage keeps them: compressed."""
    sizes = response.request.sizes()
    body = len(gzip.compress(response.body())) if "/static/" in response.url else sizes["responseBodySize"]
    return int(body + sizes["responseHeadersSize"])


@pytest.mark.parametrize(
    ("javascript", "branded"),
    [(True, False), (False, False), (True, True)],
    ids=["with javascript", "without", "in a merchant's looks"],
)
def test_the_whole_page_is_light_and_styled_after_one_round_trip(visit, server, order, merchant, javascript, branded):
    if branded:
        wear_the_heaviest_logo(merchant)
    every = tuple(OptionOrder(code) for code in ("USDT", "USDC", "BTC", "ETH", "TRX", "BNB", "POL"))
    invoice, page = order(payment_options=every), visit(javascript=javascript).page
    responses: list[Response] = []
    page.on("response", lambda response: response.url.endswith("/events") or responses.append(response))

    page.goto(f"{server}/invoice/{invoice.public_id}", wait_until="load")
    page.get_by_text("With amount").click()
    page.locator(".qr-image-uri img").evaluate("image => image.decode()")

    assert sum(weight_of(response) for response in responses) <= LIMIT_BYTES
    assert len(responses) <= (10 if javascript else 6) + 2 * branded  # its colours and its logo
    styles = [response for response in responses if response.url.endswith(".css")]
    assert len(styles) == 2 + branded  # all named in the page itself
    assert all("@import" not in response.text() for response in styles)


@SIZES
def test_text_twice_as_large_fits(visit, server, order, wide):
    invoice, page = order(), visit(wide=wide).page
    page.goto(f"{server}/invoice/{invoice.public_id}")

    page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert has_no_sideways_scroll(page)
    expect(page.locator("#address")).to_be_visible()


@SIZES
def test_the_page_turns_round_for_languages_that_run_from_right_to_left(visit, server, order, wide):
    invoice, page = order(), visit(wide=wide, locale="ar").page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    page.evaluate("document.documentElement.dir = 'rtl'")

    assert has_no_sideways_scroll(page)
    dot, name = page.locator(".step-dot").first.bounding_box(), page.locator(".step-name").first.bounding_box()
    assert dot["x"] > name["x"]
    assert page.locator("#address").evaluate("element => getComputedStyle(element).direction") == "ltr"


def test_everything_can_be_reached_with_the_keyboard(visit, server, order):
    invoice, page = order(cancel_url="https://merchant.com/basket"), visit(wide=True).page
    page.goto(f"{server}/invoice/{invoice.public_id}")

    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(document.activeElement.innerText || document.activeElement.id).split('\\n')[0]"))

    assert reached == [
        "Skip to the payment",
        "Copy",
        "qr-address",
        "Copy",
        "Go back to merchant.com without paying",
        "Paid, and nothing shows here?",
        "Full amount",
        "Part of it",
        "Too much",
        "What you pay for",
    ]


def test_touch_targets_are_large_enough(visit, server, order):
    invoice, page = order(cancel_url="https://merchant.com/basket"), visit().page
    page.goto(f"{server}/invoice/{invoice.public_id}")
    page.get_by_text("Paid, and nothing shows here?").click()
    expect(page.get_by_label("Transaction ID")).to_be_visible()

    small = page.evaluate(
        """() => [...document.querySelectorAll("a:not(.skip), button, summary, #transaction, .qr-choice label")]
            .filter((element) => element.getBoundingClientRect().height < 44)
            .map((element) => `${element.innerText} ${element.getBoundingClientRect().height}`)"""
    )

    assert small == []
