"""Settings: the business, its rules, its plan."""

from datetime import date

from playwright.sync_api import Page

from core import context
from events.checking import check_chain
from events.models import ChainHead, Seal
from events.outbox import dispatch_all
from events.sealing import seal_all
from merchants import services
from merchants.models import UsageCount
from merchants.services import MerchantChanges
from tests.browser.screens import Stage, screen


@screen("settings", "business")
def _(stage: Stage) -> str:
    return "/dashboard/business/"


@screen("settings", "business secret", devices=("phone",))
def _(stage: Stage) -> str:
    return "/dashboard/business/webhook-secret/"


def _replace(page: Page) -> None:
    page.get_by_role("button", name="Replace it").click()
    page.get_by_role("heading", name="Signing secret").wait_for()


@screen("settings", "business secret replaced", act=_replace, devices=("phone",))
def _(stage: Stage) -> str:
    return "/dashboard/business/webhook-secret/"


def _rules(stage: Stage) -> str:
    rules = {"payment_tolerance": {"underpayment_threshold": 1}, "confirmations": {"ethereum": 2, "tron": 20}}
    services.update_merchant(merchant=stage.merchant, changes=MerchantChanges(settings=rules), now=stage.now)
    return "/dashboard/payment-rules/"


@screen("settings", "rules")
def _(stage: Stage) -> str:
    return _rules(stage)


def _wrong(page: Page) -> None:
    page.get_by_label("Forgiven when too little is sent").fill("3")
    page.get_by_role("button", name="Save").click()
    page.locator(".field-error").first.wait_for()


@screen("settings", "rules refused", act=_wrong, devices=("wide",))
def _(stage: Stage) -> str:
    return _rules(stage)


@screen("settings", "rules seen by a viewer", devices=("phone",))
def _(stage: Stage) -> str:
    stage.role = "viewer"
    return _rules(stage)


@screen("settings", "plan")
def _(stage: Stage) -> str:
    this_month = stage.now.date().replace(day=1)
    for month, count in ((this_month, 9_240), (date(2026, 2, 1), 7_301), (date(2026, 1, 1), 10_000)):
        UsageCount.objects.create(merchant=stage.merchant, livemode=True, month=month, invoices=count)
    return "/dashboard/plan/"


@screen("settings", "plan unused", devices=("phone",))
def _(stage: Stage) -> str:
    return "/dashboard/plan/"


def _history(stage: Stage) -> None:
    """Let the person change settings twice and make a key, and seal what happened."""
    with context.caller(actor=f"user:{stage.person.pk}", ip_address="2001:db8::7334", user_agent="Mozilla/5.0 (X11)"):
        for minutes in (45, 60):
            settings = {"invoice_expiry_minutes": minutes, "payment_tolerance": {"overpayment_threshold": minutes}}
            services.update_merchant(merchant=stage.merchant, changes=MerchantChanges(settings=settings), now=stage.now)
        grant = services.Grant(livemode=True, permissions=["*"])
        order = services.KeyOrder("Shop", livemode=False, permissions=["invoices:read"])
        services.create_api_key(merchant=stage.merchant, order=order, grant=grant, now=stage.now)
    dispatch_all()
    seal_all(now=stage.now)


@screen("settings", "audit")
def _(stage: Stage) -> str:
    _history(stage)
    check_chain(chain=stage.merchant.pk, now=stage.now)
    return "/dashboard/audit/"


@screen("settings", "audit broken", devices=("wide",))
def _(stage: Stage) -> str:
    _history(stage)
    problem = {"problem": "Entry 4 is not what was sealed.", "checked_number": 3, "checked_at": stage.now}
    ChainHead.objects.filter(pk=stage.merchant.pk).update(**problem)
    return "/dashboard/audit/?about=wallet."


@screen("settings", "audit empty", devices=("phone",))
def _(stage: Stage) -> str:
    return "/dashboard/audit/"


@screen("settings", "audit entry")
def _(stage: Stage) -> str:
    _history(stage)
    changed = Seal.objects.filter(event__type="merchant.updated").latest("number")
    return f"/dashboard/audit/{changed.entry_id}/"


@screen("settings", "notifications")
def _(stage: Stage) -> str:
    return "/dashboard/notifications/"


@screen("settings", "notifications that reach nobody", devices=("phone",))
def _(stage: Stage) -> str:
    stage.role = "viewer"
    stage.merchant.members.all().delete()
    return "/dashboard/notifications/"
