"""Customers: who they are, what they paid and what credit they have."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import CheckoutError
from core.pages import ListPage
from dashboard.access import MANAGE, SELL, Desk, NotYourRole, desk
from dashboard.pages import show
from dashboard.selling_forms import CustomerFilterForm, CustomerForm, CustomerNameForm
from dashboard.views.invoices import PER_PAGE
from invoices import selectors, services
from invoices.services import CustomerDetails


@require_safe
@desk()
def customer_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the merchant's customers."""
    form = CustomerFilterForm(request.GET)
    text = form.cleaned_data["search"] if form.is_valid() else ""
    rows = selectors.list_customers(merchant=at.merchant, livemode=at.livemode, text=text)
    page = ListPage(rows, PER_PAGE, request.GET.get("place"))
    return show(request, "customers", filters=form, page=page, is_narrowed=bool(text))


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=SELL)
def add_customer(request: HttpRequest, at: Desk) -> HttpResponse:
    """Write somebody down by hand."""
    form = CustomerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            customer = services.create_customer(
                merchant=at.merchant,
                livemode=at.livemode,
                details=CustomerDetails(**form.cleaned_data),
                now=timezone.now(),
            )
        except CheckoutError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
        else:
            messages.success(request, _("The customer was added."))
            return HttpResponseRedirect(reverse("dashboard:customer", args=[customer.public_id]))
    return show(request, "customer_form", form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def customer_detail(request: HttpRequest, at: Desk, customer_id: str) -> HttpResponse:
    """Show one customer with their invoices and credit; change the name."""
    customer = selectors.get_customer(merchant=at.merchant, livemode=at.livemode, public_id=customer_id)
    form = CustomerNameForm(request.POST if request.method == "POST" else None, initial={"name": customer.name})
    if request.method == "POST":
        if not at.may_sell:
            raise NotYourRole
        if form.is_valid():
            services.update_customer(
                merchant=at.merchant,
                livemode=at.livemode,
                public_id=customer_id,
                changes={"name": form.cleaned_data["name"]},
                now=timezone.now(),
            )
            messages.success(request, _("The name was changed."))
            return HttpResponseRedirect(reverse("dashboard:customer", args=[customer_id]))
    invoices = selectors.list_invoices(merchant=at.merchant, livemode=at.livemode).filter(customer=customer)
    owed = selectors.credits_of(customer).items()
    return show(request, "customer", form=form, customer=customer, credits=owed, invoices=invoices[:10])


@require_POST
@desk(may=MANAGE)
def erase_customer(request: HttpRequest, at: Desk, customer_id: str) -> HttpResponse:
    """Take a customer's personal data out of everything."""
    done = services.erase_customer(
        merchant=at.merchant, livemode=at.livemode, public_id=customer_id, now=timezone.now()
    )
    told = ngettext(
        "The customer's data was erased, also from %(count)d invoice.",
        "The customer's data was erased, also from %(count)d invoices.",
        done.invoices,
    )
    messages.success(request, told % {"count": done.invoices})
    return HttpResponseRedirect(reverse("dashboard:customer", args=[customer_id]))
