"""What goes back."""

from playwright.sync_api import Page

from chains.sandbox import services as sandbox
from payments.services import scan
from tests.browser.screens import Stage, screen
from tests.dashboard.vaults import KEYS, make_refund
from tests.factories import make_invoice


def _with_vault(stage: Stage) -> None:
    stage.settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    stage.settings.VAULT_KEYS = KEYS


@screen("refunds", "many")
def _(stage: Stage) -> str:
    _with_vault(stage)
    make_refund(stage.merchant, stage.now)
    make_refund(stage.merchant, stage.now, address="", kind="surplus")
    make_refund(stage.merchant, stage.now, is_held=True, kind="part")
    seen = {"status": "completed", "txid": "0x3", "named_txid": "0x4", "ordinal": 0}
    make_refund(stage.merchant, stage.now, kind="cancellation", **seen)
    return "/dashboard/refunds/"


@screen("refunds", "to be sent")
def _(stage: Stage) -> str:
    _with_vault(stage)
    refund = make_refund(stage.merchant, stage.now, reason="Broken on arrival")
    return f"/dashboard/refunds/{refund.public_id}/"


def _wrong_address(page: Page) -> None:
    page.locator("#to_address").fill("0x52908400098527886E0F")
    page.get_by_role("button", name="Use this address").click()
    page.locator(".field-error").first.wait_for()


@screen("refunds", "the customer has to say", act=_wrong_address)
def _(stage: Stage) -> str:
    _with_vault(stage)
    return f"/dashboard/refunds/{make_refund(stage.merchant, stage.now, address='').public_id}/"


def _too_much(page: Page) -> None:
    page.get_by_label("An amount of USDT").check()
    page.get_by_label("Amount in USDT").fill("20")
    page.get_by_role("button", name="Open the refund").click()
    page.locator(".field-error").first.wait_for()


@screen("refunds", "more than is left", act=_too_much)
def _(stage: Stage) -> str:
    stage.testing = True
    invoice = make_invoice(stage.merchant, stage.now)
    sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=stage.now)
    sandbox.mine(count=3, now=stage.now)
    scan(network="sandbox", now=stage.now)
    return f"/dashboard/invoices/{invoice.public_id}/refund/"
