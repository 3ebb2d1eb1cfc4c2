"""One envelope, on every status, from every layer."""

import json
import sys

import pytest
from django.db import OperationalError
from django.test import Client

from merchants import selectors
from merchants.models import APIKey

HEX32 = "4bf92f3577b34da6a3ce929d0e0e4736"


def check_envelope(answer, status, code, kind):
    assert answer.status == status
    assert list(answer.body) == ["error", "request_id", "trace_id", "timestamp"]
    error = answer.body["error"]
    assert (error["type"], error["code"]) == (kind, code)
    assert error["message"]
    assert error["documentation_url"] == f"http://testserver/docs/errors#{code.lower().replace('_', '-')}"
    assert answer.body["request_id"] == answer.headers["X-Request-ID"]


def test_seed1_error_response_format(api):
    answer = api.post(
        "/api-keys", {"name": "x", "permissions": ["nothing"]}, traceparent=f"00-{HEX32}-00f067aa0ba902b7-01"
    )

    check_envelope(answer, 422, "UNKNOWN_CHOICE", "validation_error")
    assert answer.body["error"]["field"] == "permissions[0]"
    assert "merchants:read" in answer.body["error"]["constraints"]["allowed"]
    assert answer.body["trace_id"] == f"trace_{HEX32}"


@pytest.mark.parametrize("path", ["/nothing", "/", "", "/merchants/", "/api-keys/a/b/c"])
def test_an_unknown_url(api, path):
    check_envelope(api.get(path), 404, "URL_NOT_FOUND", "invalid_request_error")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_an_unknown_url_is_unknown_to_every_method_of_a_program(method):
    client = Client(enforce_csrf_checks=True)  # as every client is outside of tests

    response = client.generic(method, "/api/v1/nothing", b"{}", content_type="application/json")

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "URL_NOT_FOUND"


@pytest.mark.parametrize("path", ["/api/v9/merchants", "/api/", "/api"])
def test_an_unknown_url_beside_the_version(path):
    response = Client().get(path)

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "URL_NOT_FOUND"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_method_that_does_not_exist_there(api, method):
    answer = api.send(method, "/merchants/me")

    check_envelope(answer, 405, "METHOD_NOT_ALLOWED", "invalid_request_error")
    assert answer.headers["Allow"] == "GET, PATCH, HEAD"
    assert answer.body["error"]["suggestions"] == ["Allowed here: GET, PATCH, HEAD"]


def test_a_url_with_a_slash_too_many_is_told_without_it(api):
    assert api.get("/invoices/").body["error"]["suggestions"] == ["Leave off the slash at the end: /api/v1/invoices"]
    for path in ("/nothing/", "/", "/nothing"):
        assert "suggestions" not in api.get(path).body["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{'name': 1}",
        b'{"name": NaN}',
        b'{"name": 1e999999999}',
        b'{"name": Infinity}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\xff"}',
        b'\xef\xbb\xbf{"name": "a"}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b'{"name": ' + b"[" * 100 + b"]" * 100 + b"}",
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_json_object(api, body):
    answer = api.post("/api-keys", body)

    check_envelope(answer, 400, "INVALID_JSON", "invalid_request_error")
    assert APIKey.objects.count() == 2


@pytest.mark.parametrize(("levels", "told"), [(32, (422, "INVALID_TYPE")), (33, (400, "INVALID_JSON"))])
def test_a_body_nests_32_levels_deep_at_most(api, levels, told):
    answer = api.post("/api-keys", b'{"name": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}")

    assert (answer.status, answer.body["error"]["code"]) == told
    assert ("nests too deeply" in answer.body["error"]["message"]) is (levels > 32)


@pytest.mark.parametrize("limit", [sys.getrecursionlimit(), 100_000], ids=["usual", "raised by a library"])
def test_a_body_that_nests_without_end_ends_no_process(api, limit):
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        answer = api.post("/api-keys", b'{"name": ' + b"[" * 400_000)
    finally:
        sys.setrecursionlimit(before)

    check_envelope(answer, 400, "INVALID_JSON", "invalid_request_error")
    assert "nests too deeply" in answer.body["error"]["message"]


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
    ],
)
def test_a_body_of_another_kind(api, kind):
    answer = api.post("/api-keys", b'{"name": "x"}', Content_Type=kind)

    check_envelope(answer, 415, "UNSUPPORTED_MEDIA_TYPE", "invalid_request_error")


def test_json_may_name_its_charset(api):
    answer = api.post(
        "/api-keys", b'{"name": "x", "permissions": ["*"]}', Content_Type="application/json; charset=UTF-8"
    )

    assert answer.status == 201


def test_a_body_that_is_too_large(api):
    answer = api.post("/api-keys", b'{"name": "' + b"x" * 10_000_000 + b'"}')

    check_envelope(answer, 413, "BODY_TOO_LARGE", "invalid_request_error")
    assert answer.body["error"]["constraints"] == {"max_bytes": 1_000_000}


@pytest.mark.parametrize(("size", "status"), [(1_000_000, 422), (1_000_001, 413)])
def test_a_body_holds_a_million_bytes_at_most(api, size, status):
    frame = b'{"name": "%s"}'

    assert api.post("/api-keys", frame % (b"x" * (size - len(frame) + 2))).status == status


@pytest.mark.parametrize("text", ['"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"'])
def test_text_that_cannot_be_stored(api, text):
    answer = api.post("/api-keys", f'{{"name": {text}, "permissions": ["*"]}}'.encode())

    check_envelope(answer, 422, "INVALID_TEXT", "validation_error")
    assert answer.body["error"]["field"] == "name"


def test_text_of_all_the_world_is_kept(api):
    name = "Ключ 🗝️ مفتاح 鍵"

    answer = api.post("/api-keys", {"name": name, "permissions": ["*"]})

    assert answer.body["name"] == name


def test_thousands_of_parameters(api):
    answer = api.get("/invoices?" + "&".join(["status=paid"] * 2000))

    check_envelope(answer, 400, "BAD_REQUEST", "invalid_request_error")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_the_document_can_only_be_read(method):
    client = Client(enforce_csrf_checks=True)

    response = client.generic(method, "/api/schema/", b"{}", content_type="application/json")

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


def test_a_crash_tells_nothing_but_the_request_id(api, monkeypatch):
    def crash(**_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(selectors, "usage", crash)

    answer = api.get("/merchants/me")

    check_envelope(answer, 500, "INTERNAL_ERROR", "api_error")
    assert "secret detail" not in json.dumps(answer.body, default=str)


def test_a_database_that_is_away_is_not_a_crash(api, monkeypatch):
    def fail(**_):
        raise OperationalError("connection refused by 10.0.0.5")

    monkeypatch.setattr(selectors, "usage", fail)

    answer = api.get("/merchants/me")

    check_envelope(answer, 503, "SERVICE_UNAVAILABLE", "api_error")
    assert answer.headers["Retry-After"] == "10"


def test_answers_are_not_cached(api):
    assert api.get("/merchants/me").headers["Cache-Control"] == "no-store"
    assert api.get("/nothing").headers["Cache-Control"] == "no-store"


def test_head_is_get_without_the_body(api):
    answer = api.send("HEAD", "/merchants/me")

    assert (answer.status, answer.body) == (200, None)


def test_a_body_on_get_is_ignored(api):
    assert api.send("GET", "/merchants/me", b"{broken").status == 200
