"""Invoices, payment links and customers."""

from decimal import Decimal

from playwright.sync_api import Page, expect

from chains.sandbox import services as sandbox
from dashboard.saved_views import save_view
from invoices.models import Invoice, Note, PaymentLink
from invoices.services import (
    CustomerDetails,
    LinkTerms,
    OptionOrder,
    SessionOrder,
    Visitor,
    add_note,
    create_customer,
    create_link,
    erase_customer,
    open_link,
    open_session,
)
from merchants.models import Member
from payments.services import choose_option, scan
from tests.browser.screens import Stage, screen
from tests.factories import make_invoice


def _annotated(stage: Stage) -> str:
    invoice = paid(stage, Decimal("0.5"))
    for text in ("The customer called and sends the rest on Monday.", "They asked for a receipt in German."):
        add_note(
            merchant=stage.merchant,
            livemode=False,
            invoice_id=invoice.public_id,
            author=stage.person,
            text=text,
            now=stage.now,
        )
    return f"/dashboard/invoices/{invoice.public_id}/"


def paid(stage: Stage, part: Decimal) -> Invoice:
    stage.testing = True
    customer = CustomerDetails("ada@example.com", "Ada Palmer")
    invoice = make_invoice(stage.merchant, stage.now, customer=customer, metadata={"order_id": "ord_789"})
    sandbox.send(address=invoice.address, asset_code="USDT", units=int(invoice.amount_units * part), now=stage.now)
    sandbox.mine(count=3, now=stage.now)
    scan(network="sandbox", now=stage.now)
    return invoice


def _link(stage: Stage) -> str:
    stage.testing = True
    terms = LinkTerms("VPN Premium Plan", currency="USD", amount=Decimal("9.99"), max_payments=100, asks_email=True)
    return create_link(merchant=stage.merchant, livemode=False, terms=terms, slug="vpn-premium", now=stage.now).slug


@screen("invoices", "empty")
def _(stage: Stage) -> str:
    return "/dashboard/invoices/"


@screen("invoices", "many")
def _(stage: Stage) -> str:
    for _number in range(26):
        make_invoice(stage.merchant, stage.now)
    for part in ("1", "0.5", "1.5"):
        paid(stage, Decimal(part))
    return "/dashboard/invoices/"


def _name_a_view(page: Page) -> None:
    page.get_by_text("Save these filters as a view").click()
    page.get_by_role("button", name="Save the view").click()
    page.get_by_label("Name of the view").fill("Paid")
    page.get_by_role("button", name="Save the view").click()
    page.locator(".field-error").wait_for()


@screen("invoices", "saved views", act=_name_a_view)
def _(stage: Stage) -> str:
    paid(stage, Decimal(1))
    member = Member.objects.create(user=stage.person, merchant=stage.merchant, role="owner")
    for name, query in (("Paid", "status=paid"), ("Waiting for money, the oldest first", "status=waiting&sort=oldest")):
        save_view(member=member, name=name, query=query, now=stage.now)
    return "/dashboard/invoices/?search=VPN"


@screen("invoices", "none like that")
def _(stage: Stage) -> str:
    return "/dashboard/invoices/?search=nothing"


@screen("invoices", "new")
def _(stage: Stage) -> str:
    stage.testing = True
    return f"/dashboard/invoices/{make_invoice(stage.merchant, stage.now).public_id}/"


@screen("invoices", "paid too much")
def _(stage: Stage) -> str:
    return f"/dashboard/invoices/{paid(stage, Decimal('1.5')).public_id}/"


def _cancel(page: Page) -> None:
    page.get_by_text("Cancel this invoice").click()


@screen("invoices", "partly paid and about to be cancelled", act=_cancel)
def _(stage: Stage) -> str:
    return _annotated(stage)


@screen("invoices", "note to change")
def _(stage: Stage) -> str:
    _annotated(stage)
    return f"/dashboard/invoices/notes/{Note.objects.latest('created_at').public_id}/"


def _fill(page: Page) -> None:
    page.get_by_label("What is paid for").fill("Order 1001")
    page.get_by_label("E-mail address of the customer").fill("ada@example.com")
    first = page.get_by_role("group", name="Item 1")
    first.get_by_label("Item", exact=True).fill("VPN Premium Plan")
    first.get_by_label("Price of one").fill("9.99")
    page.get_by_role("button", name="Add an item").click()
    second = page.get_by_role("group", name="Item 2")
    second.get_by_label("Item", exact=True).fill("Static IP")
    second.get_by_label("Quantity").fill("2")
    second.get_by_label("Price of one").fill("2.50")
    page.get_by_label("Tax").fill("1.50")
    page.get_by_label("Tax").blur()
    expect(page.get_by_text("$16.49")).to_be_visible()


def _preview(page: Page) -> None:
    _fill(page)
    page.get_by_role("button", name="Preview").last.click()
    expect(page.get_by_text("So your customer will see it.")).to_be_visible()


def _fill_in_wrongly(page: Page) -> None:
    _fill(page)
    page.get_by_role("group", name="Item 2").get_by_label("Price of one").fill("two")
    page.get_by_label("Tax").focus()
    expect(page.get_by_text("$16.49")).to_have_count(0)
    page.get_by_text("Where it leads, and facts of your own").click()
    page.get_by_label("Value").fill("ord_789")
    with page.expect_response("**/invoices/add/"):
        page.get_by_label("Value").blur()
    page.get_by_role("button", name="Create the invoice").click()
    summary = page.get_by_role("alert", name="Correct this first")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Fact 1, Name").click()
    expect(page.get_by_role("group", name="Fact 1").get_by_label("Name")).to_be_focused()
    summary.get_by_role("link", name="Item 2, Price of one").click()
    expect(page.get_by_role("group", name="Item 2").get_by_label("Price of one")).to_be_focused()


@screen("invoices", "form", act=_fill)
@screen("invoices", "form filled in wrongly", act=_fill_in_wrongly)
@screen("invoices", "preview", act=_preview)
def _(stage: Stage) -> str:
    stage.testing = True
    return "/dashboard/invoices/add/"


@screen("invoices", "form without a wallet")
def _(stage: Stage) -> str:
    return "/dashboard/invoices/add/"


@screen("links", "empty")
def _(stage: Stage) -> str:
    return "/dashboard/payment-links/"


@screen("links", "one")
def _(stage: Stage) -> str:
    _link(stage)
    return "/dashboard/payment-links/"


@screen("links", "opened twice")
def _(stage: Stage) -> str:
    slug = _link(stage)
    for email in ("ada@example.com", "grace@example.com"):
        invoice = open_link(slug=slug, visitor=Visitor(email=email), now=stage.now)
    assert invoice.payment_link
    return f"/dashboard/payment-links/{invoice.payment_link.public_id}/"


def _backwards(page: Page) -> None:
    page.get_by_label("What is paid for").fill("Donation")
    page.get_by_label("Least, when the payer chooses").fill("9")
    page.get_by_label("Most, when the payer chooses").fill("5")
    page.get_by_role("button", name="Create the link").click()
    page.locator(".field-error").first.wait_for()


@screen("links", "bounds the wrong way round", act=_backwards)
def _(stage: Stage) -> str:
    return "/dashboard/payment-links/add/"


@screen("links", "page of one")
def _(stage: Stage) -> str:
    stage.visitor = True
    return f"/l/{_link(stage)}"


@screen("links", "page with a chosen amount")
def _(stage: Stage) -> str:
    stage.visitor = True
    terms = LinkTerms("Donation", currency="EUR", min_amount=Decimal(5), description="For the shelter on Elm Street.")
    return f"/l/{create_link(merchant=stage.merchant, livemode=False, terms=terms, now=stage.now).slug}"


@screen("links", "page of one that is switched off")
def _(stage: Stage) -> str:
    stage.visitor = True
    slug = _link(stage)
    PaymentLink.objects.filter(slug=slug).update(is_active=False)
    return f"/l/{slug}"


@screen("sessions", "page of one")
def _(stage: Stage) -> str:
    stage.visitor = True
    order = SessionOrder(amount=Decimal(50), currency="USD", title="Two seats", crypto_currency="ETH")
    made = open_session(merchant=stage.merchant, livemode=False, order=order, now=stage.now)
    return f"/checkout/{made.session_id}"


@screen("customers", "empty")
def _(stage: Stage) -> str:
    return "/dashboard/customers/"


@screen("customers", "two")
def _(stage: Stage) -> str:
    for email, name in (("ada@example.com", "Ada Palmer"), ("a.very.long.address.of.grace@department.example.com", "")):
        details = CustomerDetails(email, name)
        create_customer(merchant=stage.merchant, livemode=True, details=details, now=stage.now)
    return "/dashboard/customers/"


@screen("customers", "with credit")
def _(stage: Stage) -> str:
    invoice = paid(stage, Decimal("1.5"))
    assert invoice.customer
    return f"/dashboard/customers/{invoice.customer.public_id}/"


def _open_erasure(page: Page) -> None:
    page.get_by_text("Erase personal data").click()
    expect(page.get_by_role("button", name="Erase for good")).to_be_visible()


@screen("customers", "about to be erased", devices=("phone",), act=_open_erasure)
def _(stage: Stage) -> str:
    details = CustomerDetails("ada@example.com", "Ada Palmer", metadata={"phone": "+43 660 1234567"})
    made = create_customer(merchant=stage.merchant, livemode=True, details=details, now=stage.now)
    return f"/dashboard/customers/{made.public_id}/"


@screen("customers", "erased")
def _(stage: Stage) -> str:
    customer = paid(stage, Decimal(1)).customer
    assert customer
    erase_customer(merchant=stage.merchant, livemode=False, public_id=customer.public_id, now=stage.now)
    return f"/dashboard/customers/{customer.public_id}/"


@screen("customers", "add")
def _(stage: Stage) -> str:
    return "/dashboard/customers/add/"


@screen("invoices", "with a choice")
def _(stage: Stage) -> str:
    stage.testing = True
    options = (OptionOrder("BTC"), OptionOrder("ETH"))
    invoice = make_invoice(stage.merchant, stage.now, payment_options=options)
    for code in ("BTC", "USDT", "ETH"):
        choose_option(public_id=invoice.public_id, asset_code=code, network="sandbox", now=stage.now)
    return f"/dashboard/invoices/{invoice.public_id}/"
