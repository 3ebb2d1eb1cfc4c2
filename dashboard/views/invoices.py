"""Invoices: the list with its filters in the URL, the same as a file, and everything about one of them."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import CheckoutError
from core.pages import ListPage
from core.spreadsheets import csv_file, csv_lines
from core.writing import fiat_text
from dashboard import snippets
from dashboard.access import SELL, Desk, desk
from dashboard.audit import told
from dashboard.invoice_search import found
from dashboard.pages import code_of, show
from dashboard.quotes import quotes_of
from dashboard.saved_views import list_views
from dashboard.selling_forms import CancelForm, InvoiceFilterForm, NoteForm, ViewForm
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
_NEEDED: Final = (
    "created_at",
    "title",
    "status",
    "exception",
    "total",
    "currency",
    "amount_units",
    "asset_code",
    "network",
    "received_units",
    "paid_at",
)


@require_safe
@desk()
def invoice_list(request: HttpRequest, at: Desk) -> HttpResponseBase:
    """Show the invoices that the URL asks for; with ``as=csv`` all of them as a file, with ``as=ticked`` some."""
    form = InvoiceFilterForm(request.GET)
    wanted = request.GET.get("as")
    if wanted == "csv":
        return _file(request, _listed(form, at))
    if wanted == "ticked":
        keys = [key for each in request.GET.getlist("only") if (key := Invoice.key_from(each))]
        if keys:
            own = selectors.list_invoices(merchant=at.merchant, livemode=at.livemode)
            return _file(request, own.filter(pk__in=keys[:PER_PAGE]))
        messages.warning(request, _("Tick the invoices that you want in the file first."))
    return list_page(request, at, form)


def list_page(
    request: HttpRequest, at: Desk, filters: InvoiceFilterForm, *, form: ViewForm | None = None
) -> HttpResponse:
    """Answer the list as ``filters`` say, with the person's views above it and the form of a view below."""
    page = ListPage(_listed(filters, at).select_related("customer"), PER_PAGE, request.GET.get("place"))
    query = filters.query()
    views = list(list_views(member=at.member))
    current = next((view for view in views if view.query == query), None)
    return show(
        request,
        "invoices",
        form=form,
        filters=filters,
        page=page,
        is_narrowed=bool(query),
        views=views,
        current=current,
        view_form=form or ViewForm(initial={"name": current.name} if current else None, auto_id="view_%s"),
        query=query,
    )


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
    pay_url = settings.PAY_BASE_URL + reverse("paypages:invoice", args=[invoice.public_id])
    is_short = invoice.status in {InvoiceStatus.PARTIAL, InvoiceStatus.EXPIRED} and invoice.received_units > 0
    return show(
        request,
        "invoice",
        form=note_form if note_form is not None else form,
        cancel_form=form if form is not None else CancelForm(initial={"refund": True}),
        note_form=note_form if note_form is not None else NoteForm(auto_id="note_%s"),
        notes=selectors.notes_of(invoice),
        destinations=selectors.destinations_of(invoice),
        invoice=invoice,
        progress=progress(invoice),
        payments=payment_selectors.payments_of(invoice),
        refunds=payment_selectors.refunds_of(invoice),
        quotes=quotes_of(invoice, invoice.replaced_quotes.order_by("-quoted_at")[:100]),
        log=told(at.merchant, audit_trail(invoice_id=invoice.pk)),
        deliveries=invoice_deliveries(merchant=at.merchant, livemode=at.livemode, invoice_id=invoice.pk),
        pay_url=pay_url,
        snippets=snippets.of_invoice(invoice) if invoice.is_awaiting else (),
        embeds=snippets.embeds(at.merchant),
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


def _file(request: HttpRequest, rows: QuerySet[Invoice]) -> StreamingHttpResponse:
    lean = rows.only(*_NEEDED)  # reading what an invoice is for, and what its rate rests on, takes longest by far
    lines = csv_lines(_COLUMNS, (_row(each) for each in lean.iterator(chunk_size=_CHUNK)))
    return csv_file(request, lines, name="invoices.csv")


def _listed(form: InvoiceFilterForm, at: Desk) -> QuerySet[Invoice]:
    rows = selectors.list_invoices(merchant=at.merchant, livemode=at.livemode)
    return _narrowed(rows, form.cleaned_data, at) if form.is_valid() else rows


def _narrowed(rows: QuerySet[Invoice], wanted: dict[str, Any], at: Desk) -> QuerySet[Invoice]:
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
        rows = found(rows, wanted["search"], at)
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
