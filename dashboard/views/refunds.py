"""Refunds: what goes back, where to and how far it is; opening one, and what is decided about it."""

from typing import Final

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import CheckoutError
from core.pages import ListPage
from dashboard.access import MONEY, Desk, desk
from dashboard.audit import told
from dashboard.money_forms import (
    HELD,
    MISMATCHED,
    NO_ADDRESS,
    RefundAddressForm,
    RefundCompletionForm,
    RefundFilterForm,
    RefundForm,
    TaggedForm,
)
from dashboard.pages import code_of, picture_of, show
from dashboard.views.invoices import PER_PAGE
from invoices.selectors import get_invoice
from payments import selectors, services
from payments.errors import RefundNotOpen
from payments.models import Payout, Refund
from payments.models.payouts import OVER, UNSIGNED
from payments.refund_links import claim_url, refund_uri
from payments.services.returns import refundable_units
from payments.states import OPEN_REFUND, RefundStatus

_CASES: Final = {
    NO_ADDRESS: Q(status=RefundStatus.REQUESTED, address=""),
    HELD: Q(is_held=True) & ~Q(status=RefundStatus.CANCELLED),
    MISMATCHED: ~Q(named_txid=""),
}
_FIELDS: Final = {"tx_hash": "txid"}  # of the services, where ours are called otherwise


@require_safe
@desk()
def refund_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the refunds that the URL asks for."""
    form = RefundFilterForm(request.GET)
    rows = selectors.list_refunds(merchant=at.merchant, livemode=at.livemode)
    status = form.cleaned_data["status"] if form.is_valid() else ""
    if status:
        rows = rows.filter(_CASES.get(status) or Q(status=status))
    page = ListPage(rows, PER_PAGE, request.GET.get("place"))
    return show(request, "refunds", filters=form, page=page, is_narrowed=bool(status))


@require_safe
@desk()
def refund_detail(request: HttpRequest, at: Desk, refund_id: str) -> HttpResponse:
    """Show one refund, what a wallet needs to send it, and what can be done about it."""
    refund = selectors.get_refund(merchant=at.merchant, livemode=at.livemode, public_id=refund_id)
    return _detail(request, at, refund)


@require_safe
@desk()
def payment_code(request: HttpRequest, at: Desk, refund_id: str) -> HttpResponse:  # noqa: ARG001
    """
    Answer the code that a wallet scans to send a refund, as a picture to keep.

    :raises RefundNotOpen: when it is not to be sent from a wallet now
    """
    refund = selectors.get_refund(merchant=at.merchant, livemode=at.livemode, public_id=refund_id)
    uri = refund_uri(refund)
    if uri is None:
        raise RefundNotOpen
    name = f'attachment; filename="{refund.public_id}.png"'
    return HttpResponse(picture_of(uri), content_type="image/png", headers={"Content-Disposition": name})


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=MONEY)
def open_refund(request: HttpRequest, at: Desk, invoice_id: str) -> HttpResponse:
    """Ask how much of an invoice goes back and where to, and open the refund."""
    invoice = get_invoice(merchant=at.merchant, livemode=at.livemode, public_id=invoice_id)
    left = invoice.asset.to_amount(max(refundable_units(invoice), 0))
    form = RefundForm(request.POST if request.method == "POST" else None, invoice=invoice, left=left)
    if request.method == "POST" and form.is_valid():
        try:
            refund = services.request_refund(
                merchant=at.merchant,
                livemode=at.livemode,
                public_id=invoice_id,
                order=form.order(),
                now=timezone.now(),
            )
        except CheckoutError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
        else:
            messages.success(request, _("The refund is open. Nothing has been sent yet."))
            return HttpResponseRedirect(reverse("dashboard:refund", args=[refund.public_id]))
    return show(request, "refund_form", form=form, invoice=invoice, left=left)


@require_POST
@desk(may=MONEY)
def name_address(request: HttpRequest, at: Desk, refund_id: str) -> HttpResponse:
    """Say, or say again, where a refund goes."""
    refund = selectors.get_refund(merchant=at.merchant, livemode=at.livemode, public_id=refund_id)
    form = RefundAddressForm(request.POST, network=refund.network, auto_id="to_%s")
    if form.is_valid():
        try:
            services.set_refund_address(
                merchant=at.merchant,
                livemode=at.livemode,
                public_id=refund_id,
                address=form.cleaned_data["address"],
                tag=form.cleaned_data.get("tag", ""),
                now=timezone.now(),
            )
        except CheckoutError as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("The refund goes to this address."))
            return HttpResponseRedirect(reverse("dashboard:refund", args=[refund_id]))
    return _detail(request, at, refund, form=form)


@require_POST
@desk(may=MONEY)
def complete_refund(request: HttpRequest, at: Desk, refund_id: str) -> HttpResponse:
    """Note in which transaction a refund was sent."""
    refund = selectors.get_refund(merchant=at.merchant, livemode=at.livemode, public_id=refund_id)
    form = RefundCompletionForm(
        request.POST, network=refund.network, knows_address=bool(refund.address), auto_id="sent_%s"
    )
    if form.is_valid():
        wanted = form.cleaned_data
        try:
            services.complete_refund(
                merchant=at.merchant,
                livemode=at.livemode,
                public_id=refund_id,
                txid=wanted["txid"],
                address=wanted.get("address", ""),
                tag=wanted.get("tag", ""),
                now=timezone.now(),
            )
        except CheckoutError as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("The refund is completed."))
            return HttpResponseRedirect(reverse("dashboard:refund", args=[refund_id]))
    return _detail(request, at, refund, form=form)


@require_POST
@desk(may=MONEY)
def cancel_refund(request: HttpRequest, at: Desk, refund_id: str) -> HttpResponse:
    """Withdraw a refund that has not been sent."""
    services.cancel_refund(merchant=at.merchant, livemode=at.livemode, public_id=refund_id, now=timezone.now())
    messages.success(request, _("The refund was cancelled; nothing goes back."))
    return HttpResponseRedirect(reverse("dashboard:refund", args=[refund_id]))


def _detail(request: HttpRequest, at: Desk, refund: Refund, *, form: TaggedForm | None = None) -> HttpResponse:
    uri = refund_uri(refund)
    payout = _payout_of(refund)
    is_free = at.may_move_money and (payout is None or payout.status in UNSIGNED)
    is_due = refund.status == RefundStatus.REQUESTED
    return show(
        request,
        "refund",
        form=form,
        refund=refund,
        log=told(at.merchant, selectors.story_of(refund)),
        address_form=form if isinstance(form, RefundAddressForm) else _address_form(refund),
        completion_form=form if isinstance(form, RefundCompletionForm) else _completion_form(refund),
        claim_url=claim_url(refund),
        uri=uri,
        picture=code_of(uri) if uri else "",
        payout=payout,
        may_name=is_free and is_due,
        may_complete=is_free and refund.status in OPEN_REFUND,
        may_cancel=is_free and is_due,
        may_send=at.may_move_money and selectors.is_sendable(refund),
    )


def _address_form(refund: Refund) -> RefundAddressForm:
    known = {"address": refund.address, "tag": refund.tag}
    return RefundAddressForm(network=refund.network, initial=known, auto_id="to_%s")


def _completion_form(refund: Refund) -> RefundCompletionForm:
    return RefundCompletionForm(network=refund.network, knows_address=bool(refund.address), auto_id="sent_%s")


def _payout_of(refund: Refund) -> Payout | None:
    """Return what a vault does about a refund now."""
    return next((payout for payout in refund.payouts.all() if payout.status not in OVER), None)


def _beside(form: TaggedForm, refusal: CheckoutError) -> None:
    """Tell what is wrong beside its field; what has none of the form's is for the whole page to say."""
    field = _FIELDS.get(refusal.field or "", refusal.field)
    if field not in form.fields:
        raise refusal
    form.add_error(field, refusal.detail)
