"""Another business for somebody who has a login already, or a first one for somebody who left all others."""

from typing import Final

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import ratelimit
from core.errors import Conflict
from core.ratelimit import Limit
from dashboard.access import CHOSEN, explained, signed_in
from dashboard.accounts.pages import account_page
from dashboard.forms_team import BusinessForm
from dashboard.pages import show
from merchants import services

_OPENED: Final = Limit(5, 3600)  # by one person


class TooManyBusinesses(Conflict):
    """Nobody opens shops by the dozen."""

    code = "TOO_MANY_BUSINESSES"
    message = "Too many businesses within an hour. Try again later."


@account_page
@explained
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def open_business(request: HttpRequest) -> HttpResponse:
    """Ask for its name; open its account, as sign-up does."""
    form = BusinessForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return show(request, "business_new", form=form)
    person = request.user
    assert isinstance(person, User)  # noqa: S101 - the decorator let in nobody else
    if not ratelimit.hit("businesses", str(person.pk), _OPENED).allowed:
        raise TooManyBusinesses
    order = services.SignUp(business_name=form.cleaned_data["business_name"], contact_email=person.email, owner=person)
    merchant = services.sign_up(request=order, now=timezone.now()).merchant
    request.session[CHOSEN] = merchant.public_id
    messages.success(request, _("%(name)s is open.") % {"name": merchant.business_name})
    return HttpResponseRedirect(reverse("dashboard:home"))
