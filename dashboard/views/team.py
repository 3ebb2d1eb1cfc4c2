"""The team: who is in it, inviting, roles, leaving; and the page that an invitation leads to."""

from typing import Final

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import ratelimit
from core.errors import CheckoutError, Conflict
from core.ratelimit import Limit
from dashboard.access import CHOSEN, MANAGE_TEAM, Desk, desk, explained
from dashboard.accounts.pages import account_page
from dashboard.forms_team import FirstPasswordForm, InvitationForm, RoleForm
from dashboard.pages import show
from merchants import selectors, services
from merchants.models import Invitation, Role

_MAILS: Final = Limit(30, 3600)  # invitations of one merchant
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


class TooManyInvitations(Conflict):
    """Mail to strangers in a merchant's name has its limits."""

    code = "TOO_MANY_INVITATIONS"
    message = "Too many invitations within an hour. Try again later."


@require_safe
@desk()
def member_list(request: HttpRequest, at: Desk) -> HttpResponse:
    """Show members and the invitations that wait."""
    return show(
        request,
        "team",
        members=selectors.list_members(merchant=at.merchant),
        invitations=selectors.list_invitations(merchant=at.merchant),
        now=timezone.now(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=MANAGE_TEAM)
def invite(request: HttpRequest, at: Desk) -> HttpResponse:
    """Offer somebody a seat."""
    form = InvitationForm(request.POST if request.method == "POST" else None, by=at.member.role)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            _invite(at, wanted["email"], Role(wanted["role"]))
        except CheckoutError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
        else:
            messages.success(request, _("The invitation goes out by e-mail. It is good for seven days."))
            return _to_team()
    return show(request, "team_invite", form=form)


@require_POST
@desk(may=MANAGE_TEAM)
def invite_again(request: HttpRequest, at: Desk, invitation_id: str) -> HttpResponse:
    """Send the mail of an invitation once more, good for another seven days."""
    invitation = selectors.get_invitation(merchant=at.merchant, public_id=invitation_id)
    _invite(at, invitation.email, Role(invitation.role))
    messages.success(request, _("The invitation goes out once more."))
    return _to_team()


@require_POST
@desk(may=MANAGE_TEAM)
def withdraw(request: HttpRequest, at: Desk, invitation_id: str) -> HttpResponse:
    """Take an invitation back."""
    services.withdraw_invitation(merchant=at.merchant, by=at.member, invitation_id=invitation_id, now=timezone.now())
    messages.success(request, _("The invitation was withdrawn. Its link opens nothing any more."))
    return _to_team()


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=MANAGE_TEAM)
def change_role(request: HttpRequest, at: Desk, member_id: str) -> HttpResponse:
    """Give a member another role."""
    member = selectors.get_member(merchant=at.merchant, public_id=member_id)
    form = RoleForm(
        request.POST if request.method == "POST" else None, by=at.member.role, initial={"role": member.role}
    )
    if request.method == "POST" and form.is_valid():
        try:
            role = Role(form.cleaned_data["role"])
            services.change_role(merchant=at.merchant, by=at.member, member_id=member_id, role=role)
        except CheckoutError as refusal:
            form.add_error("role", refusal.detail)
        else:
            messages.success(request, _("The role was changed."))
            return _to_team()
    return show(request, "team_role", form=form, member=member)


@require_http_methods(["GET", "HEAD", "POST"])
@desk(may=MANAGE_TEAM)
def remove(request: HttpRequest, at: Desk, member_id: str) -> HttpResponse:
    """Ask once more, then end a membership."""
    member = selectors.get_member(merchant=at.merchant, public_id=member_id)
    if request.method != "POST":
        return show(request, "team_remove", member=member)
    services.remove_member(merchant=at.merchant, by=at.member, member_id=member_id)
    messages.success(request, _("The member was removed."))
    return _to_team() if member.pk != at.member.pk else HttpResponseRedirect(reverse("dashboard:home"))


@require_http_methods(["GET", "HEAD", "POST"])
@desk()
def leave(request: HttpRequest, at: Desk) -> HttpResponse:
    """Ask once more, then end one's own membership."""
    if request.method != "POST" or "leave" not in request.POST:
        return show(request, "team_remove", member=at.member)
    services.remove_member(merchant=at.merchant, by=at.member, member_id=at.member.public_id)
    messages.success(request, _("You left the team."))
    return HttpResponseRedirect(reverse("dashboard:home"))


@account_page
@explained
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is offered; take the seat with the login one has, or with a new one."""
    offer = selectors.invitation_of(token=token, now=timezone.now())
    if request.user.is_authenticated:
        if request.method == "POST":
            services.accept_invitation(token=token, user=request.user, now=timezone.now())
            return _welcome(request, offer)
        return show(request, "invitation", offer=offer, is_theirs=request.user.email.lower() == offer.email)
    known = _person(offer.email)
    if known is not None and (known.has_usable_password() or Authenticator.objects.filter(user=known).exists()):
        return show(request, "invitation", offer=offer, has_login=True, here=request.path)
    form = FirstPasswordForm(request.POST if request.method == "POST" else None, email=offer.email)
    if request.method == "POST" and form.is_valid():
        user = _join(token, known, offer.email, form.cleaned_data["password"])
        login(request, user, backend=_BACKEND)
        return _welcome(request, offer)
    return show(request, "invitation", offer=offer, form=form)


@transaction.atomic
def _join(token: str, known: User | None, email: str, password: str) -> User:
    """Make the login of somebody who proved their address with the mailed link, and take the seat."""
    user = known or get_user_model()(username=services.login_name(email), email=email)
    user.set_password(password)
    user.save()
    services.confirm_address(user=user)
    services.accept_invitation(token=token, user=user, now=timezone.now())
    return user


def _person(email: str) -> User | None:
    return get_user_model().objects.filter(email__iexact=email, is_active=True).order_by("pk").first()


def _welcome(request: HttpRequest, offer: Invitation) -> HttpResponse:
    request.session[CHOSEN] = offer.merchant.public_id
    messages.success(request, _("Welcome to the team of %(name)s.") % {"name": offer.merchant.business_name})
    return HttpResponseRedirect(reverse("dashboard:home"))


def _invite(at: Desk, email: str, role: Role) -> None:
    if not ratelimit.hit("team-invitations", at.merchant.public_id, _MAILS).allowed:
        raise TooManyInvitations
    services.invite_member(merchant=at.merchant, by=at.member, email=email, role=role, now=timezone.now())


def _to_team() -> HttpResponse:
    return HttpResponseRedirect(reverse("dashboard:team"))
