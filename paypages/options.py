"""The customer chooses what to pay in, with a form that needs no script."""

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from core import context
from core.errors import Unavailable
from invoices.errors import OptionFixed
from invoices.selectors import get_public_invoice
from merchants.errors import NetworkUnavailable, NoWalletConfigured
from payments.services import choose_option
from paypages.brand import brand_for
from paypages.choices import SEPARATOR
from paypages.own_forms import own_forms
from paypages.policy import guarded
from paypages.problems import friendly, within_limit
from paypages.views import page_of

CHOICES: Final = "paypage-option"


# Whoever knows the invoice's id may do this, from our own pages: no cookie, no token.
@own_forms
@guarded
@require_http_methods(["GET", "HEAD", "POST"])
@friendly
def choose(request: HttpRequest, public_id: str) -> HttpResponse:
    """Have the invoice be paid in what the form names; answer the part that changes, or go back to the page."""
    page_url = reverse("paypages:invoice", args=[public_id])
    if request.method != "POST":  # reloaded, or come back to
        return HttpResponseRedirect(page_url)
    within_limit(CHOICES)
    context.set_actor("customer")
    invoice = get_public_invoice(public_id)
    brand_for(request, invoice.merchant, livemode=invoice.livemode)
    asset, _, network = request.POST.get("option", "").partition(SEPARATOR)
    is_refused = False
    try:
        choose_option(public_id=public_id, asset_code=asset, network=network, now=timezone.now())
    except OptionFixed:
        pass  # something has come meanwhile, and the page says what
    except (NoWalletConfigured, NetworkUnavailable, Unavailable):
        is_refused = True
    if "live" in request.GET:
        facts = {"page": page_of(request, public_id), "option_refused": is_refused}
        return render(request, "paypages/live.html", facts)
    return HttpResponseRedirect(f"{page_url}?option=refused" if is_refused else page_url, status=303)
