"""What the merchant's programs asked of the API and what became of it."""

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core.pages import ListPage
from dashboard.access import DEVELOP, Desk, desk
from dashboard.key_forms import RequestFilterForm
from dashboard.pages import show
from merchants import selectors
from merchants.models import APIKey, LoggedRequest

PER_PAGE: Final = 50


@require_safe
@desk(may=DEVELOP)
def request_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the requests that the URL asks for, newest first."""
    keys = selectors.list_api_keys(merchant=at.merchant, livemode=at.livemode).filter(livemode=at.livemode)
    form = RequestFilterForm(request.GET, keys=list(keys[:100]))
    rows = selectors.list_logged_requests(merchant=at.merchant, livemode=at.livemode)
    if form.is_valid():
        rows = _narrowed(rows, form.cleaned_data)
    page = ListPage(rows, PER_PAGE, request.GET.get("place"))
    is_narrowed = any(form.data.get(name) for name in form.fields)
    return show(request, "requests", filters=form, page=page, is_narrowed=is_narrowed)


def _narrowed(rows: QuerySet[LoggedRequest], wanted: dict[str, Any]) -> QuerySet[LoggedRequest]:
    lookups: dict[str, Any] = {
        "method": wanted["method"],
        "path__startswith": wanted["path"],
        "request_id": wanted["request_id"].strip(),
        "api_key_id": APIKey.key_from(wanted["key"]),
    }
    if wanted["status"]:
        first = int(wanted["status"]) * 100
        rows = rows.filter(status__gte=first, status__lt=first + 100)
    return rows.filter(**{lookup: value for lookup, value in lookups.items() if value})
