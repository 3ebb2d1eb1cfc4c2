"""The inbox: money that fits no open invoice, and what becomes of it."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import CheckoutError
from core.pages import ListPage
from dashboard.access import Desk, NotYourRole, desk
from dashboard.forms import DepositForm
from dashboard.pages import show
from dashboard.presentation import deposit_card
from invoices.errors import InvoiceNotFound
from payments import selectors, services
from payments.states import Review

PER_PAGE: Final = 25


@require_safe
@desk()
def deposit_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show what waits for a decision, or everything that ever did."""
    everything = "all" in request.GET
    rows = selectors.list_deposits(merchant=at.merchant, livemode=at.livemode)
    rows = rows if everything else rows.filter(review=Review.OPEN)
    page = ListPage(rows, PER_PAGE, request.GET.get("place"))
    return show(request, "deposits", deposits=[deposit_card(each) for each in page], page=page, everything=everything)


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def deposit_detail(request: HttpRequest, at: Desk, deposit_id: str) -> HttpResponse:
    """Show one deposit; decide about it."""
    form = DepositForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not at.may_move_money:
            raise NotYourRole
        if form.is_valid() and _resolve(request, at, form, deposit_id=deposit_id):
            return HttpResponseRedirect(reverse("dashboard:deposits"))
    deposit = selectors.get_payment(merchant=at.merchant, livemode=at.livemode, public_id=deposit_id)
    return show(request, "deposit", form=form, deposit=deposit_card(deposit))


def _resolve(request: HttpRequest, at: Desk, form: DepositForm, *, deposit_id: str) -> bool:
    """Carry out what was decided; return whether it could be."""
    wanted = form.cleaned_data
    try:
        services.resolve_deposit(
            merchant=at.merchant,
            livemode=at.livemode,
            public_id=deposit_id,
            resolution=services.Resolution(wanted["resolution"]),
            address=wanted["address"],
            invoice_id=wanted["invoice_id"],
            now=timezone.now(),
        )
    except InvoiceNotFound as refusal:
        form.add_error("invoice_id", refusal.detail)
        return False
    except CheckoutError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
        return False
    messages.success(request, _DONE[services.Resolution(wanted["resolution"])]())
    return True


_DONE: Final = {
    services.Resolution.ACCEPT: lambda: _("The deposit counts for the invoice."),
    services.Resolution.REFUND: lambda: _("A refund was opened. Send it from your wallet, then name the transaction."),
    services.Resolution.IGNORE: lambda: _("The deposit was put aside."),
}
