"""Signing in and out, and choosing among one's merchants."""

from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_POST

from core.sign_in import SignInForm
from dashboard.access import CHOSEN, Desk, desk
from dashboard.policy import guarded
from merchants.models import Merchant

sign_in = guarded(
    views.LoginView.as_view(
        template_name="dashboard/sign_in.html",
        form_class=SignInForm,
        redirect_authenticated_user=True,
        next_page=reverse_lazy("dashboard:home"),
    )
)
sign_out = guarded(views.LogoutView.as_view(next_page=reverse_lazy("dashboard:sign_in")))


@desk()
def home(request: HttpRequest, at: Desk) -> HttpResponse:  # noqa: ARG001 - the decorator hands it over
    """Lead to the first page."""
    return HttpResponseRedirect(reverse("dashboard:wallets"))


@require_POST
@desk()
def choose_merchant(request: HttpRequest, at: Desk) -> HttpResponse:
    """Go on with another of the person's merchants."""
    key = Merchant.key_from(request.POST.get("merchant"))
    if any(other.merchant_id == key for other in at.others):
        request.session[CHOSEN] = request.POST["merchant"]
    return HttpResponseRedirect(reverse("dashboard:home"))
