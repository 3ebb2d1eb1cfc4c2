"""The business itself: what it is called, what its invoices are in by default, what it uses of its plan."""

from datetime import date, datetime
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import CheckoutError
from dashboard.access import DEVELOP, Desk, NotYourRole, desk
from dashboard.pages import show
from dashboard.settings_forms import BusinessForm, SettingsForm
from merchants import selectors, services
from merchants.errors import MerchantChanged
from webhooks.selectors import count_endpoints

MONTHS: Final = 24  # of the history of usage
_DECEMBER: Final = 12


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def business(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show and change who the business is."""
    typed = request.POST if request.method == "POST" else None
    form = BusinessForm(typed, merchant=at.merchant, may_change=at.may_manage)
    if save(request, at, form):
        return HttpResponseRedirect(reverse("dashboard:business"))
    return show(request, "business", form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=DEVELOP)
def webhook_secret(request: HttpRequest, at: Desk) -> HttpResponse:
    """Replace the secret that signs what goes to the addresses of single invoices, and show the new one this once."""
    if request.method != "POST" or "replace" not in request.POST:
        return show(request, "business_secret")
    secret = services.rotate_webhook_secret(merchant=at.merchant, livemode=at.livemode, now=timezone.now())
    answer = show(request, "business_secret", secret=secret)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@desk()
def plan(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show what the plan allows, what is used of it, and what was used in the months before."""
    now = timezone.now()
    used = selectors.usage(merchant=at.merchant, livemode=True, now=now)
    limits = at.merchant.plan
    return show(
        request,
        "plan",
        plan=limits,
        bars=[
            (_("Live invoices this month"), used.monthly_invoices, limits.monthly_invoice_limit),
            (_("Active API keys, live and test"), used.api_keys, limits.max_api_keys),
            (
                _("Webhook endpoints, live and test"),
                count_endpoints(merchant=at.merchant),
                limits.max_webhook_endpoints,
            ),
        ],
        begins_anew=_next_month(now),
        months=selectors.list_usage(merchant=at.merchant, livemode=at.livemode)[:MONTHS],
    )


def save(request: HttpRequest, at: Desk, form: SettingsForm) -> bool:
    """
    Save what was sent, as the API does; return whether that went well.

    :raises NotYourRole: for those who may only look
    """
    if request.method != "POST":
        return False
    if not at.may_manage:
        raise NotYourRole
    if not form.is_valid():
        return False
    try:
        services.update_merchant(merchant=at.merchant, changes=form.changes(), now=timezone.now())
    except MerchantChanged:
        at.merchant.refresh_from_db()
        form.refuse_as_changed(at.merchant)
    except CheckoutError as refusal:
        form.refuse(refusal)
    else:
        messages.success(request, _("Saved."))
        return True
    return False


def _next_month(now: datetime) -> date:
    """Return the day on which the count begins anew (UTC)."""
    today = now.date()
    return date(today.year + today.month // _DECEMBER, today.month % _DECEMBER + 1, 1)
