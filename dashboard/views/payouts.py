"""What vaults send: the list, one payout with its story, and what a merchant decides about its refunds."""

from dataclasses import replace
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.pages import ListPage
from dashboard.access import MONEY, Desk, desk
from dashboard.pages import show
from dashboard.payouts import low_vaults, payout_card, sendable_refunds, steps_of
from payments import selectors, services
from payments.errors import PayoutNotOpen

PER_PAGE: Final = 25


@require_safe
@desk()
def payout_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the refunds that a vault can send, and what vaults send and have sent."""
    rows = selectors.list_payouts(merchant=at.merchant, livemode=at.livemode)
    page = ListPage(rows, PER_PAGE, request.GET.get("place"))
    waiting = selectors.sendable_refunds(merchant=at.merchant, livemode=at.livemode)
    return show(
        request,
        "payouts",
        payouts=[payout_card(each) for each in page],
        page=page,
        refunds=sendable_refunds(waiting),
        low=low_vaults(at.merchant) if at.livemode else [],
    )


@require_safe
@desk()
def payout_detail(request: HttpRequest, at: Desk, payout_id: str) -> HttpResponse:
    """Show one payout and what has happened to it."""
    payout = selectors.get_payout(merchant=at.merchant, livemode=at.livemode, public_id=payout_id)
    return show(request, "payout", payout=replace(payout_card(payout), steps=steps_of(payout)))


@require_POST
@desk(may=MONEY)
def send_refund(request: HttpRequest, at: Desk, refund_id: str) -> HttpResponse:
    """Have a vault send a refund, once."""
    services.send_refund(merchant=at.merchant, livemode=at.livemode, public_id=refund_id, now=timezone.now())
    messages.success(request, _("The vault sends this refund. Below you see how far it is."))
    return HttpResponseRedirect(reverse("dashboard:payouts"))


@require_POST
@desk(may=MONEY)
def withdraw_refund(request: HttpRequest, at: Desk, payout_id: str) -> HttpResponse:
    """Cancel the refund of a payout of which nothing has been signed, and the payout with it."""
    payout = selectors.get_payout(merchant=at.merchant, livemode=at.livemode, public_id=payout_id)
    if payout.refund is None:
        raise PayoutNotOpen
    services.cancel_refund(
        merchant=at.merchant, livemode=at.livemode, public_id=payout.refund.public_id, now=timezone.now()
    )
    messages.success(request, _("The refund was withdrawn; nothing was sent."))
    return HttpResponseRedirect(reverse("dashboard:payout", args=[payout_id]))
