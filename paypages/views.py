"""The pay page, its live part, the sandbox button, and the installation's front page."""

from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from core import context, ids
from core.errors import Conflict, Unavailable
from invoices import services
from invoices.errors import InvoiceNotFound, SessionNotFound
from invoices.models import Invoice
from invoices.selectors import get_public_invoice
from invoices.states import InvoiceStatus
from payments.selectors import payments_of, refunds_of
from payments.services import TransferOrder, send_transfer
from paypages import sandbox
from paypages.brand import brand_for
from paypages.embedding import is_embedded
from paypages.own_forms import own_forms
from paypages.policy import api_origin, guarded
from paypages.presentation import PayPage, Surroundings, present
from paypages.problems import friendly, within_limit

log = structlog.get_logger(__name__)

VIEWS: Final = "paypage"
LIVE: Final = "paypage-live"
SENDS: Final = "paypage-sandbox"


@guarded
@require_safe
@friendly
def invoice_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer the whole page."""
    within_limit(VIEWS)
    page = page_of(request, public_id)
    sent = request.GET.get("sent", "")
    return render(
        request,
        "paypages/invoice.html",
        {
            "page": page,
            "sent": next((choice for choice in sandbox.Portion if choice == sent), None) if page.is_test else None,
            "stays": "stay" in request.GET,
            "option_refused": request.GET.get("option") == "refused",
        },
    )


@guarded
@require_safe
@friendly
def checkout_page(request: HttpRequest, session_id: str) -> HttpResponse:
    """Lead from a checkout session to its pay page: both are the same invoice."""
    key = Invoice.key_of_session(session_id)
    if key is None:
        raise SessionNotFound
    return _to_page(request, key)


@guarded
@require_safe
@friendly
def short_page(request: HttpRequest, rest: str) -> HttpResponse:
    """Lead to the pay page from an address that somebody made of the id alone."""
    key = Invoice.key_from(f"{Invoice.PREFIX}_{rest}")
    if key is None:
        raise InvoiceNotFound
    return _to_page(request, key)


def _to_page(request: HttpRequest, key: UUID) -> HttpResponse:
    page = reverse("paypages:invoice", args=[ids.public_id(Invoice.PREFIX, key)])
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{page}?{query}" if query else page)


@guarded
@require_safe
@friendly
def invoice_live(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer the part of the page that changes."""
    within_limit(LIVE)
    page = page_of(request, public_id)
    return render(request, "paypages/live.html", {"page": page})


@own_forms
@guarded
@require_POST
@friendly
def pay_on_sandbox(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send a test payment to the invoice on the sandbox chain, and go back to its page."""
    within_limit(SENDS)
    context.set_actor("customer")
    invoice = get_public_invoice(public_id)
    brand_for(request, invoice.merchant, livemode=invoice.livemode)
    offered = sandbox.choices(invoice, status=InvoiceStatus(invoice.status))
    choice = next((choice for choice in offered if choice.portion == request.POST.get("portion")), None)
    if choice is None:
        raise Conflict
    send_transfer(
        merchant=invoice.merchant,
        livemode=invoice.livemode,
        order=TransferOrder(invoice_id=invoice.public_id, amount=invoice.asset.to_amount(choice.units)),
        now=timezone.now(),
    )
    page = reverse("paypages:invoice", kwargs={"public_id": invoice.public_id})
    return HttpResponseRedirect(f"{page}?sent={choice.portion}", status=303)


@guarded
@require_safe
@friendly
def home(request: HttpRequest) -> HttpResponse:
    """Answer what this installation is and where its parts are."""
    within_limit(VIEWS)
    return render(request, "paypages/home.html", {"api": api_origin()})


def page_of(request: HttpRequest, public_id: str) -> PayPage:
    """
    Return what the customer sees of an invoice now; opening it with GET counts as having seen it.

    :raises InvoiceNotFound: when there is none with this id
    :raises Unavailable: when its asset is no longer configured
    """
    context.set_actor("customer")
    now = timezone.now()
    invoice = get_public_invoice(public_id)
    brand = brand_for(request, invoice.merchant, livemode=invoice.livemode)
    around = Surroundings(
        now=now,
        language=get_language() or "en",
        api=api_origin(),
        page=_address_of(invoice),
        brand=brand,
        is_embedded=is_embedded(request),
    )
    try:
        if request.method == "GET":  # HEAD is asked by programs; nobody has seen the address
            invoice = services.view_invoice(invoice_id=invoice.pk, now=now)
        return present(invoice, payments=payments_of(invoice), refunds=refunds_of(invoice), around=around)
    except LookupError as problem:  # its asset was taken out of the settings
        log.exception("paypage_unavailable", invoice_id=invoice.public_id)
        raise Unavailable from problem


def _address_of(invoice: Invoice) -> str:
    return settings.PAY_BASE_URL + reverse("paypages:invoice", args=[invoice.public_id])
