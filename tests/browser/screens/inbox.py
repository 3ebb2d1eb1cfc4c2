"""Money that fits no invoice."""

from playwright.sync_api import Page

from tests.browser.screens import Stage, screen
from tests.dashboard.money import make_deposit


@screen("inbox", "empty")
def _(stage: Stage) -> str:
    return "/dashboard/deposits/"


@screen("inbox", "one waits")
def _(stage: Stage) -> str:
    make_deposit(stage.merchant, stage.now)
    stage.testing = True
    return "/dashboard/deposits/"


@screen("inbox", "deposit")
def _(stage: Stage) -> str:
    stage.testing = True
    return f"/dashboard/deposits/{make_deposit(stage.merchant, stage.now).public_id}/"


def _no_such_invoice(page: Page) -> None:
    page.get_by_label("For the invoice").fill("inv_1")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("alert").wait_for()


@screen("inbox", "deposit for no invoice", act=_no_such_invoice)
def _(stage: Stage) -> str:
    stage.testing = True
    return f"/dashboard/deposits/{make_deposit(stage.merchant, stage.now).public_id}/"
