"""
Who may do what in Cryptic's API: every endpoint, by credential, scope, merchant and mode.

An endpoint that is missing here fails the first test. A row names the scope that opens it and makes what it is about;
None: it is open to everybody.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from api.base import ApiView, MerchantView
from api.cryptic.wire import CRYPTIC
from core import exact_json
from events.models import Event
from merchants import services
from merchants.models import Merchant
from merchants.scopes import SCOPES
from merchants.secrets import KeyFormat
from merchants.services import KeyOrder
from merchants.services.keys import issue_first_key
from tests.api.test_permissions import undone
from tests.dashboard.test_permissions import invoice
from tests.factories import make_merchant
from tests.url_map import places

pytestmark = pytest.mark.django_db

PREFIXES = {KeyFormat.CRYPTIC: CRYPTIC.prefix.lstrip("/")}


@dataclass(frozen=True)
class Row:
    """What opens an endpoint, what it is about (an invoice of test mode, say), and a body."""

    scope: str | None
    of: Callable[[Merchant], dict[str, str]] | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


CRYPTIC_ORDER = {"amount": "5", "currency": "USDT", "network": "tron"}
TABLE: dict[tuple[KeyFormat, str], Row] = {
    (KeyFormat.CRYPTIC, "GET api/schema/"): Row(None),
    (KeyFormat.CRYPTIC, "GET api/v1/invoices"): Row("invoices:read"),
    (KeyFormat.CRYPTIC, "POST api/v1/invoices"): Row("invoices:create", body=CRYPTIC_ORDER),
    (KeyFormat.CRYPTIC, "GET api/v1/invoices/<str:invoice_id>"): Row("invoices:read", invoice),
    (KeyFormat.CRYPTIC, "GET api/v1/invoices/<str:invoice_id>/public"): Row(None, invoice),
}
CLOSED = {place: row for place, row in TABLE.items() if row.scope}


def endpoints() -> Iterator[tuple[tuple[KeyFormat, str], type[ApiView]]]:
    for place in places():
        view = getattr(place.view, "view_class", None)
        if view is None or not issubclass(view, ApiView) or view.wire is not CRYPTIC:
            continue
        for method in view().allowed_methods:
            if method != "HEAD":
                yield (view.wire.keys, f"{method} {place.route.removeprefix(PREFIXES[view.wire.keys])}"), view


@pytest.fixture(autouse=True)
def _surroundings(valkey):
    pass


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant(timezone.now())


@pytest.fixture
def paths(merchant) -> dict[tuple[KeyFormat, str], str]:
    """Where each row leads, to things of ``merchant``."""
    found = {}
    for (name, endpoint), row in TABLE.items():
        path = endpoint.split()[1]
        for parameter, public_id in (row.of(merchant) if row.of else {}).items():
            path = path.replace(f"<str:{parameter}>", public_id)
        found[name, endpoint] = f"/{PREFIXES[name]}{path}"
    return found


def key(merchant: Merchant, name: KeyFormat, scopes: list[str], *, livemode: bool = False) -> dict[str, str]:
    order = KeyOrder(name="x", livemode=livemode, permissions=scopes, format=name)
    return {"Authorization": f"Bearer {issue_first_key(merchant=merchant, order=order, now=timezone.now())[1]}"}


def ask(place: tuple[KeyFormat, str], path: str, headers: dict[str, str]) -> tuple[int, str]:
    """Send a row of the table; what it changes is taken back at once."""
    row = TABLE[place]
    with undone():
        happened = Event.objects.count()
        answer = Client(raise_request_exception=False).generic(
            place[1].split()[0],
            path,
            b"" if row.body is None else exact_json.dumps(row.body).encode(),
            content_type="application/json",
            headers={**row.headers, **headers},
        )
        if answer.status_code in {401, 403, 404}:
            assert Event.objects.count() == happened, place
        return answer.status_code, answer.content.decode()


def statuses(paths: dict[Any, str], headers: Callable[[KeyFormat, Row], dict[str, str]], rows: Any = None) -> set[int]:
    return {ask(place, paths[place], headers(place[0], TABLE[place]))[0] for place in rows or CLOSED}


def test_the_table_has_every_endpoint_and_its_scope():
    found = dict(endpoints())

    assert sorted(found) == sorted(TABLE)
    for place, view in found.items():
        scope = view.required_scopes[place[1].split()[0]] if issubclass(view, MerchantView) else None
        assert TABLE[place].scope == scope, place


def test_only_a_key_of_the_format_with_the_scope_comes_in(merchant, paths):
    others = {name: [other for other in KeyFormat if other != name] for name in KeyFormat}

    assert statuses(paths, lambda *_: {}) == {401}
    for place in (0, 1):
        foreign = statuses(paths, lambda name, _, place=place: key(merchant, others[name][place], ["*"]))
        assert foreign == {401}
    lacking = statuses(paths, lambda name, row: key(merchant, name, [scope for scope in SCOPES if scope != row.scope]))
    assert lacking == {403}
    opened = statuses(paths, lambda name, row: key(merchant, name, [row.scope]))
    assert opened <= {200, 201, 400, 409}


def test_what_belongs_to_another_merchant_or_mode_does_not_exist(merchant, paths):
    other = make_merchant(timezone.now(), email="other@example.com")
    named = [place for place, row in CLOSED.items() if row.of]
    ours = {part for path in paths.values() for part in path.split("/") if "_" in part}
    for owner, livemode in ((other, False), (merchant, True)):
        assert statuses(
            paths, lambda name, _, owner=owner, livemode=livemode: key(owner, name, ["*"], livemode=livemode), named
        ) == {404}
        for place, row in CLOSED.items():
            if place[1].startswith("GET") and row.of is None:
                status, shown = ask(place, paths[place], key(owner, place[0], ["*"], livemode=livemode))
                assert (status, [public_id for public_id in ours if public_id in shown]) == (200, []), place


def test_a_suspended_merchant_is_kept_out_and_what_is_public_stays_so(merchant, paths):
    keys = {name: key(merchant, name, ["*"]) for name in KeyFormat}
    services.suspend(merchant=merchant, reason="test", now=timezone.now())

    assert statuses(paths, lambda name, _: keys[name]) == {403}
    public = [place for place in TABLE if place not in CLOSED]
    assert statuses(paths, lambda *_: {}, public) == {200}
