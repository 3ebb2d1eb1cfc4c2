"""The staff's pages: the morning, lists, rows, what can be done to them, and the door."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

from django.contrib.auth.models import Group
from django.core.cache import cache
from playwright.sync_api import Page

from analytics.models import InvoiceFact
from chains.health import EndpointHealth
from core.ids import uuid7
from events.models import FailedTask
from invoices.models import Invoice, RateSheet
from merchants import services
from merchants.services import MerchantChanges
from payments.models import Cursor, Payout
from payments.overview import publish_endpoints
from tests.browser.screens import Stage, screen
from tests.operations.rows import make_rows
from tests.staff import page_of

# What axe-core finds in Django's own templates, which we do not copy to change them.
DJANGOS = {
    "label-title-only": "the search field is labelled by a picture with a text",
    "empty-table-header": "the column of the first cell of rows within a row has no heading",
    "scrollable-region-focusable": "rows within a row scroll; browsers give the keyboard a way to do that themselves",
}
_screen = partial(screen, "staff", tolerated=DJANGOS)
REVIEWED = MerchantChanges(settings={"late_payment": {"rule": "review", "window_hours": 1}})


def _staff(stage: Stage, group: str = "operator") -> None:
    """Let the stage's person be of the staff; who is a member of a merchant may be that too."""
    cache.clear()
    stage.person.is_staff = True
    stage.person.save()
    stage.person.groups.add(Group.objects.get(name=group))


def _two_weeks(stage: Stage) -> None:
    for day in range(14):
        for number in range(day % 5 + 2):
            made = stage.now - timedelta(days=13 - day)
            InvoiceFact.objects.create(
                invoice_id=uuid7(),
                merchant_id=stage.merchant.pk,
                livemode=False,
                created_at=made,
                paid_at=made if number % 3 else None,
                currency="USD",
                total=Decimal("16.49"),
                asset_code="USDT",
                network="sandbox",
                sequence=day * 100 + number,
            )


def _rows(stage: Stage) -> dict:
    services.update_merchant(merchant=stage.merchant, changes=REVIEWED, now=stage.now)
    return make_rows(stage.now, merchant=stage.merchant)


@_screen("morning")
def _(stage: Stage) -> str:
    _staff(stage)
    _rows(stage)
    _two_weeks(stage)
    Payout.objects.update(waiting_reason="staff")
    Cursor.objects.update(scanned_at=stage.now, tip_height=40, height=20)
    publish_endpoints(
        "sandbox", [EndpointHealth("one", True, 0, 80, 0, 0, ""), EndpointHealth("two", False, 3, 0, 0, 0, "x")]
    )
    Invoice.objects.update(status="partial")
    return "/admin/?mode=test"


@_screen("morning calm", devices=("phone",))
def _(stage: Stage) -> str:
    _staff(stage, "support")
    return "/admin/"


@_screen("invoices")
def _(stage: Stage) -> str:
    _staff(stage)
    _rows(stage)
    return page_of(Invoice)


@_screen("invoice")
def _(stage: Stage) -> str:
    _staff(stage, "finance")
    invoice = _rows(stage)["invoices.invoice"]
    Invoice.objects.update(status="partial", received_units=5_000_000, confirmed_units=5_000_000)
    return page_of(Invoice, "change", invoice.pk)


def _accept(page: Page) -> None:
    page.get_by_role("button", name="Accept what arrived").click()
    page.get_by_role("heading", name="Accept what arrived").wait_for()


def _accept_for_no_reason(page: Page) -> None:
    _accept(page)
    page.get_by_role("button", name="Accept what arrived").click()
    page.get_by_role("alert").wait_for()


@_screen("confirmation", act=_accept)
def _(stage: Stage) -> str:
    _staff(stage, "finance")
    invoice = _rows(stage)["invoices.invoice"]
    Invoice.objects.update(status="partial", received_units=5_000_000)
    return page_of(Invoice, "change", invoice.pk)


@_screen("confirmation without reason", act=_accept_for_no_reason, devices=("phone",))
def _(stage: Stage) -> str:
    _staff(stage, "finance")
    invoice = _rows(stage)["invoices.invoice"]
    Invoice.objects.update(status="partial", received_units=5_000_000)
    return page_of(Invoice, "change", invoice.pk)


@_screen("networks")
def _(stage: Stage) -> str:
    _staff(stage)
    _rows(stage)
    return page_of(Cursor)


@_screen("rates", devices=("wide",))
def _(stage: Stage) -> str:
    _staff(stage)
    for source, price in (("coinbase", 60_000), ("kraken", 60_200)):
        for hour in range(24):
            RateSheet.objects.create(
                base="BTC",
                source=source,
                prices={"USD": str(price + 37 * ((hour * 7) % 11))},
                observed_at=stage.now - timedelta(hours=hour),
            )
    return page_of(RateSheet)


@_screen("rescans", devices=("wide",))
def _(stage: Stage) -> str:
    from payments.models import Rescan

    _staff(stage)
    Rescan.objects.create(network="ethereum", first=1_000, last=1_999, height=1_440, found=2)
    return page_of(Rescan)


@_screen("failed tasks", devices=("phone",))
def _(stage: Stage) -> str:
    _staff(stage)
    _rows(stage)
    return page_of(FailedTask)


@_screen("not staff", devices=("phone",))
def _(stage: Stage) -> str:
    return "/admin/login/"


@_screen("second step missing", devices=("phone",))
def _(stage: Stage) -> str:
    stage.settings.STAFF_SECOND_STEP = True
    _staff(stage)
    return "/admin/login/"
