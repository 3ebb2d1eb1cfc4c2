"""
Who is at the desk: a signed-in person, one of the merchants they belong to, and what their role may do.

    @desk(may=MONEY)
    def add_wallet(request: HttpRequest, at: Desk) -> HttpResponse: ...

A view without ``may`` is open to every member; ``at.merchant`` is the only merchant it ever sees.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from core import context
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, Unavailable
from dashboard.policy import guarded
from merchants.errors import MerchantSuspended
from merchants.models import Member, Merchant, Role

EVERYBODY: Final = frozenset(Role)
MONEY: Final = frozenset({Role.OWNER, Role.ADMIN})  # who says where money goes
CHOSEN: Final = "merchant"  # the session's key for the merchant that was chosen

_STATUS: Final = ((NotFound, 404), (Invalid, 422), (Conflict, 409), (Denied, 403), (Unavailable, 503))


@dataclass(frozen=True, slots=True)
class Desk:
    """A member at work; ``others`` are their memberships in other merchants."""

    member: Member
    others: tuple[Member, ...] = ()

    @property
    def merchant(self) -> Merchant:
        """The merchant whose pages these are."""
        return self.member.merchant

    @property
    def may_move_money(self) -> bool:
        """Whether this member says where money goes."""
        return self.member.role in MONEY


class NotYourRole(Denied):
    """The member's role does not allow this page."""

    code = "ROLE_NOT_ALLOWED"
    message = "Your role does not allow this. Ask an owner or an admin."


class NoMembership(Denied):
    """The person belongs to no merchant."""

    code = "NO_MEMBERSHIP"
    message = "You are signed in, but belong to no merchant here."


View = Callable[..., HttpResponseBase]


def desk(*, may: frozenset[Role] = EVERYBODY) -> Callable[[View], View]:
    """Let members with one of these roles in, as themselves; show every refusal as a page."""

    def decorate(view: View) -> View:
        @wraps(view)
        def _at_desk(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), login_url=reverse("dashboard:sign_in"))
            context.set_actor(f"user:{request.user.pk}")
            at = None
            try:
                at = _desk_of(request)
                if at.member.role not in may:
                    raise NotYourRole
                return view(request, at, *args, **kwargs)
            except CheckoutError as failure:
                return problem(request, failure, at)

        return guarded(_at_desk)

    return decorate


def problem(request: HttpRequest, failure: CheckoutError, at: Desk | None = None) -> HttpResponse:
    """Return a page that says what went wrong."""
    status = next((status for kind, status in _STATUS if isinstance(failure, kind)), 400)
    return render(request, "dashboard/problem.html", {"failure": failure, "status": status, "at": at}, status=status)


def _desk_of(request: HttpRequest) -> Desk:
    memberships = list(
        Member.objects.filter(user__pk=request.user.pk or 0)
        .select_related("merchant__plan")
        .order_by("created_at", "id")
    )
    if not memberships:
        raise NoMembership
    chosen = request.session.get(CHOSEN)
    member = next((each for each in memberships if each.merchant.public_id == chosen), memberships[0])
    if member.merchant.is_suspended:
        raise MerchantSuspended
    return Desk(member, tuple(each for each in memberships if each is not member))
