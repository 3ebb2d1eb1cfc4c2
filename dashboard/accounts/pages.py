"""
The pages of accounts: django-allauth's views within our frame.

Each answers with the strict policy, in the viewer's zone, with the menu of whoever is signed in, and takes only
so many forms from one address.
"""

from functools import wraps
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from core import context, ratelimit
from core.ratelimit import Limit
from dashboard.access import NoMembership, View, sit_down
from dashboard.policy import guarded
from dashboard.zones import zone_of

# Forms from one IP address: an office shares one, a guesser wants thousands.
POSTS: Final = Limit(60, 300)


def account_page(view: View) -> View:
    """Set a view of allauth into our frame."""

    @wraps(view)
    def _page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            context.set_actor(f"user:{request.user.pk}")
            _take_a_seat(request)
        with timezone.override(zone_of(request)):
            if request.method == "POST" and not _is_welcome():
                return render(request, "429.html", status=429)
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()  # while the zone is the viewer's
                if _is_refused(response):
                    response.status_code = 422
            return response

    return guarded(_page)


def _take_a_seat(request: HttpRequest) -> None:
    try:
        sit_down(request)
    except NoMembership:
        return  # a person without a business has an account all the same


def _is_welcome() -> bool:
    return ratelimit.hit("account-forms", context.current().ip_address, POSTS).allowed


def _is_refused(response: SimpleTemplateResponse) -> bool:
    shown = response.context_data or {}
    forms = (shown.get(name) for name in ("form", "verify_form", "change_form"))
    return response.status_code == 200 and any(form is not None and form.is_bound and form.errors for form in forms)
