"""The customer says 'I have paid' and names a transaction; the page says in words what became of it."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from chains import registry
from core import context
from core.errors import Unavailable
from invoices.models import Invoice
from invoices.selectors import get_public_invoice
from payments.services import Outcome, Sighting, look_for
from paypages.brand import brand_for
from paypages.own_forms import own_forms
from paypages.policy import guarded
from paypages.problems import friendly, within_limit
from paypages.receipts import explorer, short
from paypages.views import page_of

REPORTS: Final = "paypage-report"
_LONGEST: Final = 300  # an explorer's address with the transaction in it


@dataclass(frozen=True, slots=True)
class Report:
    """What the page says of the transaction; ``count`` of ``of`` are confirmations."""

    given: str
    outcome: Outcome
    txid_short: str
    explorer_url: str
    count: int = 0
    of: int = 0
    needs_finality: bool = False


# Whoever knows the invoice's id may do this, from our own pages: no cookie, no token.
@own_forms
@guarded
@require_http_methods(["GET", "HEAD", "POST"])
@friendly
def report_transaction(request: HttpRequest, public_id: str) -> HttpResponse:
    """Look for the transaction that the form names and answer the page with what was found."""
    if request.method != "POST":  # reloaded, or come back to
        return HttpResponseRedirect(reverse("paypages:invoice", args=[public_id]))
    within_limit(REPORTS)
    context.set_actor("customer")
    given = request.POST.get("transaction", "").strip()[:_LONGEST]
    invoice = get_public_invoice(public_id)
    brand_for(request, invoice.merchant, livemode=invoice.livemode)
    report = _look(invoice, given)
    status = 422 if report.outcome is Outcome.UNREADABLE else 200
    facts = {"page": page_of(request, public_id), "report": report, "stays": True}
    return render(request, "paypages/invoice.html", facts, status=status)


def _look(invoice: Invoice, given: str) -> Report:
    if registry.find_network(invoice.network) is None:
        raise Unavailable
    found: Sighting = look_for(invoice=invoice, text=given, now=timezone.now())
    network = registry.find_network(found.network or invoice.network)
    payment = found.payment
    return Report(
        given=given,
        outcome=found.outcome,
        txid_short=short(found.txid),
        explorer_url=explorer(network, found.txid),
        count=min(payment.confirmations, payment.required_confirmations) if payment else 0,
        of=payment.required_confirmations if payment else 0,
        needs_finality=payment.needs_finality if payment else False,
    )
