"""The sandbox: paying test invoices in every way they can be paid, making blocks and taking them back."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from chains.registry import SANDBOX
from core.errors import CheckoutError
from dashboard.access import DEVELOP, Desk, desk
from dashboard.pages import show
from dashboard.sandbox_forms import MineForm, PayForm, ReorgForm
from invoices.models import Invoice
from invoices.selectors import list_invoices
from invoices.states import FINAL
from payments import services
from payments.sandbox_overview import SandboxView, sandbox_view

SHOWN_BLOCKS: Final = 12
_CHOICES: Final = 50


@require_safe
@desk(may=DEVELOP)
def panel(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show what can be done, and the last blocks; in live mode say where that is."""
    if at.livemode:
        return show(request, "sandbox_live")
    return _panel(request, at)


@require_POST
@desk(may=DEVELOP)
def pay(request: HttpRequest, at: Desk) -> HttpResponse:
    """Send sandbox money to a test invoice."""
    if at.livemode:
        return _again("")
    form = PayForm(request.POST, invoices=_invoices(at))
    if form.is_valid():
        try:
            sent = services.send_transfer(
                merchant=at.merchant, livemode=at.livemode, order=form.order(), now=timezone.now()
            )
        except CheckoutError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
        else:
            what = {"amount": f"{sent.asset.to_amount(sent.units):f}", "coin": sent.asset.code}
            messages.success(request, _("%(amount)s %(coin)s are on their way; the next block takes them.") % what)
            return _again(form.cleaned_data["invoice"])
    return _panel(request, at, form=form, pay=form)


@require_POST
@desk(may=DEVELOP)
def mine(request: HttpRequest, at: Desk) -> HttpResponse:
    """Make blocks."""
    if at.livemode:
        return _again("")
    form = MineForm(request.POST)
    if form.is_valid():
        count = form.cleaned_data["count"]
        services.mine_blocks(livemode=at.livemode, count=count, now=timezone.now())
        messages.success(request, ngettext("%d block was made.", "%d blocks were made.", count) % count)
        return _again(request.GET.get("invoice", ""))
    return _panel(request, at, form=form, mine=form)


@require_POST
@desk(may=DEVELOP)
def reorganise(request: HttpRequest, at: Desk) -> HttpResponse:
    """Replace the last blocks by others."""
    if at.livemode:
        return _again("")
    seen = sandbox_view(merchant=at.merchant)
    form = ReorgForm(request.POST, transfers=seen.transfers)
    if form.is_valid():
        try:
            services.reorganise(merchant=at.merchant, livemode=at.livemode, **form.cleaned_data, now=timezone.now())
        except CheckoutError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
        else:
            messages.success(request, _("The chain was reorganised; it is one block longer now."))
            return _again(request.GET.get("invoice", ""))
    return _panel(request, at, form=form, reorg=form, seen=seen)


def _panel(request: HttpRequest, at: Desk, *, seen: SandboxView | None = None, **forms: Any) -> HttpResponse:
    """Show the page; of the three forms those that were filled in wrongly as they were."""
    seen = seen or sandbox_view(merchant=at.merchant)
    invoices = _invoices(at)
    chosen = request.GET.get("invoice", "")
    within: dict[int | None, list[Any]] = {}
    for transfer in seen.transfers:
        within.setdefault(transfer.height, []).append(transfer)
    fresh = {
        "pay": PayForm(invoices=invoices, initial={"invoice": chosen, "way": "full"}),
        "mine": MineForm(),
        "reorg": ReorgForm(transfers=seen.transfers),
    }
    return show(
        request,
        "sandbox",
        invoices=invoices,
        chosen=next((each for each in invoices if each.public_id == chosen), None),
        blocks=[(block, within.get(block.height, [])) for block in seen.blocks[:SHOWN_BLOCKS]],
        waiting=within.get(None, []),
        **(fresh | forms),
    )


def _invoices(at: Desk) -> list[Invoice]:
    """Return the newest test invoices that money can still change, those that expired among them."""
    rows = list_invoices(merchant=at.merchant, livemode=False).filter(network=SANDBOX)
    return list(rows.exclude(status__in=FINAL)[:_CHOICES])


def _again(invoice_id: str) -> HttpResponseRedirect:
    page = reverse("dashboard:sandbox")
    return HttpResponseRedirect(f"{page}?invoice={invoice_id}" if Invoice.key_from(invoice_id) else page)
