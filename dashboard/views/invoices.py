"""Invoices: the list with its filters in the URL, the same as a file, and everything about one of them."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import CheckoutError
from core.spreadsheets import csv_lines
from core.writing import fiat_text
from dashboard.access import SELL, Desk, desk
from dashboard.pages import code_of, show
from dashboard.quotes import quotes_of
from dashboard.selling_forms import CancelForm, InvoiceFilterForm, NoteForm
from dashboard.zones import start_of
from events.selectors import audit_trail
from invoices import selectors
from invoices.events import fiat, progress
from invoices.models import Customer, Invoice, PaymentLink
from invoices.states import AWAITING, CANCELLABLE, InvoiceStatus
from payments import selectors as payment_selectors
from payments import services
from payments.services.returns import refundable_units
from webhooks.selectors import invoice_deliveries

PER_PAGE: Final = 25
_CHUNK: Final = 2_000
_COLUMNS: Final = (
    "id",
    "created_at",
    "title",
    "status",
    "exception",
    "total",
    "currency",
    "crypto_amount",
    "crypto_currency",
    "network",
    "received",
    "paid_at",
)


@require_safe
@desk()
def invoice_list(request: HttpRequest, at: Desk) -> HttpResponseBase:
    """Show the invoices that the URL asks for; with ``as=csv`` all of them as a file."""
    form = InvoiceFilterForm(request.GET)
    rows = selectors.list_invoices(merchant=at.merchant, livemode=at.livemode)
    if form.is_valid():
        rows = _narrowed(rows, form.cleaned_data)
    if request.GET.get("as") == "csv":
        return StreamingHttpResponse(
            csv_lines(_COLUMNS, (_row(each) for each in rows.iterator(chunk_size=_CHUNK))),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="invoices.csv"'},
        )
    page = Paginator(rows.select_related("customer"), PER_PAGE).get_page(request.GET.get("number"))
    is_narrowed = any(form.data.get(name) for name in form.fields)
    return show(request, "invoices", filters=form, page=page, is_narrowed=is_narrowed)


@require_safe
@desk()
def invoice_detail(request: HttpRequest, at: Desk, invoice_id: str) -> HttpResponse:
    """Show everything that happened to an invoice, and what can be done about it."""
    return page_of(request, at, invoice_id)


@require_http_methods(["POST"])
@desk(may=SELL)
def cancel_invoice(request: HttpRequest, at: Desk, invoice_id: str) -> HttpResponse:
    """Close an invoice that has not been paid in full."""
    form = CancelForm(request.POST)
    if form.is_valid():
        try:
            services.cancel_invoice(
                merchant=at.merchant,
                livemode=at.livemode,
                public_id=invoice_id,
                reason=form.cleaned_data["reason"],
                refund_partial_payments=form.cleaned_data["refund"],
                now=timezone.now(),
            )
        except CheckoutError as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, _("The invoice was cancelled. Nobody can pay it any more."))
            return HttpResponseRedirect(reverse("dashboard:invoice", args=[invoice_id]))
    return page_of(request, at, invoice_id, form=form)


@require_POST
@desk(may=SELL)
def accept_invoice(request: HttpRequest, at: Desk, invoice_id: str) -> HttpResponse:
    """Take what has arrived for enough."""
    services.accept_invoice(merchant=at.merchant, livemode=at.livemode, public_id=invoice_id, now=timezone.now())
    messages.success(request, _("Accepted as it is: the invoice is paid as soon as what arrived is confirmed."))
    return HttpResponseRedirect(reverse("dashboard:invoice", args=[invoice_id]))


def page_of(
    request: HttpRequest,
    at: Desk,
    invoice_id: str,
    *,
    form: CancelForm | None = None,
    note_form: NoteForm | None = None,
) -> HttpResponse:
    """Answer the page of an invoice, with the form on it that was filled in wrongly."""
    invoice = selectors.get_invoice(merchant=at.merchant, livemode=at.livemode, public_id=invoice_id)
    pay_url = request.build_absolute_uri(reverse("paypages:invoice", args=[invoice.public_id]))
    is_short = invoice.status in {InvoiceStatus.PARTIAL, InvoiceStatus.EXPIRED} and invoice.received_units > 0
    return show(
        request,
        "invoice",
        form=note_form if note_form is not None else form,
        cancel_form=form if form is not None else CancelForm(initial={"refund": True}),
        note_form=note_form if note_form is not None else NoteForm(auto_id="note_%s"),
        notes=selectors.notes_of(invoice),
        invoice=invoice,
        progress=progress(invoice),
        payments=payment_selectors.payments_of(invoice),
        refunds=payment_selectors.refunds_of(invoice),
        quotes=quotes_of(invoice, invoice.replaced_quotes.order_by("-quoted_at")[:100]),
        log=audit_trail(invoice_id=invoice.pk),
        deliveries=invoice_deliveries(merchant=at.merchant, livemode=at.livemode, invoice_id=invoice.pk),
        pay_url=pay_url,
        code_of_page=code_of(pay_url) if invoice.is_awaiting else "",
        mail_url=_mail_url(invoice, pay_url),
        may_cancel=at.may_sell and invoice.status in CANCELLABLE,
        may_accept=at.may_sell and is_short,
        may_refund=at.may_move_money and refundable_units(invoice) > 0,
    )


def _mail_url(invoice: Invoice, pay_url: str) -> str:
    """Return a link (RFC 6068) that opens an e-mail to the customer, with the pay page in it."""
    text = _("%(title)s: %(total)s\n\nPay here: %(url)s\n\n%(business)s") % {
        "title": invoice.title,
        "total": fiat_text(fiat(invoice.total, invoice.currency), invoice.currency, get_language() or "en"),
        "url": pay_url,
        "business": invoice.merchant.business_name,
    }
    to = invoice.customer.email if invoice.customer else ""
    said = urlencode({"subject": invoice.title, "body": text.replace("\n", "\r\n")}, quote_via=quote)
    return f"mailto:{quote(to, safe='@')}?{said}"


def _narrowed(rows: QuerySet[Invoice], wanted: dict[str, Any]) -> QuerySet[Invoice]:
    """Return the invoices that the filters leave; days are those of the viewer's zone."""
    status, until = wanted["status"], wanted["until"]
    lookups = {
        "status__in": AWAITING if status == "waiting" else [status] if status else None,
        "asset_code": wanted["asset"],
        "network": wanted["network"],
        "created_at__gte": wanted["since"] and start_of(wanted["since"]),
        "created_at__lt": until and start_of(until + timedelta(days=1)),
    }
    rows = rows.filter(**{lookup: value for lookup, value in lookups.items() if value})
    for column, model, public_id in (
        ("customer_id", Customer, wanted["customer"]),
        ("payment_link_id", PaymentLink, wanted["link"]),
    ):
        if public_id:
            key = model.key_from(public_id)
            rows = rows.filter(**{column: key}) if key else rows.none()
    if wanted["search"]:
        key = Invoice.key_from(wanted["search"].strip())
        rows = rows.filter(pk=key) if key else selectors.search(rows, wanted["search"])
    return rows.order_by("created_at", "id") if wanted["sort"] == "oldest" else rows


def _row(invoice: Invoice) -> tuple[object, ...]:
    asset = invoice.asset
    return (
        invoice.public_id,
        invoice.created_at,
        invoice.title,
        invoice.status,
        invoice.exception,
        fiat(invoice.total, invoice.currency),
        invoice.currency,
        asset.to_amount(invoice.amount_units),
        invoice.asset_code,
        invoice.network,
        asset.to_amount(invoice.received_units),
        invoice.paid_at,
    )
