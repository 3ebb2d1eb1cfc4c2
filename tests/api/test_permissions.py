"""
Who may do what: one table of every endpoint of the native API, by credential, scope, merchant and mode. The other
wire formats have theirs: cryptic/test_doors.py, selfhosted/test_doors.py.

An endpoint that is missing here fails the first test. A row names the one scope that opens it, makes what it is about
(``of``: another merchant's, and that of the other mode, is always 404), and says which mode it is for. The event
streams, which are no Django views, have the same tests in test_stream.py.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.utils import timezone

from api.authentication import Identity, issue_token
from api.base import ApiView, MerchantView
from api.v1.wire import NATIVE
from core import exact_json
from events.models import Event
from merchants import services
from merchants.models import APIKey, Member, Merchant
from merchants.scopes import SCOPES
from merchants.services.keys import KeyOrder, issue_first_key
from payments.models import Payment, Settlement
from tests.api.orders import ORDER
from tests.dashboard.test_permissions import customer, delivery, deposit, endpoint, event, invoice, link, wallet
from tests.dashboard.vaults import KEYS, make_refund
from tests.factories import make_invoice, make_merchant
from tests.url_map import places
from webhooks.models import Delivery, Replay, WebhookEndpoint

pytestmark = pytest.mark.django_db

UNKNOWN, REFUSED, MISSING = 401, 403, 404
ADDRESS = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"


@dataclass(frozen=True)
class Row:
    """What opens an endpoint, what it is about, and for which modes it is; ``live``: what ``of`` makes is live."""

    scope: str
    of: Callable[[Merchant], dict[str, str]] | None = None
    body: Any = None
    live: bool = False
    modes: frozenset[str] = frozenset({"live", "test"})


def live_key(merchant: Merchant) -> dict[str, str]:
    return {"key_id": make_key(merchant, [KEYS_SCOPE], mode="live")[0].public_id}


def refund(merchant: Merchant) -> dict[str, str]:
    return {"refund_id": make_refund(merchant, timezone.now()).public_id}


def payment(merchant: Merchant) -> dict[str, str]:
    made = Payment.objects.filter(merchant=merchant).first()
    return {"payment_id": made.public_id if made else deposit(merchant)["deposit_id"]}


def in_review(merchant: Merchant) -> dict[str, str]:
    return {"deposit_id": payment(merchant)["payment_id"]}


def settlement(merchant: Merchant) -> dict[str, str]:
    paid = make_invoice(merchant, timezone.now())
    facts = {
        "gross_units": 100,
        "fee_units": 1,
        "net_units": 99,
        "fee_percent": 1,
        "network": "sandbox",
        "asset_code": "USDT",
    }
    made = Settlement.objects.create(merchant=merchant, livemode=False, invoice=paid, **facts)
    return {"settlement_id": made.public_id}


def session(merchant: Merchant) -> dict[str, str]:
    return {"session_id": invoice(merchant)["invoice_id"].replace("inv_", "cs_")}


def attempt(merchant: Merchant) -> dict[str, str]:
    made = Delivery.objects.get(pk=Delivery.key_from(delivery(merchant)["delivery_id"]))
    return {"endpoint_id": made.endpoint.public_id, "delivery_id": made.public_id}


def replayed(merchant: Merchant) -> dict[str, str]:
    made = WebhookEndpoint.objects.get(pk=WebhookEndpoint.key_from(endpoint(merchant)["endpoint_id"]))
    moment = timezone.now()
    wish = Replay.objects.create(endpoint=made, start=moment, end=moment, types=[], total=0, last_position=0)
    return {"endpoint_id": made.public_id, "replay_id": wish.public_id}


LIVE, TEST = frozenset({"live"}), frozenset({"test"})
READ, REFUND, HOOKS = "invoices:read", "invoices:refund", "webhooks:manage"
KEYS_SCOPE, WALLETS = "api_keys:manage", "wallets:manage"
PERIOD = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
TABLE = {
    "GET merchants/me": Row("merchants:read"),
    "PATCH merchants/me": Row("merchants:write", body={"business_name": "Other"}, modes=LIVE),
    "POST merchants/me/rotate-webhook-secret": Row(HOOKS),
    "GET api-keys": Row(KEYS_SCOPE),
    "POST api-keys": Row(KEYS_SCOPE, body={"name": "x", "permissions": [KEYS_SCOPE]}),
    "GET api-keys/<str:key_id>": Row(KEYS_SCOPE, live_key, live=True),
    "PATCH api-keys/<str:key_id>": Row(KEYS_SCOPE, live_key, body={"name": "y"}, live=True),
    "DELETE api-keys/<str:key_id>": Row(KEYS_SCOPE, live_key, live=True),
    "POST api-keys/<str:key_id>/rotate": Row(KEYS_SCOPE, live_key, body={}, live=True),
    "GET wallets": Row(WALLETS, modes=LIVE),
    "POST wallets": Row(WALLETS, body={"network": "tron", "kind": "single", "address": "T"}, modes=LIVE),
    "POST wallets/preview": Row(WALLETS, body={"network": "tron", "xpub": "xpub6"}, modes=LIVE),
    "GET wallets/<str:wallet_id>": Row(WALLETS, wallet, modes=LIVE),
    "DELETE wallets/<str:wallet_id>": Row(WALLETS, wallet, modes=LIVE),
    "POST wallets/<str:wallet_id>/addresses": Row(WALLETS, wallet, body={"addresses": ["T"]}, modes=LIVE),
    "GET invoices": Row(READ),
    "POST invoices": Row("invoices:create", body=ORDER),
    "GET invoices/<str:invoice_id>": Row(READ, invoice),
    "POST invoices/<str:invoice_id>/cancel": Row("invoices:cancel", invoice),
    "POST invoices/<str:invoice_id>/accept": Row(REFUND, invoice),
    "POST invoices/<str:invoice_id>/refund": Row(REFUND, invoice, body={"address": ADDRESS}),
    "GET payments": Row(READ),
    "GET payments/<str:payment_id>": Row(READ, payment),
    "GET refunds": Row(READ),
    "GET refunds/<str:refund_id>": Row(READ, refund, live=True),
    "PATCH refunds/<str:refund_id>": Row(REFUND, refund, body={"address": ADDRESS}, live=True),
    "GET refunds/<str:refund_id>/qr": Row(READ, refund, live=True),
    "POST refunds/<str:refund_id>/send": Row(REFUND, refund, live=True),
    "POST refunds/<str:refund_id>/complete": Row(REFUND, refund, body={"tx_hash": "0x" + "ab" * 32}, live=True),
    "POST refunds/<str:refund_id>/cancel": Row(REFUND, refund, live=True),
    "GET deposits": Row(READ),
    "POST deposits/<str:deposit_id>/resolve": Row(REFUND, in_review, body={"resolution": "ignore"}),
    "GET settlements": Row(READ),
    "GET settlements/<str:settlement_id>": Row(READ, settlement),
    "GET balances": Row(READ),
    "GET payment-links": Row("links:read"),
    "POST payment-links": Row("links:write", body={"title": "VPN", "currency": "USD"}),
    "GET payment-links/<str:link_id>": Row("links:read", link),
    "PATCH payment-links/<str:link_id>": Row("links:write", link, body={"title": "Other"}),
    "DELETE payment-links/<str:link_id>": Row("links:write", link),
    "GET checkout-sessions": Row(READ),
    "POST checkout-sessions": Row("invoices:create", body={"amount": "9.99", "currency": "USD"}),
    "GET checkout-sessions/<str:session_id>": Row(READ, session),
    "GET customers": Row("customers:read"),
    "POST customers": Row("customers:write", body={"email": "new@example.com"}),
    "GET customers/<str:customer_id>": Row("customers:read", customer),
    "PATCH customers/<str:customer_id>": Row("customers:write", customer, body={"name": "Ada"}),
    "DELETE customers/<str:customer_id>": Row("customers:write", customer),
    "GET rates": Row(READ),
    "GET assets": Row(READ),
    "POST sandbox/transfers": Row("invoices:create", body={"address": "sandbox1x", "amount": 1}, modes=TEST),
    "POST sandbox/blocks": Row("invoices:create", body={"count": 1}, modes=TEST),
    "POST sandbox/reorgs": Row("invoices:create", body={"depth": 1}, modes=TEST),
    "POST sandbox/expirations": Row("invoices:create", body={"invoice": "inv_1"}, modes=TEST),
    "POST sandbox/failures": Row("invoices:create", body={"invoice": "inv_1", "tx_hash": "a" * 64}, modes=TEST),
    "GET webhook-endpoints": Row(HOOKS),
    "POST webhook-endpoints": Row(HOOKS, body={"url": "http://127.0.0.1:1/", "events": ["*"]}),
    "GET webhook-endpoints/<str:endpoint_id>": Row(HOOKS, endpoint),
    "PATCH webhook-endpoints/<str:endpoint_id>": Row(HOOKS, endpoint, body={"enabled": False}),
    "DELETE webhook-endpoints/<str:endpoint_id>": Row(HOOKS, endpoint),
    "POST webhook-endpoints/<str:endpoint_id>/test": Row(HOOKS, endpoint),
    "POST webhook-endpoints/<str:endpoint_id>/rotate-secret": Row(HOOKS, endpoint, body={}),
    "POST webhook-endpoints/<str:endpoint_id>/replay": Row(HOOKS, endpoint, body=PERIOD),
    "GET webhook-endpoints/<str:endpoint_id>/replays": Row(HOOKS, endpoint),
    "GET webhook-endpoints/<str:endpoint_id>/replays/<str:replay_id>": Row(HOOKS, replayed),
    "GET webhook-deliveries": Row(HOOKS),
    "POST webhook-deliveries/<str:delivery_id>/redeliver": Row(HOOKS, delivery),
    "GET webhook-endpoints/<str:endpoint_id>/deliveries": Row(HOOKS, endpoint),
    "GET webhook-endpoints/<str:endpoint_id>/deliveries/<str:delivery_id>": Row(HOOKS, attempt),
    "POST webhook-endpoints/<str:endpoint_id>/deliveries/<str:delivery_id>/redeliver": Row(HOOKS, attempt),
    "GET events": Row(READ),
    "GET events/<str:event_id>": Row(READ, event),
    "GET analytics": Row("analytics:read"),
}
# Open to everybody: the invoice's id, or the key in the body, is what allows it.
PUBLIC = {
    "POST merchants",
    "POST auth/token",
    "GET public/invoice/<str:invoice_id>",
    "POST public/invoice/<str:invoice_id>/option",
    "GET public/invoice/<str:invoice_id>/qr",
}
PREFIX = "api/v1/"


def endpoints() -> Iterator[tuple[str, type[ApiView]]]:
    for place in places():
        view = getattr(place.view, "view_class", None)
        if view is not None and issubclass(view, ApiView) and view.wire is NATIVE:
            for method in view().allowed_methods:
                if method != "HEAD":
                    yield f"{method} {place.route.removeprefix(PREFIX)}", view


@dataclass
class Probe:
    """Sends each row of the table with one credential; what it changes is taken back at once."""

    paths: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, name: str) -> tuple[int, str, str]:
        """Return status, code and body."""
        with undone():
            happened = Event.objects.count()
            body = TABLE[name].body
            content = b"" if body is None else exact_json.dumps(body).encode()
            answer = self.client.generic(
                name.split(maxsplit=1)[0],
                self.paths[name],
                content,
                content_type="application/json",
                headers=self.headers,
            )
            text = answer.content.decode(errors="replace")
            code = exact_json.loads(answer.content)["error"]["code"] if answer.status_code >= 400 else ""
            if answer.status_code in {UNKNOWN, REFUSED, MISSING}:
                assert Event.objects.count() == happened, name
            return answer.status_code, code, text

    def differences(self, expected: Callable[[str], tuple[int, str]], names: Any = None) -> dict[str, Any]:
        """Return what was answered otherwise than expected, by row."""
        told = {name: self.ask(name)[:2] for name in (TABLE if names is None else names)}
        return {name: answer for name, answer in told.items() if answer != expected(name)}


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _surroundings(settings, valkey):
    settings.VAULT_KEYS = KEYS
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}, "tron": {"rpc_urls": ["http://127.0.0.1:1"]}}


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant(timezone.now())


@pytest.fixture
def paths(merchant) -> dict[str, str]:
    """Where each row leads, to things of ``merchant``: each kind is made once."""
    made: dict[Any, dict[str, str]] = {}
    found = {}
    for name, row in TABLE.items():
        if row.of is not None and row.of not in made:
            made[row.of] = row.of(merchant)
        path = name.split()[1]
        for parameter, public_id in made.get(row.of, {}).items():
            path = path.replace(f"<str:{parameter}>", public_id)
        found[name] = f"/{PREFIX}{path}"
    return found


def mode_of(row: Row) -> str:
    return "live" if row.live or row.modes == LIVE else "test"


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def make_key(merchant: Merchant, permissions: list[str], *, mode: str) -> tuple[APIKey, str]:
    order = KeyOrder(name="x", livemode=mode == "live", permissions=permissions)
    return issue_first_key(merchant=merchant, order=order, now=timezone.now())


def token(key: APIKey, scopes: list[str]) -> str:
    return issue_token(Identity(key, scopes), granted=scopes, lifetime=timedelta(hours=1), now=timezone.now())


def test_the_table_has_every_endpoint_and_its_scope():
    found = dict(endpoints())

    assert sorted(found) == sorted({*TABLE, *PUBLIC})
    assert {name for name, view in found.items() if not issubclass(view, MerchantView)} == PUBLIC
    assert {row.scope for row in TABLE.values()} == set(SCOPES)


def test_nobody_comes_in_without_a_credential_that_is_valid_now(merchant, paths, settings):
    settings.API_RATE_LIMITS = {"unknown_key": 10_000}
    now = timezone.now()
    key, text = make_key(merchant, ["*"], mode="live")
    ended, ended_text = make_key(merchant, ["*"], mode="live")
    APIKey.objects.filter(pk=ended.pk).update(expires_at=now)
    revoked, revoked_text = make_key(merchant, ["*"], mode="live")
    APIKey.objects.filter(pk=revoked.pk).update(revoked_at=now)
    claims = {"token_type": "access", "exp": now + timedelta(hours=1), "key": key.public_id, "scope": list(SCOPES)}
    member = get_user_model().objects.create_user("m@example.com")
    Member.objects.create(user=member, merchant=merchant, role="owner")
    signed_in = Client(raise_request_exception=False)
    signed_in.force_login(member)

    for headers, code in (
        ({}, "AUTHENTICATION_REQUIRED"),
        ({"Authorization": "Basic " + text}, "AUTHENTICATION_REQUIRED"),
        (bearer("sk_live_" + "a" * 32), "INVALID_API_KEY"),
        (bearer(text[:-1]), "INVALID_API_KEY"),
        (bearer(ended_text), "API_KEY_EXPIRED"),
        (bearer(revoked_text), "API_KEY_REVOKED"),
        (bearer(token(revoked, ["invoices:read"])), "INVALID_TOKEN"),
        (bearer(jwt.encode(claims, "k" * 60, algorithm="HS256")), "INVALID_TOKEN"),
    ):
        assert Probe(paths, headers).differences(lambda _, code=code: (UNKNOWN, code)) == {}
    assert Probe(paths, client=signed_in).differences(lambda _: (UNKNOWN, "AUTHENTICATION_REQUIRED")) == {}


@pytest.mark.parametrize("kind", ["key", "token"])
def test_the_scope_of_the_row_opens_it_and_no_other_does(merchant, paths, kind):
    opened: dict[str, Any] = {}
    for scope in SCOPES:
        others = [other for other in SCOPES if other != scope]
        for mode in ("live", "test"):
            rows = [name for name, row in TABLE.items() if row.scope == scope and mode_of(row) == mode]
            key, text = make_key(merchant, [scope], mode=mode)
            without, without_text = make_key(merchant, others, mode=mode)
            given = Probe(paths, bearer(text if kind == "key" else token(key, [scope])))
            lacking = Probe(paths, bearer(without_text if kind == "key" else token(without, others)))

            assert lacking.differences(lambda _: (REFUSED, "INSUFFICIENT_SCOPE"), rows) == {}
            opened |= {name: given.ask(name) for name in rows}

    # 409 and 422 come from the use case, behind the door; so does 404 for an invoice that only a body names.
    unnamed = {name for name, told in opened.items() if TABLE[name].of is None and told[1] == "INVOICE_NOT_FOUND"}
    kept_out = {name: told[:2] for name, told in opened.items() if told[0] not in {200, 201, 202, 204, 409, 422}}
    assert kept_out.keys() - unnamed == set()
    assert opened.keys() == TABLE.keys()


def test_what_belongs_to_another_merchant_does_not_exist(merchant, paths):
    other = make_merchant(timezone.now(), email="other@example.com")
    ours = {part for path in paths.values() for part in path.split("/") if "_" in part}
    for mode in ("live", "test"):
        _, text = make_key(other, ["*"], mode=mode)
        stranger = Probe(paths, bearer(text))
        rows = {name: row for name, row in TABLE.items() if mode in row.modes}

        named = [name for name, row in rows.items() if row.of]
        assert {name: told[:2] for name in named if (told := stranger.ask(name))[0] != MISSING} == {}
        for name in rows.keys() - set(named):
            if name.startswith("GET"):
                status, _, shown = stranger.ask(name)
                assert status == 200, name
                assert [public_id for public_id in ours if public_id in shown] == [], name


def test_test_keys_know_nothing_of_live_mode_and_live_keys_nothing_of_tests(merchant, paths):
    keys = {mode: make_key(merchant, ["*"], mode=mode)[1] for mode in ("live", "test")}
    for mode, text in keys.items():
        probe = Probe(paths, bearer(text))
        for name, row in TABLE.items():
            if mode not in row.modes:
                told = (REFUSED, "LIVE_KEY_REQUIRED" if mode == "test" else "LIVE_KEY_NOT_ALLOWED")
                assert probe.ask(name)[:2] == told, name
            elif row.of is not None and mode != mode_of(row):
                assert probe.ask(name)[0] == MISSING, name


def test_a_suspended_merchant_is_kept_out_everywhere(merchant, paths):
    _, text = make_key(merchant, ["*"], mode="live")
    services.suspend(merchant=merchant, reason="test", now=timezone.now())

    assert Probe(paths, bearer(text)).differences(lambda _: (REFUSED, "MERCHANT_SUSPENDED")) == {}


def test_public_endpoints_ask_for_no_credential_and_take_none_for_an_answer(merchant):
    public_id = make_invoice(merchant, timezone.now(), livemode=False).public_id
    for name in PUBLIC:
        method, route = name.split()
        path = f"/{PREFIX}{route.replace('<str:invoice_id>', public_id)}"
        for headers in ({}, bearer("sk_live_" + "a" * 32)):
            answer = Client().generic(method, path, b"{}", content_type="application/json", headers=headers)
            assert answer.status_code in {200, 422}, name
