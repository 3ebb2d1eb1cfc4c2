"""What a customer sees in each state of an invoice: on a phone and a wide screen, with and without JavaScript."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from chains.sandbox import services as sandbox
from invoices.models import Invoice
from invoices.services import expire_due
from payments.services import cancel_invoice, scan
from tests.api.signed_up import signed_up
from tests.browser.test_pay_page import SIZES, has_no_sideways_scroll, headline
from tests.factories import make_invoice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOP = "https://merchant.com/thanks"


@pytest.fixture
def invoices(transactional_db):
    """One invoice in each state, by the state's name."""
    now = timezone.now()
    merchant = signed_up(now).merchant
    merchant.settings = {"confirmations": {"sandbox": 4}}
    merchant.save()

    def make(at=now, **changes):
        invoice = make_invoice(merchant, at, return_url=SHOP, cancel_url="https://merchant.com/basket")
        for name, value in changes.items():
            setattr(invoice, name, value)
        invoice.save()
        return invoice

    made = {
        "waiting": make(),
        "partial": make(),
        "confirming": make(),
        "paid": make(),
        "over": make(overpayment_action="refund"),
        "late": make(at=now - timedelta(hours=3)),
        "expired": make(at=now - timedelta(hours=3)),
        "cancelled": make(),
    }
    expire_due(now=now)
    cancel_invoice(
        merchant=merchant,
        livemode=False,
        public_id=made["cancelled"].public_id,
        reason="",
        refund_partial_payments=False,
        now=now,
    )
    for state in ("paid", "over", "late", "partial"):
        units = {"over": 20_000_000, "partial": 10_000_000}.get(state, made[state].amount_units)
        sandbox.send(address=made[state].address, asset_code="USDT", units=units, now=now)
    sandbox.mine(count=3, now=now)
    confirming = made["confirming"]
    sandbox.send(address=confirming.address, asset_code="USDT", units=confirming.amount_units, now=now)
    sandbox.mine(count=2, now=now)
    scan(network="sandbox", now=timezone.now())
    return made


@dataclass
class Customer:
    """Somebody who opens invoices and reads what is there."""

    page: Page
    server: str
    invoices: dict[str, Invoice]

    def opens(self, state: str, title: str) -> Page:
        """Open the invoice in ``state``; ``?stay=1`` keeps the page from reloading itself or leaving."""
        self.page.goto(f"{self.server}/invoice/{self.invoices[state].public_id}?stay=1")
        expect(headline(self.page), state).to_have_text(title)
        assert has_no_sideways_scroll(self.page), state
        return self.page

    def reads(self, *sentences: str) -> None:
        for sentence in sentences:
            expect(self.page.get_by_text(sentence).first, sentence).to_be_visible()

    def is_at(self, step: str) -> None:
        expect(self.page.locator("[aria-current=step] .step-name")).to_contain_text(step)


@SIZES
@pytest.mark.parametrize("javascript", [True, False], ids=["with javascript", "without"])
def test_each_state_says_what_is_and_what_comes(visit, server, invoices, wide, javascript):
    customer = Customer(visit(wide=wide, javascript=javascript, tolerated="422").page, server, invoices)

    _sees_what_is_due(customer)
    _sees_it_arrive(customer)
    _comes_too_late(customer)
    _claims_what_was_too_much(customer)


def _sees_what_is_due(customer: Customer) -> None:
    page = customer.opens("waiting", "Waiting for your payment")
    customer.is_at("Waiting for payment")
    customer.reads("Send exactly", "Network: Sandbox", "To this Sandbox address", "Pay until")
    expect(page.locator("#amount")).to_have_text("16.49")
    expect(page.locator(".qr-image:visible img")).to_have_count(1)
    expect(page.locator(".qr-image-uri img")).to_have_attribute("src", re.compile("v=16490000$"))

    customer.opens("partial", "Part of the payment arrived")
    customer.is_at("Part of the payment seen")
    customer.reads("10.00 of 16.49 USDT received", "You have time: now that a part is here", "Still due")
    expect(page.locator("#amount")).to_have_text("6.49")
    expect(page.locator("#address")).to_be_visible()
    expect(page.locator(".qr-image-uri img")).to_have_attribute("src", re.compile("v=6490000$"))


def _sees_it_arrive(customer: Customer) -> None:
    page = customer.opens("confirming", "Payment seen")
    customer.is_at("Confirming")
    customer.reads("Sandbox is confirming it.", "1 of 4 confirmations")
    expect(page.locator("#part-receipts .receipt")).to_contain_text("16.49 USDT")
    expect(page.locator("#address")).to_have_count(0)

    customer.opens("paid", "Paid")
    customer.reads("has received your payment. Thank you.", "Invoice opened", "Confirmed")
    expect(page.locator(".step-done time")).to_have_count(4)
    expect(page.get_by_role("link", name="Return to merchant.com")).to_have_attribute("href", SHOP)
    expect(page.get_by_role("link", name="as PDF")).to_be_visible()
    page.get_by_role("link", name="Receipt").click()
    customer.reads("Receipt", "16.49")


def _comes_too_late(customer: Customer) -> None:
    page = customer.opens("late", "Paid")
    customer.reads("The payment was sent after the deadline. It was accepted all the same.", "after the deadline")

    customer.opens("expired", "This invoice has expired")
    customer.is_at("Expired")
    customer.reads("Please do not send money to it any more.", "Have you paid already?")
    expect(page.locator("#address")).to_have_count(0)
    page.get_by_label("Transaction ID").fill("I did pay")
    page.get_by_role("button", name="Look for it").click()
    customer.reads("This is no transaction ID.")
    page.get_by_label("Transaction ID").fill("ef" * 32)
    page.get_by_role("button", name="Look for it").click()
    customer.reads("It is not on Sandbox yet.")

    customer.opens("cancelled", "This invoice was cancelled")
    customer.is_at("Cancelled")
    customer.reads("Please do not send money to it.", "Have you paid already?")
    expect(page.locator("#address")).to_have_count(0)
    expect(page.get_by_role("link", name="Back to merchant.com")).to_be_visible()


def _claims_what_was_too_much(customer: Customer) -> None:
    page = customer.opens("over", "Paid")
    customer.reads("You sent 3.51 USDT more than was asked for.", "going to return the difference, and has to know")
    page.get_by_role("link", name="Claim 3.51 USDT").click()
    page.get_by_label("Your address on Sandbox").fill(sandbox.new_address())
    page.get_by_role("button", name="Continue").click()
    customer.reads("Is every character right?")
    page.get_by_role("button", name="Yes, send it there").click()
    customer.reads("sends the money to the address below.")

    customer.opens("over", "Paid")
    customer.reads("is going to return the difference.", "Will be returned")
    expect(page.locator("#part-receipts")).to_contain_text("−3.51 USDT")
