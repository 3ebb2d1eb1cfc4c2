"""One webhook on its way to a receiver: what was sent, each attempt with its answer, and once more."""

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core.ids import public_id
from dashboard.access import DEVELOP, Desk, desk
from dashboard.pages import show
from events.models import Event
from invoices.models import Invoice
from webhooks import selectors, services
from webhooks.models import Attempt, Delivery
from webhooks.states import DeliveryStatus

PER_PAGE: Final = 25


@require_safe
@desk()
def delivery_detail(request: HttpRequest, at: Desk, delivery_id: str) -> HttpResponse:
    """Show a delivery with what each attempt sent and got."""
    delivery = selectors.get_delivery_of(merchant=at.merchant, livemode=at.livemode, public_id=delivery_id)
    attempts = [(each, _headers(each, at)) for each in delivery.history.order_by("-number")[:100]]
    receives = delivery.endpoint is None or delivery.endpoint.enabled
    return show(
        request,
        "delivery",
        delivery=delivery,
        attempts=attempts,
        event_id=public_id(Event.PREFIX, delivery.event_id),
        invoice_id=delivery.invoice_id and public_id(Invoice.PREFIX, delivery.invoice_id),
        receives=receives,
        may_send=at.may_develop and receives and not _is_under_way(delivery),
    )


@require_POST
@desk(may=DEVELOP)
def send_again(request: HttpRequest, at: Desk, delivery_id: str) -> HttpResponse:
    """Have a delivery attempted at once, with a full set of retries."""
    delivery = selectors.get_delivery_of(merchant=at.merchant, livemode=at.livemode, public_id=delivery_id)
    services.resend(delivery=delivery, now=timezone.now())
    messages.success(request, _("It is being sent again, with the same id and the same body."))
    return HttpResponseRedirect(reverse("dashboard:delivery", args=[delivery_id]))


@require_safe
@desk()
def given_up(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show what was given up, to whatever receiver."""
    rows = selectors.list_given_up(merchant=at.merchant, livemode=at.livemode).defer("body")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("number"))
    return show(request, "webhooks_given_up", page=page)


@require_POST
@desk(may=DEVELOP)
def send_given_up(request: HttpRequest, at: Desk) -> HttpResponse:
    """Have all that was given up attempted again."""
    count = services.resend_given_up(merchant=at.merchant, livemode=at.livemode, now=timezone.now())
    said = ngettext("%d webhook is being sent again.", "%d webhooks are being sent again.", count)
    messages.success(request, said % count)
    return HttpResponseRedirect(reverse("dashboard:webhooks_given_up"))


def _is_under_way(delivery: Delivery) -> bool:
    return (
        delivery.status == DeliveryStatus.PENDING
        and delivery.leased_until is not None
        and delivery.leased_until > timezone.now()
    )


def _headers(attempt: Attempt, at: Desk) -> list[tuple[str, str]]:
    """Return what was sent; signatures only to those who may see secrets: for some minutes they are as good as one."""
    sent: dict[str, str] = attempt.headers or {}
    withheld = _("not shown to your role")
    return [
        (name, withheld if "signature" in name.lower() and not at.may_develop else value)
        for name, value in sorted(sent.items(), key=lambda header: header[0].lower())
    ]
