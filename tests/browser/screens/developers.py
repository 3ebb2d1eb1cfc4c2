"""API keys, the quick start, the request log."""

from datetime import timedelta
from functools import partial

from playwright.sync_api import Page

from merchants import services
from merchants.models import APIKey, LoggedRequest
from merchants.services import Grant, KeyOrder
from tests.browser.screens import Stage, screen

_ALL = Grant(livemode=True, permissions=["*"])


def _key(stage: Stage, name: str = "Web shop") -> APIKey:
    order = KeyOrder(name, livemode=True, permissions=["invoices:create", "invoices:read"])
    return services.create_api_key(merchant=stage.merchant, order=order, grant=_ALL, now=stage.now)[0]


@screen("developers", "keys")
def _(stage: Stage) -> str:
    _key(stage)
    old = _key(stage, "Old shop")
    services.revoke_api_key(merchant=stage.merchant, key_id=old.public_id, grant=_ALL, now=stage.now)
    return "/dashboard/api-keys/"


@screen("developers", "new key")
def _(stage: Stage) -> str:
    return "/dashboard/api-keys/add/"


def _create(page: Page) -> None:
    page.get_by_label("Name").fill("Web shop")
    page.get_by_role("button", name="Create the key").click()
    page.get_by_role("heading", name="Your new key").wait_for()


@screen("developers", "key made", act=_create)
def _(stage: Stage) -> str:
    return "/dashboard/api-keys/add/"


def _create_for(page: Page, api: str) -> None:
    page.get_by_label("For which API").select_option(api)
    _create(page)


@screen("developers", "key made for another API", act=partial(_create_for, api="cryptic"))
def _(stage: Stage) -> str:
    return "/dashboard/api-keys/add/"


@screen("developers", "key made for a plugin", devices=("wide",), act=partial(_create_for, api="selfhosted"))
def _(stage: Stage) -> str:
    return "/dashboard/api-keys/add/"


@screen("developers", "rotate")
def _(stage: Stage) -> str:
    return f"/dashboard/api-keys/{_key(stage).public_id}/rotate/"


@screen("developers", "revoke")
def _(stage: Stage) -> str:
    return f"/dashboard/api-keys/{_key(stage).public_id}/revoke/"


@screen("developers", "quick start")
def _(stage: Stage) -> str:
    return "/dashboard/api-keys/quick-start/"


@screen("developers", "no requests")
def _(stage: Stage) -> str:
    return "/dashboard/requests/"


@screen("developers", "requests")
def _(stage: Stage) -> str:
    key = _key(stage)
    answers = [(200, ""), (201, ""), (422, "INVALID_AMOUNT"), (404, "INVOICE_NOT_FOUND"), (500, "INTERNAL_ERROR")]
    for number, (status, error) in enumerate(answers):
        LoggedRequest.objects.create(
            created_at=stage.now - timedelta(minutes=number),
            merchant=stage.merchant,
            livemode=True,
            api_key=key,
            request_id=f"req_06bq3z5n8cz9v4w2k7r1t0x5y{number}",
            method="GET" if status in {200, 404} else "POST",
            path="/api/v1/invoices/inv_06bq3z5n8cz9v4w2k7r1t0x5ye" if status == 404 else "/api/v1/invoices",
            status=status,
            error=error,
            milliseconds=12 + number,
            request_bytes=312,
            response_bytes=2_481,
        )
    return "/dashboard/requests/"
