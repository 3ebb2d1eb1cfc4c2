"""The pages in languages other than English: the longest words, other scripts, from right to left."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from playwright.sync_api import Page

from invoices.models import Invoice
from invoices.services import LinkTerms, create_link, expire_due
from payments.selectors import claim_token
from payments.services import scan
from tests.browser.screens import Stage, screen
from tests.browser.screens.paypage import XRP_ADDRESS, _live, _order, _paid

PHONE = ("phone",)
# One of each kind: long words, right to left, a script of thousands of characters.
KINDS = ("de", "ar", "ja")


def _with_tag(stage: Stage, language: str) -> str:
    stage.settings.CHAINS = {"xrp": {"rpc_urls": ["http://127.0.0.1:1"]}}
    return _live(stage, "xrp", "XRP", kind="single", addresses=[XRP_ADDRESS]) + f"?lang={language}"


def _partly_paid(stage: Stage, language: str) -> str:
    return f"{_paid(stage, _order(stage), units=10_000_000)}&lang={language}"


def _to_return(stage: Stage) -> Invoice:
    invoice = _order(stage)
    invoice.overpayment_action = "refund"
    invoice.save()
    return invoice


def _too_much(stage: Stage, language: str) -> str:
    return f"{_paid(stage, _to_return(stage), units=20_000_000)}&lang={language}"


def _expired(stage: Stage, language: str) -> str:
    invoice = _order(stage, now=stage.now - timedelta(hours=3))
    expire_due(now=stage.now)
    scan(network="sandbox", now=stage.now)
    return f"/invoice/{invoice.public_id}?lang={language}"


def _receipt(stage: Stage, language: str) -> str:
    return _paid(stage, _order(stage)).replace("?stay=1", f"/receipt?lang={language}")


def _refund(stage: Stage, language: str) -> str:
    invoice = _to_return(stage)
    _paid(stage, invoice, units=20_000_000)
    return f"/refund/{claim_token(invoice.refunds.get())}?lang={language}"


def _link(stage: Stage, language: str) -> str:
    stage.visitor = True
    terms = LinkTerms(
        title="Tip jar", currency="EUR", asset_code="USDT", min_amount=Decimal(5), max_amount=Decimal(2500)
    )
    link = create_link(merchant=stage.merchant, livemode=False, terms=terms, now=stage.now)
    return f"/l/{link.slug}?lang={language}"


def _nothing(stage: Stage, language: str) -> str:
    stage.visitor = True
    return f"/invoice/none?lang={language}"


def _look(page: Page) -> None:
    page.locator("#transaction").fill("ef" * 32)
    page.locator(".report-form button").click()
    page.locator("#report-answer").wait_for()


def _open_menu(page: Page) -> None:
    page.locator(".languages summary").click()


def _in(language: str, prepare: Callable[[Stage, str], str]) -> Callable[[Stage], str]:
    return lambda stage: prepare(stage, language)


for _code, _name in settings.LANGUAGES:
    screen("languages", f"{_code} with a tag", devices=PHONE)(_in(_code, _with_tag))
for _code in KINDS:
    screen("languages", f"{_code} partly paid", devices=PHONE)(_in(_code, _partly_paid))
    screen("languages", f"{_code} too much", devices=PHONE)(_in(_code, _too_much))
    screen("languages", f"{_code} expired", devices=PHONE, act=_look)(_in(_code, _expired))
    screen("languages", f"{_code} receipt", devices=PHONE)(_in(_code, _receipt))
    screen("languages", f"{_code} refund", devices=PHONE)(_in(_code, _refund))
    screen("languages", f"{_code} payment link", devices=PHONE, act=_open_menu)(_in(_code, _link))
screen("languages", "ar nothing here")(_in("ar", _nothing))
screen("languages", "ar wide", devices=("wide",))(_in("ar", _partly_paid))
