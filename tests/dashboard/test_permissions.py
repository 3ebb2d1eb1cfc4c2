"""
Who may do what: one table of every URL of the dashboard, by role, for strangers and for other merchants' people.

A URL that is missing here fails the first test. A row says who may look (GET) and who may act (POST); None where
the page does not take that method. ``of`` makes what the URL is about: another merchant's is always 404.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from core.ids import public_id
from dashboard import urls
from dashboard.access import DEVELOP, EVERYBODY, MANAGE, MANAGE_TEAM, MONEY, SELL
from dashboard.saved_views import save_view
from events.models import Event, Seal
from events.outbox import dispatch
from events.sealing import seal_all
from invoices.models import Invoice
from invoices.services import CustomerDetails, LinkTerms, add_note, create_customer, create_link
from merchants import services
from merchants.models import Member, Merchant, Role
from tests.dashboard.money import make_deposit
from tests.dashboard.vaults import KEYS, make_payout, make_refund
from tests.factories import make_invoice, make_merchant
from webhooks.models import Delivery
from webhooks.services import EndpointOrder, create_endpoint

assert DEVELOP | MANAGE | MANAGE_TEAM | SELL <= EVERYBODY  # the sets of dashboard/access.py, for rows to come

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]  # what rows make is of test mode

REFUSED = 403
MISSING = 404
WRONG_METHOD = 405


@dataclass(frozen=True)
class Row:
    """What a URL takes from whom."""

    look: frozenset[Role] | None
    act: frozenset[Role] | None = None
    of: Callable[[Merchant], dict[str, str]] | None = None
    query: str = ""
    live: bool = False  # what it makes is of live mode


def wallet(merchant: Merchant) -> dict[str, str]:
    made = services.add_wallet(merchant=merchant, network="tron", kind="pool", addresses=[TRON], now=timezone.now())
    return {"wallet_id": made.public_id}


def deposit(merchant: Merchant) -> dict[str, str]:
    return {"deposit_id": make_deposit(merchant, timezone.now()).public_id}


def invoice(merchant: Merchant) -> dict[str, str]:
    return {"invoice_id": make_invoice(merchant, timezone.now()).public_id}


def note(merchant: Merchant) -> dict[str, str]:
    author = get_user_model().objects.create_user("author@example.com", "author@example.com")
    made = add_note(
        merchant=merchant, livemode=False, author=author, text="Ask Ada.", now=timezone.now(), **invoice(merchant)
    )
    return {"note_id": made.public_id}


def view(merchant: Merchant) -> dict[str, str]:
    user, _new = get_user_model().objects.get_or_create(username="person@example.com")
    member, _new = Member.objects.get_or_create(user=user, merchant=merchant, defaults={"role": "owner"})
    return {"view_id": save_view(member=member, name="Paid", query="status=paid", now=timezone.now()).public_id}


def partial(merchant: Merchant) -> dict[str, str]:
    made = make_invoice(merchant, timezone.now())
    Invoice.objects.filter(pk=made.pk).update(status="partial", received_units=1)
    return {"invoice_id": made.public_id}


def customer(merchant: Merchant) -> dict[str, str]:
    details = CustomerDetails("ada@example.com")
    made = create_customer(merchant=merchant, livemode=False, details=details, now=timezone.now())
    return {"customer_id": made.public_id}


def link(merchant: Merchant) -> dict[str, str]:
    made = create_link(merchant=merchant, livemode=False, terms=LinkTerms("VPN", currency="USD"), now=timezone.now())
    return {"link_id": made.public_id}


def payout(merchant: Merchant) -> dict[str, str]:
    return {"payout_id": make_payout(merchant, timezone.now()).public_id}


def refund(merchant: Merchant) -> dict[str, str]:
    return {"refund_id": make_refund(merchant, timezone.now()).public_id}


def key(merchant: Merchant) -> dict[str, str]:
    order = services.KeyOrder("Shop", livemode=False, permissions=["invoices:read"])
    grant = services.Grant(livemode=False, permissions=["*"])
    made, _text = services.create_api_key(merchant=merchant, order=order, grant=grant, now=timezone.now())
    return {"key_id": made.public_id}


def endpoint(merchant: Merchant) -> dict[str, str]:
    order = EndpointOrder("http://127.0.0.1:1/", events=["*"])
    made, _secret = create_endpoint(merchant=merchant, livemode=False, order=order, now=timezone.now())
    return {"endpoint_id": made.public_id}


def event(merchant: Merchant) -> dict[str, str]:
    made = make_invoice(merchant, timezone.now())
    dispatch()
    return {"event_id": Event.objects.get(invoice_id=made.pk).public_id}


def delivery(merchant: Merchant) -> dict[str, str]:
    endpoint(merchant)
    make_invoice(merchant, timezone.now())
    dispatch()
    return {"delivery_id": Delivery.objects.latest("created_at").public_id}


TRON = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"


@pytest.fixture(autouse=True)
def _vaults(settings):
    settings.VAULT_KEYS = KEYS


def member(merchant: Merchant) -> dict[str, str]:
    user = get_user_model().objects.create_user("colleague@example.com", "colleague@example.com")
    return {"member_id": Member.objects.create(user=user, merchant=merchant, role="viewer").public_id}


def invitation(merchant: Merchant) -> dict[str, str]:
    by = merchant.members.get(role="owner", user__username="owner@example.com")
    made = services.invite_member(
        merchant=merchant, by=by, email="new@example.com", role=Role.VIEWER, now=timezone.now()
    )
    return {"invitation_id": made.public_id}


def entry(merchant: Merchant) -> dict[str, str]:
    dispatch()
    seal_all(now=timezone.now())
    first = Seal.objects.filter(chain=merchant.pk).earliest("number")
    return {"entry_id": public_id(Event.AUDIT_PREFIX, first.event_id)}


@pytest.fixture(autouse=True)
def _receivers(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]


# Pages before the door, which know no roles.
OPEN = {"business_new", "invitation", "password", "password_chosen"}

TABLE = {
    "home": Row(EVERYBODY),
    "merchant": Row(None, EVERYBODY),
    "mode": Row(None, EVERYBODY),
    "wallets": Row(EVERYBODY),
    "wallet_add": Row(MONEY, MONEY),
    "wallet_vault": Row(MONEY, MONEY),
    "wallet_remove": Row(MONEY, MONEY, of=wallet),
    "wallet_addresses": Row(MONEY, MONEY, of=wallet),
    "overview": Row(EVERYBODY),
    "api_keys": Row(DEVELOP),
    "api_key_add": Row(DEVELOP, DEVELOP),
    "quick_start": Row(DEVELOP),
    "api_key_rotate": Row(DEVELOP, DEVELOP, of=key),
    "api_key_revoke": Row(DEVELOP, DEVELOP, of=key),
    "requests": Row(DEVELOP),
    "events": Row(EVERYBODY),
    "event": Row(EVERYBODY, of=event),
    "sandbox": Row(DEVELOP),
    "sandbox_pay": Row(None, DEVELOP),
    "sandbox_blocks": Row(None, DEVELOP),
    "sandbox_reorg": Row(None, DEVELOP),
    "webhooks": Row(EVERYBODY),
    "webhook_add": Row(DEVELOP, DEVELOP),
    "webhooks_given_up": Row(EVERYBODY),
    "webhooks_given_up_again": Row(None, DEVELOP),
    "webhook": Row(EVERYBODY, of=endpoint),
    "webhook_change": Row(DEVELOP, DEVELOP, of=endpoint),
    "webhook_switch": Row(None, DEVELOP, of=endpoint),
    "webhook_test": Row(None, DEVELOP, of=endpoint),
    "webhook_secret": Row(DEVELOP, DEVELOP, of=endpoint),
    "webhook_replay": Row(DEVELOP, DEVELOP, of=endpoint),
    "webhook_delete": Row(DEVELOP, DEVELOP, of=endpoint),
    "delivery": Row(EVERYBODY, of=delivery),
    "delivery_again": Row(None, DEVELOP, of=delivery),
    "invoices": Row(EVERYBODY),
    "invoice_add": Row(SELL, SELL),
    "customer_suggestions": Row(SELL),
    "invoice": Row(EVERYBODY, of=invoice),
    "view_add": Row(EVERYBODY, EVERYBODY),
    "view_rename": Row(EVERYBODY, EVERYBODY, of=view),
    "view_delete": Row(None, EVERYBODY, of=view),
    "note_add": Row(None, SELL, of=invoice),
    "note_change": Row(SELL, SELL, of=note),
    "note_delete": Row(None, SELL, of=note),
    "invoice_cancel": Row(None, SELL, of=invoice),
    "invoice_accept": Row(None, SELL, of=partial),
    "customers": Row(EVERYBODY),
    "customer_add": Row(SELL, SELL),
    "customer": Row(EVERYBODY, SELL, of=customer),
    "customer_erase": Row(None, MANAGE, of=customer),
    "payment_links": Row(EVERYBODY),
    "payment_link_add": Row(SELL, SELL),
    "payment_link": Row(EVERYBODY, of=link),
    "payment_link_change": Row(SELL, SELL, of=link),
    "payment_link_switch": Row(None, SELL, of=link),
    "deposits": Row(EVERYBODY),
    "deposit": Row(EVERYBODY, MONEY, of=deposit),
    "payouts": Row(EVERYBODY, live=True),
    "payout": Row(EVERYBODY, of=payout, live=True),
    "payout_withdraw": Row(None, MONEY, of=payout, live=True),
    "refund_open": Row(MONEY, MONEY, of=invoice),
    "settlements": Row(EVERYBODY),
    "statement": Row(EVERYBODY, query=f"?month={timezone.now():%Y-%m}"),
    "refunds": Row(EVERYBODY),
    "refund": Row(EVERYBODY, of=refund, live=True),
    "refund_code": Row(EVERYBODY, of=refund, live=True),
    "refund_address": Row(None, MONEY, of=refund, live=True),
    "refund_complete": Row(None, MONEY, of=refund, live=True),
    "refund_cancel": Row(None, MONEY, of=refund, live=True),
    "payout_send": Row(None, MONEY, of=refund, live=True),
    "business": Row(EVERYBODY, MANAGE),
    "business_secret": Row(DEVELOP, DEVELOP),
    "payment_rules": Row(EVERYBODY, MANAGE),
    "branding": Row(EVERYBODY, MANAGE),
    "branding_preview": Row(EVERYBODY, MANAGE),
    "notifications": Row(EVERYBODY, EVERYBODY),
    "plan": Row(EVERYBODY),
    "audit": Row(MANAGE),
    "audit_check": Row(None, MANAGE),
    "audit_entry": Row(MANAGE, of=entry),
    "team": Row(EVERYBODY),
    "team_invite": Row(MANAGE_TEAM, MANAGE_TEAM),
    "team_leave": Row(EVERYBODY, EVERYBODY),
    "team_invite_again": Row(None, MANAGE_TEAM, of=invitation),
    "team_withdraw": Row(None, MANAGE_TEAM, of=invitation),
    "team_role": Row(MANAGE_TEAM, MANAGE_TEAM, of=member),
    "team_remove": Row(MANAGE_TEAM, MANAGE_TEAM, of=member),
}
OBJECTS = {name: row for name, row in TABLE.items() if row.of}


def names(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.name


def path_of(name, merchant):
    row = TABLE[name]
    return reverse(f"dashboard:{name}", kwargs=row.of(merchant) if row.of else {}) + row.query


def test_the_table_has_every_url_of_the_dashboard():
    assert sorted(names(urls.urlpatterns)) == sorted({*TABLE, *OPEN})


@pytest.mark.parametrize("name", TABLE)
def test_a_role_may_do_what_the_table_says_and_nothing_else(seat, modes, merchant, name):
    modes["test"] = not TABLE[name].live
    for role in Role:
        with transaction.atomic():
            _looks_and_acts(seat(role), merchant, name, role)
            transaction.set_rollback(True)


def _looks_and_acts(client, merchant, name, role):
    row = TABLE[name]
    path = path_of(name, merchant)
    happened = Event.objects.count()

    looked = client.get(path).status_code
    acted = None if row.act and role in row.act else client.post(path).status_code

    if row.look is None:
        assert looked == WRONG_METHOD, role
    else:
        assert looked == REFUSED if role not in row.look else looked in {200, 302}, role
    if row.act is None:
        assert acted in {WRONG_METHOD, REFUSED}, role
    elif role not in row.act:
        assert acted == REFUSED, role
    assert Event.objects.count() == happened, role
    if row.act and role in row.act:
        assert client.post(path).status_code in {200, 302, 422}, role


@pytest.mark.parametrize("name", TABLE)
def test_strangers_are_sent_to_sign_in(merchant, name):
    path, happened = path_of(name, merchant), Event.objects.count()

    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code == WRONG_METHOD or answer["Location"].startswith("/dashboard/sign-in/")
    assert Event.objects.count() == happened


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", OBJECTS)
def test_what_belongs_to_another_merchant_does_not_exist(seat, modes, merchant, name, method):
    modes["test"] = not TABLE[name].live
    path = path_of(name, merchant)
    stranger = seat("owner", of=make_merchant(timezone.now(), email="other@example.com"), name="other")
    happened = Event.objects.count()

    answer = getattr(stranger, method)(path)

    takes = OBJECTS[name].look if method == "get" else OBJECTS[name].act
    assert answer.status_code == (WRONG_METHOD if takes is None else MISSING)
    assert Event.objects.count() == happened
