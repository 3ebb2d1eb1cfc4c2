"""Keys and tokens that nobody has, one after the other from one address."""

import asyncio
from collections.abc import Iterator

import pytest

from api import ratelimits
from api.v1.stream import EventStreams
from core import metering, ratelimit
from tests.api.conftest import Api
from tests.events.tails import database_threads

UNKNOWN = "sk_live_" + "a" * 32
FORGED = "eyJhbGciOiJIUzI1NiJ9.eyJrZXkiOiJrZXlfMSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(settings) -> None:
    settings.API_RATE_LIMITS = {"unknown_key": 3}


@pytest.fixture
def database(monkeypatch) -> Iterator[None]:
    with database_threads(monkeypatch):
        yield


def counted(answer: str) -> float:
    return metering._unknown_keys.labels(answer)._value.get()


def stream(key: str, address: str = "127.0.0.1", **headers: str) -> int:
    """Ask for the stream of events as a server would hand it over; return the status."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/events/stream",
        "headers": [
            (b"authorization", f"Bearer {key}".encode()),
            *((k.encode(), v.encode()) for k, v in headers.items()),
        ],
        "query_string": b"",
        "client": (address, 1),
    }
    sent = []

    async def send(message) -> None:
        sent.append(message)

    asyncio.run(EventStreams()(scope, None, send))
    return sent[0]["status"]


@pytest.mark.parametrize("credential", [UNKNOWN, FORGED, "nonsense"], ids=["a key", "a token", "neither"])
def test_after_too_many_the_address_is_told_to_wait(three, credential):
    told = [Api(credential).get("/invoices") for _ in range(5)]

    assert [answer.status for answer in told] == [401, 401, 401, 429, 429]
    assert told[-1].body["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert told[-1].body["error"]["constraints"] == {"limit": 3, "window_seconds": 60}
    assert 1 <= int(told[-1].headers["Retry-After"]) <= 61


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: Api(UNKNOWN).get("/invoices").status,
        lambda: Api(**{"X-API-Key": UNKNOWN}).get("/invoices").status,
        lambda: Api().post("/auth/token", {"grant_type": "api_key", "api_key": UNKNOWN}).status,
    ],
    ids=["bearer", "X-API-Key", "for a token"],
)
def test_every_door_counts_together(three, attempt):
    for _ in range(3):
        Api(FORGED).get("/invoices")

    assert attempt() == 429


@pytest.mark.django_db(transaction=True)
def test_the_door_of_the_streams_counts_too_by_the_address_behind_the_proxy(three, settings, database):
    settings.TRUSTED_PROXIES = ["127.0.0.1/32"]
    behind = {"x-forwarded-for": "192.0.2.9"}

    assert [stream(UNKNOWN, **behind) for _ in range(4)] == [401, 401, 401, 429]
    assert stream(UNKNOWN, **{"x-forwarded-for": "192.0.2.10"}) == 401
    assert Api(UNKNOWN, **{"X-Forwarded-For": "192.0.2.9"}).get("/invoices").status == 429


def test_a_good_key_goes_on_working_from_there(three, api):
    for _ in range(5):
        Api(UNKNOWN).get("/invoices")

    assert api.get("/invoices").status == 200


def test_a_key_that_was_somebodys_is_no_guess(three, api, account):
    made = api.post("/api-keys", {"name": "old", "permissions": ["invoices:read"]}).body
    api.delete(f"/api-keys/{made['id']}")

    assert [Api(made["key"]).get("/invoices").status for _ in range(5)] == [401] * 5


def test_whoever_sends_no_key_guesses_none(three):
    assert [Api().get("/invoices").status for _ in range(5)] == [401] * 5


def test_others_are_not_told_to_wait(three):
    for _ in range(5):
        Api(UNKNOWN).get("/invoices")

    elsewhere = Api(UNKNOWN).client.get("/api/v1/invoices", headers={"X-API-Key": UNKNOWN}, REMOTE_ADDR="192.0.2.7")

    assert elsewhere.status_code == 401


def test_a_good_key_asks_nobody_how_many_were_tried(three, api, monkeypatch):
    asked = []
    real = ratelimit.hit
    monkeypatch.setattr(ratelimit, "hit", lambda scope, *rest: asked.append(scope) or real(scope, *rest))
    api.get("/invoices")

    assert asked == ["list"]


def test_without_valkey_each_process_counts_for_itself(three, settings, monkeypatch):
    monkeypatch.setattr("core.ratelimit._quiet_until", 0.0)
    ratelimit._memory().reset()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert [Api(UNKNOWN).get("/invoices").status for _ in range(4)] == [401, 401, 401, 429]
    monkeypatch.setattr("core.ratelimit._quiet_until", 0.0)


def test_both_answers_are_counted(three):
    before = counted("401"), counted("429")
    for _ in range(5):
        Api(UNKNOWN).get("/invoices")

    assert (counted("401") - before[0], counted("429") - before[1]) == (3, 2)


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_a_household_counts_as_one(address, caller):
    assert ratelimits.caller(address) == caller
