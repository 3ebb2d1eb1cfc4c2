"""The rules of payments, each with what it means for the values that hold."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from chains import registry
from chains.base import Network
from dashboard import rules
from dashboard.access import Desk, desk
from dashboard.pages import show
from dashboard.settings_forms import ONE, RulesForm
from dashboard.views.settings import save
from merchants.models import Merchant
from merchants.settings import MerchantSettings


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def payment_rules(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show and change what counts as paid, and when."""
    networks = _networks(at.merchant)
    typed = request.POST if request.method == "POST" else None
    form = RulesForm(typed, merchant=at.merchant, may_change=at.may_manage, networks=networks)
    if save(request, at, form):
        return HttpResponseRedirect(reverse("dashboard:payment_rules"))
    own = MerchantSettings.of(at.merchant)
    return show(
        request,
        "payment_rules",
        form=form,
        too_little=rules.too_little(own),
        too_much=rules.too_much(own),
        expiry=rules.expiry(own, now=timezone.now()),
        late=rules.late(own),
        blocks=[
            (form[ONE + network.code], network, rules.usual(network), rules.risk(network, own)) for network in networks
        ],
    )


def _networks(merchant: Merchant) -> list[Network]:
    """Return the networks that can be paid on, and those with a rule of the merchant's own."""
    ruled = MerchantSettings.of(merchant).confirmations
    return [network for network in registry.networks() if network.is_enabled or network.code in ruled]
