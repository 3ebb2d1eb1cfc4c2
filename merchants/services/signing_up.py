"""A new merchant: the account, its first keys and secrets, its owner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction

from core import secrets
from merchants import selectors
from merchants.audit import log_change
from merchants.errors import PlanNotAvailable, SignUpClosed, UnknownPlan
from merchants.models import APIKey, Member, Merchant, Plan, Role
from merchants.scopes import EVERYTHING
from merchants.secrets import new_webhook_secret
from merchants.services.invitations import invite_soon
from merchants.services.keys import KeyOrder, issue_first_key
from merchants.services.logos import keep_logo
from merchants.services.people import login_name
from merchants.settings import merge

DEFAULT_PLAN: Final = "free"


@dataclass(frozen=True, slots=True)
class SignUp:
    """
    Who wants an account. ``is_invited`` is set where the staff opens it.

    ``owner`` is the person who signs up on the dashboard; without one, ``contact_email`` is mailed a link.
    """

    business_name: str
    contact_email: str
    plan_type: str = DEFAULT_PLAN
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_invited: bool = False
    owner: User | None = None


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A new merchant with everything that is shown once."""

    merchant: Merchant
    live_key: APIKey
    api_key: str
    test_api_key: str
    webhook_secret: str
    test_webhook_secret: str


@transaction.atomic
def sign_up(*, request: SignUp, now: datetime) -> SignedUp:
    """
    Open an account: merchant, a live and a test key, signing secrets, and an owner who is mailed a link.

    :raises SignUpClosed: when the operator does not take merchants this way
    :raises UnknownPlan: when there is no such plan
    :raises PlanNotAvailable: when only the staff gives this plan
    :raises Invalid: for a setting that is unknown or out of range
    """
    if settings.MERCHANT_SIGNUP != "open" and not request.is_invited:
        raise SignUpClosed
    plan = _plan(request)
    secret, test_secret = new_webhook_secret(), new_webhook_secret()
    merchant = Merchant(
        business_name=request.business_name,
        contact_email=request.contact_email,
        plan=plan,
        settings=merge({}, dict(request.settings)),
        webhook_secret_live=secrets.encrypt(secret),
        webhook_secret_test=secrets.encrypt(test_secret),
        created_at=now,
        updated_at=now,
    )
    merchant.save(force_insert=True)
    if "logo" in merchant.settings:
        keep_logo(merchant)
    log_change("merchant.created", merchant=merchant, about=merchant, plan_type=plan.pk)
    live_key, api_key = _first_key(merchant, livemode=True, now=now)
    _, test_api_key = _first_key(merchant, livemode=False, now=now)
    _add_owner(merchant, request.owner, now=now)
    return SignedUp(
        merchant=merchant,
        live_key=live_key,
        api_key=api_key,
        test_api_key=test_api_key,
        webhook_secret=secret,
        test_webhook_secret=test_secret,
    )


def _plan(request: SignUp) -> Plan:
    plan = selectors.find_plan(request.plan_type)
    if plan is None:
        allowed = list(Plan.objects.filter(is_self_service=True).values_list("pk", flat=True))
        raise UnknownPlan(field="plan_type", constraints={"allowed": allowed})
    if not plan.is_self_service and not request.is_invited:
        raise PlanNotAvailable(field="plan_type")
    return plan


def _first_key(merchant: Merchant, *, livemode: bool, now: datetime) -> tuple[APIKey, str]:
    name = "First live key" if livemode else "First test key"
    order = KeyOrder(name=name, livemode=livemode, permissions=(EVERYTHING,))
    return issue_first_key(merchant=merchant, order=order, now=now)


def _add_owner(merchant: Merchant, owner: User | None, *, now: datetime) -> Member:
    member = Member(
        user=owner or _user(merchant.contact_email),
        merchant=merchant,
        role=Role.OWNER,
        invited_at=now if owner else None,  # whoever signs up on the dashboard is here already
        created_at=now,
    )
    member.save(force_insert=True)
    log_change("member.added", merchant=merchant, about=member, role=member.role)
    invite_soon()
    return member


def _user(email: str) -> User:
    """Return the person with this address; one who is new gets a login without a password."""
    known = get_user_model().objects.filter(email__iexact=email, is_active=True).order_by("pk").first()
    if known is not None:
        return known
    # "!" is no hash of anything: no password fits until one is chosen through the mailed link.
    user, _ = get_user_model().objects.get_or_create(
        username=login_name(email), defaults={"email": email, "password": "!"}
    )
    return user
