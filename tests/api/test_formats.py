"""What every wire format has in common: a door for its own keys, and its own shape for every failure."""

import json
import re

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.response import Response

from api import cryptic, selfhosted, v1
from api.authentication import identify_key, issue_token
from api.cryptic import base as cryptic_base
from api.cryptic.mapping import FAILURES as CRYPTIC_FAILURES
from api.errors import RequestError
from api.failures import error_code
from api.formats import FORMATS, FormatHosts, format_of
from api.selfhosted import base as selfhosted_base
from api.selfhosted.mapping import FAILURES as SELFHOSTED_FAILURES
from api.v1 import base as native_base
from config import failures
from core import context
from core.errors import CheckoutError
from core.ids import public_id, uuid7
from events.models import Event
from merchants.models import APIKey
from merchants.secrets import KEY_FORMS, KeyFormat
from merchants.services import KeyOrder
from merchants.services.keys import issue_first_key

pytestmark = pytest.mark.django_db

BASES = {KeyFormat.NATIVE: native_base, KeyFormat.CRYPTIC: cryptic_base, KeyFormat.SELFHOSTED: selfhosted_base}
NATIVE_SCOPES = ("invoices:read", "invoices:create")
SCOPES = {KeyFormat.SELFHOSTED: ("sessions:read", "sessions:write")}
PREFIXES = {
    KeyFormat.NATIVE: "/api/v1",
    KeyFormat.CRYPTIC: "/cryptic/api/v1",
    KeyFormat.SELFHOSTED: "/selfhosted/api/v1",
}


@pytest.fixture(autouse=True)
def _own_caller():
    """Views here are called without the middleware that would forget who called."""
    with context.caller():
        yield


@pytest.fixture
def keys(merchant) -> dict[KeyFormat, tuple[APIKey, str]]:
    """A test key of each format, with its text."""
    return {
        name: issue_first_key(
            merchant=merchant,
            order=KeyOrder(name=name, livemode=False, permissions=["*"], format=name),
            now=timezone.now(),
        )
        for name in KeyFormat
    }


def door(name: KeyFormat):
    """Return a view of a format that tells who came in."""

    class Door(BASES[name].MerchantView):
        required_scopes = dict(zip(("GET", "POST"), SCOPES.get(name, NATIVE_SCOPES), strict=True))

        def get(self, request):
            return Response({"key": self.api_key.public_id})

        def post(self, request):
            return Response({"made": public_id("x", uuid7())}, status=201)

    return Door.as_view()


def told(name: KeyFormat, body: bytes) -> tuple[str, set[str]]:
    """Return the word for a failure, and what else stands in the body."""
    found = json.loads(body)
    word = {"native": "code", "cryptic": "code", "selfhosted": "type"}[name]
    return found["error"][word], set(found) - {"error"}


MARKS = {
    KeyFormat.NATIVE: {"request_id", "trace_id", "timestamp"},
    KeyFormat.CRYPTIC: {"requestId", "timestamp"},
    KeyFormat.SELFHOSTED: set(),
}


class TestKeys:
    def test_a_key_says_in_its_text_what_it_is_for(self, keys):
        for name, (key, text) in keys.items():
            assert KEY_FORMS[name].fullmatch(text)
            assert (key.format, key.masked) == (name, f"{text[:3]}test_***{text[-3:]}")
            assert text.startswith(key.key_prefix)

    @pytest.mark.parametrize("name", list(KeyFormat))
    @pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
    def test_a_key_opens_its_own_door_and_no_other(self, keys, name, header):
        answers = {}
        for own, (_, text) in keys.items():
            value = f"Bearer {text}" if header == "Authorization" else text
            answers[own] = door(name)(RequestFactory().get("/x", headers={header: value}))

        assert {own: answer.status_code for own, answer in answers.items()} == {
            own: 200 if own == name else 401 for own in KeyFormat
        }
        refused = [answer for own, answer in answers.items() if own != name]
        words = {"native": "INVALID_API_KEY", "cryptic": "UNAUTHORIZED", "selfhosted": "authentication"}
        assert [told(name, answer.content) for answer in refused] == [(words[name], MARKS[name])] * 2

    def test_an_access_token_is_native_only(self, keys):
        now = timezone.now()
        identity = identify_key(keys[KeyFormat.NATIVE][1], now=now)
        token = issue_token(identity, granted=["invoices:read"], lifetime=timezone.timedelta(hours=1), now=now)
        request = RequestFactory().get("/x", headers={"Authorization": f"Bearer {token}"})

        assert {name: door(name)(request).status_code for name in KeyFormat} == {
            KeyFormat.NATIVE: 200,
            KeyFormat.CRYPTIC: 401,
            KeyFormat.SELFHOSTED: 401,
        }

    def test_a_token_is_made_of_a_native_key_only(self, anybody, keys):
        wanted = {name: {"grant_type": "api_key", "api_key": text} for name, (_, text) in keys.items()}

        assert {name: anybody.post("/auth/token", body).status for name, body in wanted.items()} == {
            KeyFormat.NATIVE: 200,
            KeyFormat.CRYPTIC: 401,
            KeyFormat.SELFHOSTED: 401,
        }

    def test_the_native_api_makes_keys_of_every_format_and_rotation_keeps_it(self, api):
        for name in KeyFormat:
            made = api.post("/api-keys", {"name": "x", "permissions": ["invoices:read"], "format": name})
            renewed = api.post(f"/api-keys/{made.body['id']}/rotate", {})

            assert (made.status, made.body["format"], renewed.body["format"]) == (201, name, name)
            for answer in (made, renewed):
                assert KEY_FORMS[name].fullmatch(answer.body["key"])
        refused = api.post("/api-keys", {"name": "x", "permissions": ["invoices:read"], "format": "coinpay"})
        assert (refused.status, refused.body["error"]["field"]) == (422, "format")

    def test_a_key_of_any_format_in_a_url_is_refused_and_reported(self, keys):
        for name, (key, text) in keys.items():
            for prefix in PREFIXES.values():
                answer = Client().get(f"{prefix}/nothing?key={text}")
                assert answer.status_code == 400
                assert text not in answer.content.decode()
            assert Event.objects.filter(type="api_key.exposed", object_id=key.public_id).count() == 1, name

    def test_an_idempotency_key_belongs_to_one_format(self, keys):
        made = set()
        for name, (_, text) in keys.items():
            headers = {"Authorization": f"Bearer {text}", "Idempotency-Key": "one"}
            for _ in range(2):
                answer = door(name)(RequestFactory().post("/x", b"{}", "application/json", headers=headers))
                assert answer.status_code == 201
                found = json.loads(answer.content)
                made.add(found.get("data", found)["made"])

        assert len(made) == len(KeyFormat)


class TestFailures:
    @pytest.mark.parametrize("name", list(KeyFormat))
    def test_an_unknown_address_is_told_in_the_shape_of_its_format(self, name):
        words = {"native": "URL_NOT_FOUND", "cryptic": "NOT_FOUND", "selfhosted": "not_found"}
        for path in ("", "/", "/nothing", "/invoices/"):
            for method in ("get", "post", "options", "delete"):
                answer = getattr(Client(), method)(f"{PREFIXES[name]}{path}")

                assert (answer.status_code, told(name, answer.content)) == (404, (words[name], MARKS[name])), path
        assert Client().get(PREFIXES[name].removesuffix("/api/v1") + "/api/v9").status_code == 404

    @pytest.mark.parametrize("name", list(KeyFormat))
    def test_a_foreign_host_and_a_crash_are_told_in_the_shape_of_the_format(self, name, settings):
        settings.ALLOWED_HOSTS = ["pay.example.com"]
        path = f"{PREFIXES[name]}/invoices"

        foreign = Client().get(path, HTTP_HOST="evil.example.com")
        crash = failures.crashed(RequestFactory().get(path))

        words = {
            "native": ("BAD_REQUEST", "INTERNAL_ERROR"),
            "cryptic": ("BAD_REQUEST", "INTERNAL_ERROR"),
            "selfhosted": ("invalid_request", "server"),
        }[name]
        assert (foreign.status_code, told(name, foreign.content)) == (400, (words[0], MARKS[name]))
        assert (crash.status_code, told(name, crash.content)) == (500, (words[1], MARKS[name]))

    @pytest.mark.parametrize("table", [CRYPTIC_FAILURES, SELFHOSTED_FAILURES], ids=["cryptic", "selfhosted"])
    def test_every_kind_of_failure_has_its_word(self, table):
        """The kinds of the core and HTTP's own; a single failure is told as its kind."""
        unnamed = [kind for kind in CheckoutError.__subclasses__() if kind not in table]

        assert unnamed == []
        assert [kind for kind in every_kind(CheckoutError) if not set(kind.__mro__) & set(table)] == []
        assert RequestError in table


def every_kind(kind: type[CheckoutError]) -> list[type[CheckoutError]]:
    return [each for child in kind.__subclasses__() for each in (child, *every_kind(child))]


class TestHosts:
    @pytest.fixture(autouse=True)
    def _hosts(self, settings):
        settings.CRYPTIC_HOST, settings.SELFHOSTED_HOST = "cryptic.example.com", "checkout.example.com"

    @pytest.mark.parametrize(
        ("host", "name"),
        [
            ("cryptic.example.com", KeyFormat.CRYPTIC),
            ("CRYPTIC.example.com:8443", KeyFormat.CRYPTIC),
            ("checkout.example.com", KeyFormat.SELFHOSTED),
            ("pay.example.com", KeyFormat.NATIVE),
            ("cryptic.example.com.evil.example", KeyFormat.NATIVE),
        ],
    )
    def test_the_host_says_whose_address_it_is(self, host, name):
        for path in ("/api", "/api/v1/nothing"):
            answer = Client().get(path, HTTP_HOST=host)

            assert (answer.status_code, told(name, answer.content)[1]) == (404, MARKS[name]), path

    @pytest.mark.parametrize("name", [KeyFormat.CRYPTIC, KeyFormat.SELFHOSTED])
    def test_there_too_every_refusal_has_the_shape_of_the_format(self, name, keys, settings):
        settings.API_RATE_LIMITS = {"list": 1, "invoice_create": 100}
        host, path, words = {
            KeyFormat.CRYPTIC: (
                "cryptic.example.com",
                "/api/v1/invoices",
                {
                    401: "UNAUTHORIZED",
                    405: "METHOD_NOT_ALLOWED",
                    413: "PAYLOAD_TOO_LARGE",
                    415: "UNSUPPORTED_MEDIA_TYPE",
                    400: "BAD_REQUEST",
                    429: "RATE_LIMIT_EXCEEDED",
                    500: "INTERNAL_ERROR",
                },
            ),
            KeyFormat.SELFHOSTED: (
                "checkout.example.com",
                "/api/v1/checkout_sessions",
                {
                    401: "authentication",
                    405: "invalid_request",
                    413: "invalid_request",
                    415: "invalid_request",
                    400: "invalid_request",
                    429: "rate_limited",
                    500: "server",
                },
            ),
        }[name]
        client = Client(raise_request_exception=False, HTTP_HOST=host, HTTP_AUTHORIZATION=f"Bearer {keys[name][1]}")

        answers = [
            Client(HTTP_HOST=host).get(path),
            client.put(path),
            client.post(path, b" " * 1_000_001, content_type="application/json"),
            client.post(path, b"{}", content_type="text/plain"),
            client.post(path, b"{", content_type="application/json"),
            [client.get(path) for _ in range(2)][-1],
        ]
        answers.append(FormatHosts(failures.crashed)(RequestFactory().get(path, HTTP_HOST=host)))

        assert {answer.status_code: told(name, answer.content) for answer in answers} == {
            status: (word, MARKS[name]) for status, word in words.items()
        }
        assert answers[1].headers["Allow"] == "GET, POST, HEAD"
        assert answers[5].headers["Retry-After"].isdecimal()

    @pytest.mark.parametrize(
        ("host", "prefix"), [("cryptic.example.com", "/cryptic"), ("checkout.example.com", "/selfhosted")]
    )
    def test_its_reference_is_at_docs_and_names_the_address_first_that_it_was_asked_at(self, host, prefix):
        page = Client().get("/docs", HTTP_HOST=host)
        address = re.search('data-schema="([^"]+)"', page.content.decode())[1]
        document = Client().get(address, HTTP_HOST=host).json()
        elsewhere = Client().get(address).json()

        assert (page.status_code, page.content) == (200, Client().get(f"{prefix}/docs").content)
        assert address.startswith(f"{prefix}/api/")
        assert f'href="/docs{prefix}">Documentation</a>' in page.content.decode()
        servers = [f"https://{host}", f"http://testserver{prefix}"]
        assert [server["url"] for server in document["servers"]] == servers
        assert [server["url"] for server in elsewhere["servers"]] == servers[::-1]
        assert all(path.startswith("/api/v1/") for path in document["paths"])
        assert Client().post("/docs", HTTP_HOST=host).status_code == 405
        assert Client().get("/docs/errors", HTTP_HOST=host).content == Client().get("/docs/errors").content

    def test_the_prefix_and_the_pages_stay_where_they_are(self):
        assert Client().get("/healthz", HTTP_HOST="cryptic.example.com").status_code == 200
        answer = Client().get("/selfhosted/api/v1/nothing", HTTP_HOST="cryptic.example.com")
        assert told(KeyFormat.SELFHOSTED, answer.content) == ("not_found", set())
        assert Client().get("/nothing", HTTP_HOST="cryptic.example.com").headers["Content-Type"].startswith("text/html")


def test_the_look_up_knows_every_format_and_that_pages_are_none():
    factory = RequestFactory()

    assert [wire.keys for wire in FORMATS] == [KeyFormat.CRYPTIC, KeyFormat.SELFHOSTED, KeyFormat.NATIVE]
    assert {wire.keys for wire in FORMATS} == set(KeyFormat)
    assert format_of(factory.get("/dashboard/")) is None
    assert format_of(factory.get("/apix")) is None
    assert all(module.__doc__ for module in (cryptic, selfhosted, v1))


def test_whom_a_permission_lacks_is_told_so_and_the_request_log_can_name_it(merchant):
    order = KeyOrder(name="x", livemode=False, permissions=["customers:read"], format=KeyFormat.CRYPTIC)
    _, text = issue_first_key(merchant=merchant, order=order, now=timezone.now())

    answer = door(KeyFormat.CRYPTIC)(RequestFactory().get("/x", headers={"X-API-Key": text}))

    assert (answer.status_code, error_code(answer.content)) == (403, "FORBIDDEN")
