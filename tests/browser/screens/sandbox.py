"""The sandbox."""

from playwright.sync_api import Page

from chains.sandbox import services as sandbox
from tests.browser.screens import Stage, screen
from tests.factories import make_invoice


def _unfold(page: Page) -> None:
    page.get_by_text("Reorganise the chain").click()


@screen("sandbox", "with payments", act=_unfold)
def _(stage: Stage) -> str:
    stage.testing = True
    invoice = make_invoice(stage.merchant, stage.now)
    sandbox.mine(count=2, now=stage.now)
    for _number in range(2):
        sandbox.send(address=invoice.address, asset_code="USDT", units=8_245_000, now=stage.now)
        sandbox.mine(count=1, now=stage.now)
    sandbox.send(address=invoice.address, asset_code="USDC", units=1_000_000, now=stage.now)
    return f"/dashboard/sandbox/?invoice={invoice.public_id}"


@screen("sandbox", "live")
def _(stage: Stage) -> str:
    return "/dashboard/sandbox/"
