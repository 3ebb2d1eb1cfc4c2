"""The frame around the pages, and the pages that say no."""

from merchants import services
from merchants.models import Member
from tests.browser.screens import Stage, screen
from tests.factories import make_merchant


def _second_shop(stage: Stage) -> None:
    other = make_merchant(stage.now, email="b@example.com")
    other.business_name = "A second shop with quite a long name, Gesellschaft mbH"
    other.save()
    Member.objects.create(user=stage.person, merchant=stage.merchant, role="owner")
    Member.objects.create(user=stage.person, merchant=other, role="developer")


@screen("shell", "menu open", act=lambda page: page.get_by_text("Menu").click(), devices=("phone",))
def _(stage: Stage) -> str:
    _second_shop(stage)
    return "/dashboard/wallets/"


@screen("shell", "other businesses", act=lambda page: page.locator(".side .switch-handle").click(), devices=("wide",))
def _(stage: Stage) -> str:
    _second_shop(stage)
    stage.testing = True
    return "/dashboard/wallets/"


@screen("shell", "missing")
def _(stage: Stage) -> str:
    return "/dashboard/deposits/pay_1/"


@screen("shell", "not your role")
def _(stage: Stage) -> str:
    stage.role = "viewer"
    return "/dashboard/wallets/add/"


@screen("shell", "suspended")
def _(stage: Stage) -> str:
    services.suspend(merchant=stage.merchant, reason="", now=stage.now)
    return "/dashboard/wallets/"
