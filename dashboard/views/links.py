"""Payment links: made, changed, switched off and on, and what was paid through each."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import CheckoutError
from core.pages import ListPage
from dashboard import snippets
from dashboard.access import SELL, Desk, desk
from dashboard.pages import show
from dashboard.selling_forms import LinkForm
from dashboard.views.invoices import PER_PAGE
from invoices import selectors, services
from invoices.models import PaymentLink
from invoices.states import InvoiceStatus
from merchants.settings import MerchantSettings

_PAID = Count("invoices", filter=Q(invoices__status=InvoiceStatus.PAID))


@require_safe
@desk()
def link_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the merchant's links with how often each was paid."""
    rows = selectors.list_links(merchant=at.merchant, livemode=at.livemode).annotate(paid=_PAID)
    return show(request, "payment_links", page=ListPage(rows, PER_PAGE, request.GET.get("place")))


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=SELL)
def add_link(request: HttpRequest, at: Desk) -> HttpResponse:
    """Make an offer."""
    if request.method != "POST":
        currency = MerchantSettings.of(at.merchant).default_currency
        return show(request, "payment_link_form", form=LinkForm(initial={"currency": currency}), link=None)
    form = LinkForm(request.POST)
    if form.is_valid():
        try:
            link = services.create_link(
                merchant=at.merchant, livemode=at.livemode, terms=form.terms(), now=timezone.now()
            )
        except CheckoutError as refusal:
            _complain(form, refusal)
        else:
            messages.success(request, _("The link is ready. Copy it and send it to whom you like."))
            return HttpResponseRedirect(reverse("dashboard:payment_link", args=[link.public_id]))
    return show(request, "payment_link_form", form=form, link=None)


@require_safe
@desk()
def link_detail(request: HttpRequest, at: Desk, link_id: str) -> HttpResponse:
    """Show an offer, its address and the invoices made from it."""
    link = selectors.get_link(merchant=at.merchant, livemode=at.livemode, public_id=link_id)
    invoices = selectors.list_invoices(merchant=at.merchant, livemode=at.livemode).filter(payment_link=link)
    return show(
        request,
        "payment_link",
        link=link,
        url=_url(link),
        invoices=invoices[:10],
        snippets=snippets.of_link(link) if link.is_active else (),
        embeds=snippets.embeds(at.merchant),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=SELL)
def change_link(request: HttpRequest, at: Desk, link_id: str) -> HttpResponse:
    """Change an offer; invoices made from it stay as they are."""
    link = selectors.get_link(merchant=at.merchant, livemode=at.livemode, public_id=link_id)
    form = LinkForm(request.POST) if request.method == "POST" else LinkForm.of(link)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_link(
                merchant=at.merchant,
                livemode=at.livemode,
                public_id=link_id,
                changes=form.columns(),
                now=timezone.now(),
            )
        except CheckoutError as refusal:
            _complain(form, refusal)
        else:
            messages.success(request, _("The link was changed."))
            return HttpResponseRedirect(reverse("dashboard:payment_link", args=[link_id]))
    return show(request, "payment_link_form", form=form, link=link)


@require_POST
@desk(may=SELL)
def switch_link(request: HttpRequest, at: Desk, link_id: str) -> HttpResponse:
    """Switch a link off, or on again."""
    is_active = request.POST.get("to") == "on"
    services.update_link(
        merchant=at.merchant,
        livemode=at.livemode,
        public_id=link_id,
        changes={"is_active": is_active},
        now=timezone.now(),
    )
    said = _("The link can be paid again.") if is_active else _("The link is off: nobody can pay through it any more.")
    messages.success(request, said)
    return HttpResponseRedirect(reverse("dashboard:payment_link", args=[link_id]))


def _url(link: PaymentLink) -> str:
    return str(settings.PAY_BASE_URL + reverse("link", args=[link.slug]))


def _complain(form: LinkForm, refusal: CheckoutError) -> None:
    field = {"crypto_currency": "asset_code", "network": "asset_code"}.get(refusal.field or "", refusal.field)
    form.add_error(field if field in form.fields else None, refusal.detail)
