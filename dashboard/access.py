"""
Who is at the desk: a signed-in person, one of the merchants they belong to, and what their role may do.

    @desk(may=MONEY)
    def add_wallet(request: HttpRequest, at: Desk) -> HttpResponse: ...

``at.merchant`` is the only merchant a view ever sees and ``at.livemode`` the only mode: both go into
every call of a selector or a service. A view without ``may`` is open to every member. What a role may do:

===============  =====  =====  =========  ======  ==============================================================
set              owner  admin  developer  viewer  covers
===============  =====  =====  =========  ======  ==============================================================
EVERYBODY        yes    yes    yes        yes     looking at every page that holds no secret
SELL             yes    yes    yes        --      invoices, payment links, customers: create, change, cancel
DEVELOP          yes    yes    yes        --      API keys, webhooks and their secrets, request log, sandbox
MONEY            yes    yes    --         --      where money goes: wallets, inbox, refunds, payouts
MANAGE           yes    yes    --         --      business, branding, rules for payments; the audit log
MANAGE_TEAM      yes    yes    --         --      invite, change roles, remove (owners: only by owners)
===============  =====  =====  =========  ======  ==============================================================

How to add a page: docs/dashboard.md. tests/dashboard/test_permissions.py knows every URL and fails for one it misses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from core import context
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, Unavailable
from dashboard.accounts.visits import note_visit
from dashboard.policy import guarded
from dashboard.zones import zone_of
from merchants.errors import MerchantSuspended
from merchants.models import Member, Merchant, Role

EVERYBODY: Final = frozenset(Role)
SELL: Final = frozenset({Role.OWNER, Role.ADMIN, Role.DEVELOPER})
DEVELOP: Final = frozenset({Role.OWNER, Role.ADMIN, Role.DEVELOPER})
MONEY: Final = frozenset({Role.OWNER, Role.ADMIN})
MANAGE: Final = frozenset({Role.OWNER, Role.ADMIN})
MANAGE_TEAM: Final = frozenset({Role.OWNER, Role.ADMIN})

CHOSEN: Final = "merchant"  # the session's key for the merchant that was chosen
TESTING: Final = "test"  # and for test mode, while it is on
HERE: Final = "at"  # the hidden field of {% here %}

_STATUS: Final = ((NotFound, 404), (Invalid, 422), (Conflict, 409), (Denied, 403), (Unavailable, 503))


@dataclass(frozen=True, slots=True)
class Desk:
    """A member at work in one mode; ``others`` are their memberships in other merchants."""

    member: Member
    others: tuple[Member, ...] = ()
    livemode: bool = True

    @property
    def merchant(self) -> Merchant:
        """The merchant whose pages these are."""
        return self.member.merchant

    @property
    def token(self) -> str:
        """What forms carry along, so that none is sent for another merchant or mode than it was opened for."""
        return f"{self.merchant.public_id}/{'live' if self.livemode else 'test'}"

    @property
    def may_sell(self) -> bool:
        """Whether this member creates and cancels invoices, payment links, customers."""
        return self.member.role in SELL

    @property
    def may_develop(self) -> bool:
        """Whether this member handles keys, webhooks and their secrets."""
        return self.member.role in DEVELOP

    @property
    def may_move_money(self) -> bool:
        """Whether this member says where money goes."""
        return self.member.role in MONEY

    @property
    def may_manage(self) -> bool:
        """Whether this member changes the merchant's settings."""
        return self.member.role in MANAGE

    @property
    def may_manage_team(self) -> bool:
        """Whether this member invites and removes people."""
        return self.member.role in MANAGE_TEAM


class NotYourRole(Denied):
    """The member's role does not allow this page."""

    code = "ROLE_NOT_ALLOWED"
    message = "Your role does not allow this. Ask an owner or an admin."


class MovedOn(Conflict):
    """A form was opened at one desk and sent at another: in a second window the person changed merchant or mode."""

    code = "DESK_CHANGED"
    message = "Meanwhile you changed to another business or mode, in another window. Nothing was done."


class NoMembership(Denied):
    """The person belongs to no merchant."""

    code = "NO_MEMBERSHIP"
    message = "You are signed in, but belong to no merchant here."


View = Callable[..., HttpResponseBase]


def desk(*, may: frozenset[Role] = EVERYBODY, also_suspended: bool = False) -> Callable[[View], View]:
    """
    Let members with one of these roles in, as themselves; show every refusal as a page.

    ``also_suspended`` is for the way out of a suspended merchant into another one.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def _at_desk(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            context.set_actor(f"user:{request.user.pk}")
            with timezone.override(zone_of(request)):
                try:
                    at = sit_down(request)
                    if at.merchant.is_suspended and not also_suspended:
                        raise MerchantSuspended
                    if at.member.role not in may:
                        raise NotYourRole
                    if request.POST.get(HERE, at.token) != at.token:
                        raise MovedOn
                    return view(request, at, *args, **kwargs)
                except CheckoutError as failure:
                    return problem(request, failure)

        return guarded(_at_desk)

    return decorate


def explained(view: View) -> View:
    """Show every refusal of a page without a desk as a page."""

    @wraps(view)
    def _explained(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except CheckoutError as failure:
            return problem(request, failure)

    return _explained


def signed_in(view: View) -> View:
    """Let only people in who are signed in, whatever they belong to: for what is theirs and no merchant's."""

    @wraps(view)
    def _signed_in(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return view(request, *args, **kwargs) if request.user.is_authenticated else _to_sign_in(request)

    return _signed_in


def sit_down(request: HttpRequest) -> Desk:
    """
    Return where the signed-in person works now, and have the templates know it as ``at``.

    :raises NoMembership: when they belong to no merchant
    """
    note_visit(request, now=timezone.now())
    at = _desk_of(request)
    cast("Any", request).desk = at
    return at


def problem(request: HttpRequest, failure: CheckoutError) -> HttpResponse:
    """Return a page that says what went wrong and how to go on."""
    status = next((status for kind, status in _STATUS if isinstance(failure, kind)), 400)
    shown = {"failure": failure, "status": status, "is_missing": status == 404, "here": request.path}
    return render(request, "dashboard/problem.html", shown, status=status)


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request"):  # a part of a page asks: the whole page has to go
        return HttpResponseClientRedirect(reverse("account_login"))
    return redirect_to_login(request.get_full_path(), login_url=reverse("account_login"))


def _desk_of(request: HttpRequest) -> Desk:
    memberships = list(
        Member.objects.filter(user__pk=request.user.pk or 0)
        .select_related("merchant__plan", "user")
        .order_by("created_at", "id")
    )
    if not memberships:
        raise NoMembership
    chosen = request.session.get(CHOSEN)
    member = next((each for each in memberships if each.merchant.public_id == chosen), memberships[0])
    others = tuple(each for each in memberships if each is not member)
    return Desk(member, others, livemode=not request.session.get(TESTING))
