"""What happened, as programs are told of it: the list and one event in full."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core import exact_json
from core.ids import public_id
from core.pages import ListPage
from dashboard.access import Desk, desk
from dashboard.pages import show
from dashboard.webhook_forms import EventFilterForm
from events import selectors
from events.errors import EventNotFound
from events.payload import payload
from events.types import DELIVERABLE
from invoices.models import Invoice
from webhooks.selectors import event_deliveries

PER_PAGE: Final = 50


@require_safe
@desk()
def event_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the events that the URL asks for, newest first."""
    form = EventFilterForm(request.GET)
    wanted = form.cleaned_data["event"] if form.is_valid() else ""
    rows = selectors.list_events(
        merchant_id=at.merchant.pk, livemode=at.livemode, types={wanted} if wanted else DELIVERABLE
    )
    page = ListPage(rows.order_by("-position"), PER_PAGE, request.GET.get("place"))
    return show(
        request,
        "events",
        filters=form,
        page=page,
        events=[(event, _invoice_of(event.invoice_id)) for event in page],
        is_narrowed=bool(wanted),
    )


@require_safe
@desk()
def event_detail(request: HttpRequest, at: Desk, event_id: str) -> HttpResponse:
    """
    Show an event as receivers get it, and who got it.

    :raises EventNotFound: when there is none, or it is somebody else's
    """
    event = selectors.find_event(merchant_id=at.merchant.pk, livemode=at.livemode, public_id=event_id)
    if event is None:
        raise EventNotFound
    return show(
        request,
        "event",
        event=event,
        body=exact_json.dumps(payload(event)),
        invoice_id=_invoice_of(event.invoice_id),
        deliveries=event_deliveries(merchant=at.merchant, livemode=at.livemode, event_id=event.pk),
    )


def _invoice_of(key: UUID | None) -> str:
    return public_id(Invoice.PREFIX, key) if key else ""
