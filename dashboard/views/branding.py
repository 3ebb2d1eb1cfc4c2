"""How customers see the business, with a look at the page itself while it changes."""

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.http import require_http_methods

from core.errors import CheckoutError
from dashboard.access import Desk, NotYourRole, desk
from dashboard.branding_forms import BrandingForm, corrected
from dashboard.pages import show
from dashboard.views.settings import save
from merchants.models import Merchant
from merchants.selectors import logo_of
from merchants.settings import MerchantSettings, merge


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type] # the preview; it passes on what it gets
def branding(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show and change name, logo, colour, and where questions go."""
    form = BrandingForm(request, merchant=at.merchant, may_change=at.may_manage)
    if save(request, at, form):
        return HttpResponseRedirect(reverse("dashboard:branding"))
    colour = MerchantSettings.of(at.merchant).branding.accent_color
    return show(
        request,
        "branding",
        form=form,
        logo=logo_of(at.merchant),
        corrected=corrected(colour) if colour else None,
        colour=colour,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def branding_preview(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show the pay page as it is, or as what was filled in would make it; nothing is saved."""
    sample = import_string(settings.PAY_PAGE_SAMPLE)
    if request.method != "POST":
        scheme = request.GET.get("scheme", "")
        return sample(request, at.merchant, scheme=scheme, now=timezone.now())  # type: ignore[no-any-return]
    if not at.may_manage:
        raise NotYourRole
    form = BrandingForm(request, merchant=at.merchant, may_change=True)
    if form.is_valid():
        try:
            merchant = Merchant(
                pk=at.merchant.pk,
                business_name=at.merchant.business_name,
                settings=merge(at.merchant.settings, form.changes().settings),
            )
        except CheckoutError as refusal:
            form.refuse(refusal)
        else:
            return sample(  # type: ignore[no-any-return]
                request,
                merchant,
                scheme=form.cleaned_data["scheme"],
                now=timezone.now(),
                logo=form.cleaned_data["logo"] or None,
            )
    answer = show(request, "branding_refused", form=form)
    answer["X-Frame-Options"] = "SAMEORIGIN"
    answer["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; frame-ancestors 'self'; sandbox allow-same-origin"
    )
    return answer
