"""Where a member begins, and choosing among one's merchants and the two modes."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import CHOSEN, TESTING, Desk, desk
from dashboard.navigation import first_page
from merchants.models import Merchant


@require_safe
@desk()
def home(request: HttpRequest, at: Desk) -> HttpResponse:  # noqa: ARG001 - the decorator hands it over
    """Lead to the first page."""
    return HttpResponseRedirect(first_page(at))


@require_POST
@desk(also_suspended=True)
def choose_merchant(request: HttpRequest, at: Desk) -> HttpResponse:
    """Go on with another of the person's merchants."""
    key = Merchant.key_from(request.POST.get("merchant"))
    if any(other.merchant_id == key for other in at.others):
        request.session[CHOSEN] = request.POST["merchant"]
    return HttpResponseRedirect(reverse("dashboard:home"))


@require_POST
@desk()
def choose_mode(request: HttpRequest, at: Desk) -> HttpResponse:  # noqa: ARG001 - the decorator hands it over
    """Go on with real money, or with none."""
    request.session[TESTING] = request.POST.get("mode") == "test"
    following = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(following, allowed_hosts=None) and following.startswith("/")
    return HttpResponseRedirect(following if is_ours else reverse("dashboard:home"))
