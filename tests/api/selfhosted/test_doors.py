"""
Who may do what: one table of every endpoint of the format, by key, permission, merchant and mode.

An endpoint that is missing here fails the first test.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.selfhosted.base import MerchantView, NowhereView
from core import exact_json
from core.models import IdempotencyKey
from events.models import Event
from events.outbox import dispatch
from merchants import services
from merchants.models import Merchant
from merchants.scopes import SCOPES
from merchants.secrets import KeyFormat
from merchants.services import KeyOrder
from merchants.services.keys import issue_first_key
from tests.api.selfhosted.conftest import BASE, Checkout, checkout_key
from tests.dashboard.test_permissions import customer, event, invoice, link
from tests.factories import make_merchant
from tests.url_map import places
from webhooks.models import WebhookEndpoint
from webhooks.services import EndpointOrder, create_endpoint
from webhooks.states import pause_before_retry

pytestmark = pytest.mark.django_db
PREFIX = "selfhosted/api/v1/"


def session(merchant: Merchant) -> dict[str, str]:
    return {"session_id": invoice(merchant)["invoice_id"].replace("inv_", "cs_")}


def endpoint(merchant: Merchant) -> dict[str, str]:
    order = EndpointOrder(url="http://127.0.0.1:1/", events=["*"], format="selfhosted", timeout=1)
    made, _secret = create_endpoint(merchant=merchant, livemode=False, order=order, now=timezone.now())
    return {"endpoint_id": made.public_id}


@dataclass(frozen=True)
class Row:
    """What opens an endpoint, and makes what it is about, in test mode."""

    scope: str
    of: Callable[[Merchant], dict[str, str]] | None = None
    body: Any = None


LINK = {"title": "VPN", "fiatAmount": "1.00"}
HOOK = {"url": "https://shop.example/hook", "events": ["*"]}
TABLE = {
    "GET payment_links": Row("links:read"),
    "POST payment_links": Row("links:write", body=LINK),
    "GET payment_links/<str:link_id>": Row("links:read", link),
    "PATCH payment_links/<str:link_id>": Row("links:write", link, body={"title": "Other"}),
    "DELETE payment_links/<str:link_id>": Row("links:write", link),
    "GET checkout_sessions": Row("invoices:read"),
    "POST checkout_sessions": Row("invoices:create", body={"amount": {"value": "5.00"}}),
    "GET checkout_sessions/<str:session_id>": Row("invoices:read", session),
    "GET webhook_endpoints": Row("webhooks:manage"),
    "POST webhook_endpoints": Row("webhooks:manage", body=HOOK),
    "GET webhook_endpoints/<str:endpoint_id>": Row("webhooks:manage", endpoint),
    "DELETE webhook_endpoints/<str:endpoint_id>": Row("webhooks:manage", endpoint),
    "POST webhook_endpoints/<str:endpoint_id>/test": Row("webhooks:manage", endpoint),
    "GET events": Row("invoices:read"),
    "GET events/<str:event_id>": Row("invoices:read", event),
    "GET customers": Row("customers:read"),
    "GET customers/<str:customer_id>": Row("customers:read", customer),
}
MUTATING = [name for name in TABLE if name.split()[0] in {"POST", "PATCH", "DELETE"}]


@pytest.fixture(autouse=True)
def _receivers(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]


def endpoints() -> Iterator[str]:
    for place in places():
        view = getattr(place.view, "view_class", None)
        if view is not None and issubclass(view, MerchantView) and not issubclass(view, NowhereView):
            for method in view().allowed_methods:
                if method != "HEAD":
                    yield f"{method} {place.route.removeprefix(PREFIX)}"


def paths(merchant: Merchant) -> dict[str, str]:
    """Return an address for each row, about things of ``merchant``."""
    found = {}
    for name, row in TABLE.items():
        route = name.split(maxsplit=1)[1]
        for parameter, value in (row.of(merchant) if row.of else {}).items():
            route = route.replace(f"<str:{parameter}>", value)
        found[name] = f"/{route}"
    return found


def asked(key: str, about: dict[str, str], **headers: str) -> dict[str, tuple[int, str]]:
    """Return the status and the type of failure for each row of the table."""
    answers = {}
    for name, row in TABLE.items():
        answer = Checkout(key).send(name.split()[0], about[name], row.body, **headers)
        answers[name] = (answer.status, answer.body["error"]["type"] if answer.status >= 400 else "")
    return answers


def test_every_endpoint_stands_in_the_table_in_both_spellings():
    there = {*endpoints()}

    assert {name.replace("-", "_") for name in there} == TABLE.keys()
    assert {name for name in TABLE if "_" in name.split("/")[0]} == {
        name.replace("-", "_") for name in there if "-" in name.split("/")[0]
    }


def test_a_key_that_lacks_just_the_permission_is_refused_before_anything_is_looked_up(merchant):
    about, nothing = paths(merchant), dict.fromkeys(TABLE, (403, "permission"))

    told = {}
    for scope in {row.scope for row in TABLE.values()}:
        others = tuple(permission for permission in SCOPES if permission != scope)
        answers = asked(checkout_key(merchant, permissions=others), about)
        told |= {name: answer for name, answer in answers.items() if TABLE[name].scope == scope}

    assert told == nothing


def test_what_is_missing_is_named_in_the_words_of_the_format(merchant):
    answer = Checkout(checkout_key(merchant, permissions=("links:read",))).send("GET", "/checkout_sessions", None)

    assert (answer.status, answer.body["error"]["message"]) == (403, "This needs the permission sessions:read.")


def test_what_is_another_merchants_or_of_the_other_mode_does_not_exist(merchant):
    about = paths(merchant)
    strangers = checkout_key(make_merchant(timezone.now(), email="other@example.com"))
    single = {name: (404, "not_found") for name, row in TABLE.items() if row.of}

    for key in (strangers, checkout_key(merchant, livemode=True)):
        answers = asked(key, about)
        assert {name: answers[name] for name in single} == single
        for name in ("payment_links", "checkout_sessions", "webhook_endpoints", "events", "customers"):
            listed = Checkout(key).get(f"/{name}").body["data"]
            assert not [each for each in listed if each["id"] in "".join(about.values())]


def test_a_key_of_another_form_opens_nothing_and_is_told_so_in_this_form(merchant, account, settings):
    settings.API_RATE_LIMITS = {"unknown_key": 1000}
    about, unknown = paths(merchant), dict.fromkeys(TABLE, (401, "authentication"))
    order = KeyOrder(name="x", livemode=False, permissions=("*",), format=KeyFormat.CRYPTIC)
    foreign = issue_first_key(merchant=merchant, order=order, now=timezone.now())[1]
    before = Event.objects.count()

    for key in (account.test_api_key, foreign, "ck_test_" + "a" * 32, "nonsense"):
        assert asked(key, about) == unknown
    assert Event.objects.count() == before


def test_its_own_keys_open_no_other_door(api_of, merchant):
    assert api_of(checkout_key(merchant)) == 401


@pytest.fixture
def api_of(client):
    def ask(key: str) -> int:
        return client.get("/api/v1/invoices", headers={"Authorization": f"Bearer {key}"}).status_code

    return ask


def test_a_revoked_key_opens_nothing(merchant):
    order = KeyOrder(name="x", livemode=False, permissions=("*",), format=KeyFormat.SELFHOSTED)
    key, text = issue_first_key(merchant=merchant, order=order, now=timezone.now())
    grant = services.Grant(livemode=True, permissions=("*",))
    services.revoke_api_key(merchant=merchant, key_id=key.public_id, grant=grant, now=timezone.now())

    assert (Checkout(text).get("/events").status, Checkout(text).get("/events").body["error"]["code"]) == (
        401,
        "api_key_revoked",
    )


@pytest.mark.parametrize("name", MUTATING)
def test_what_changes_something_is_done_once_for_each_idempotency_key(merchant, name):
    checkout, path, body = Checkout(checkout_key(merchant)), paths(merchant)[name], TABLE[name].body
    method = name.split()[0]

    first = checkout.send(method, path, body, Idempotency_Key="once")
    happened = Event.objects.count()
    again = checkout.send(method, path, body, Idempotency_Key="once")
    other = checkout.send(method, path, {**(body or {}), "title": "Something else"}, Idempotency_Key="once")

    assert first.status < 300
    assert (again.status, exact_json.dumps(again.body)) == (first.status, exact_json.dumps(first.body))
    assert Event.objects.count() == happened
    assert (other.status, other.body["error"]["type"]) == (409, "conflict")


@pytest.mark.parametrize("name", ["payment_links", "checkout_sessions", "webhook_endpoints"])
def test_pages_follow_each_other_newest_first_and_miss_nothing(merchant, name):
    checkout = Checkout(checkout_key(merchant))
    made = [checkout.post(f"/{name}", TABLE[f"POST {name}"].body).body["id"] for _ in range(3)]

    seen, cursor = [], ""
    while cursor is not None:
        page = checkout.get(f"/{name}?limit=1{f'&starting_after={cursor}' if cursor else ''}").body
        seen += [each["id"] for each in page["data"]]
        cursor = page["nextCursor"]
        assert page["hasMore"] is (cursor is not None)

    assert seen == made[::-1]


@pytest.mark.parametrize("name", ["checkout_sessions", "events", "customers", "payment_links", "webhook_endpoints"])
def test_a_list_asks_the_database_as_often_for_three_as_for_one(merchant, name):
    checkout = Checkout(checkout_key(merchant))

    def ask() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert checkout.get(f"/{name}").status == 200
        return len(asked)

    def add(number: int) -> None:
        body = {"amount": {"value": "5.00"}, "customerEmail": f"{number}@example.com"}
        checkout.post("/checkout_sessions", body)
        if f"POST {name}" in TABLE and name != "checkout_sessions":
            checkout.post(f"/{name}", TABLE[f"POST {name}"].body)
        dispatch()

    add(0)
    ask()
    once = ask()
    add(1)
    add(2)

    assert len(checkout.get(f"/{name}").body["data"]) == 3
    assert ask() == once


def test_customers_come_in_numbered_pages_newest_first_and_are_found_by_their_whole_address(merchant):
    checkout = Checkout(checkout_key(merchant))
    stranger = Checkout(checkout_key(make_merchant(timezone.now(), email="other@example.com")))
    for name in ("ada", "bob", "cleo"):
        checkout.post("/checkout_sessions", {"amount": {"value": "5.00"}, "customerEmail": f"{name}@example.com"})
    stranger.post("/checkout_sessions", {"amount": {"value": "5.00"}, "customerEmail": "dan@example.com"})

    pages = [checkout.get(f"/customers?limit=2&page={number}").body for number in (1, 2, 3)]

    assert [[each["email"] for each in page["data"]] for page in pages] == [
        ["cleo@example.com", "bob@example.com"],
        ["ada@example.com"],
        [],
    ]
    assert [(page["total"], page["page"], page["limit"]) for page in pages] == [(3, number, 2) for number in (1, 2, 3)]
    assert checkout.get("/customers?email=ob@example.com").body["total"] == 0
    assert checkout.get("/customers?email=dan@example.com").body["total"] == 0


def test_a_cursor_of_another_merchant_leads_nowhere(merchant):
    theirs = link(make_merchant(timezone.now(), email="other@example.com"))["link_id"]

    answer = Checkout(checkout_key(merchant)).get(f"/payment_links?starting_after={theirs}")

    assert (answer.status, answer.body["error"]["param"]) == (400, "starting_after")


def test_whoever_asks_too_often_is_told_so_in_this_form(merchant, settings):
    settings.API_RATE_LIMITS = {"list": 1}
    checkout = Checkout(checkout_key(merchant))
    checkout.get("/events")

    answer = checkout.get("/events")

    assert (answer.status, answer.body["error"]["type"]) == (429, "rate_limited")
    assert answer.headers["Retry-After"]


def test_a_new_endpoints_secret_is_kept_encrypted_for_whoever_asks_again(merchant):
    checkout = Checkout(checkout_key(merchant))

    made, again = (checkout.send("POST", "/webhook_endpoints", HOOK, Idempotency_Key="once") for _ in range(2))

    assert made.body["secret"] == again.body["secret"]
    stored = IdempotencyKey.objects.get()
    assert (stored.is_encrypted, made.body["secret"] in stored.body) == (True, False)


def test_what_does_not_arrive_is_tried_again_for_the_31_hours_that_the_format_promises(merchant):
    Checkout(checkout_key(merchant)).post("/webhook_endpoints", HOOK)

    made = WebhookEndpoint.objects.get()
    pauses = [
        pause_before_retry(backoff=made.retry_backoff, failures=number + 1, jitter=0)
        for number in range(made.max_retries)
    ]
    assert timedelta(hours=31) <= sum(pauses, timedelta()) < timedelta(hours=32)


def test_what_the_format_has_no_field_for_is_told_without_one(merchant, settings):
    settings.CHAINS = {"tron": {"rpc_urls": ["https://node.example"]}}
    live = Checkout(checkout_key(merchant, livemode=True))

    answer = live.send("POST", "/checkout_sessions", {"amount": {"value": "5.00"}})

    assert (answer.status, answer.body["error"]["code"]) == (400, "no_wallet_configured")
    assert "param" not in answer.body["error"]


def test_a_body_that_is_not_announced_as_json_is_refused_in_this_form(merchant, client):
    answer = client.post(
        f"{BASE}/payment_links",
        b"title=x",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {checkout_key(merchant)}"},
    )

    assert (answer.status_code, answer.json()["error"]["type"]) == (415, "invalid_request")
    assert answer.json()["error"]["requestId"].startswith("req_")


@pytest.mark.parametrize("path", ["payment_links", "payment-links", "events", "openapi.json"])
def test_on_a_host_of_its_own_it_answers_as_its_documents_print_it(merchant, client, settings, path):
    settings.SELFHOSTED_HOST = "checkout.example.com"
    settings.ALLOWED_HOSTS = ["checkout.example.com"]
    headers = {"Authorization": f"Bearer {checkout_key(merchant)}", "Host": "checkout.example.com"}

    answer = type(client)().get(f"/api/v1/{path}", headers=headers)

    assert answer.status_code == 200
    assert ("data" in answer.json()) == (path != "openapi.json")
