"""Saved views of the list of invoices: kept from the filters that are on, renamed, forgotten."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import CheckoutError
from dashboard import saved_views
from dashboard.access import Desk, desk
from dashboard.saved_views import ViewNotFound
from dashboard.selling_forms import InvoiceFilterForm, ViewForm
from dashboard.views.invoices import list_page


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def add_view(request: HttpRequest, at: Desk) -> HttpResponse:
    """Keep the filters that the list was shown with; whoever goes on filtering after a refusal gets the list."""
    if request.method != "POST":
        return _to_list(request.GET.urlencode())
    filters = InvoiceFilterForm(QueryDict(request.POST.get("query", "")))
    form = ViewForm(request.POST, auto_id="view_%s")
    if form.is_valid():
        query = filters.query() if filters.is_valid() else ""
        try:
            saved_views.save_view(member=at.member, name=form.cleaned_data["name"], query=query, now=timezone.now())
        except CheckoutError as refusal:
            form.add_error(refusal.field, refusal.detail)
        else:
            messages.success(request, _("The view was saved. It stands above the list."))
            return _to_list(query)
    return list_page(request, at, filters, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def rename_view(request: HttpRequest, at: Desk, view_id: str) -> HttpResponse:
    """Call a view something else; whoever goes on filtering after a refusal gets the list."""
    view = saved_views.get_view(member=at.member, public_id=view_id)
    if request.method != "POST":
        return _to_list(request.GET.urlencode())
    form = ViewForm(request.POST, auto_id="view_%s")
    if form.is_valid():
        try:
            saved_views.rename_view(member=at.member, public_id=view_id, name=form.cleaned_data["name"])
        except ViewNotFound:
            raise
        except CheckoutError as refusal:
            form.add_error(refusal.field, refusal.detail)
        else:
            messages.success(request, _("The view was renamed."))
            return _to_list(view.query)
    return list_page(request, at, InvoiceFilterForm(QueryDict(view.query)), form=form)


@require_POST
@desk()
def delete_view(request: HttpRequest, at: Desk, view_id: str) -> HttpResponse:
    """Forget a view; the invoices stay."""
    saved_views.delete_view(member=at.member, public_id=view_id)
    messages.success(request, _("The view was deleted. The invoices are all still there."))
    return _to_list("")


def _to_list(query: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("dashboard:invoices") + (f"?{query}" if query else ""))
