"""Limits and the headers that tell of them."""

import time

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from api import ratelimits
from api.ratelimits import LIMITS
from core.ratelimit import Limit
from tests.api.conftest import Api

HEADERS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Window"]


@pytest.mark.parametrize(
    ("rate_class", "amount", "window"),
    [
        ("merchant", 100, 3600),
        ("api_keys", 50, 3600),
        ("webhooks", 100, 3600),
        ("bulk", 100, 3600),
        ("invoice_create", 1000, 3600),
        ("status", 5000, 3600),
        ("list", 2000, 3600),
        ("analytics", 500, 3600),
        ("signup", 20, 3600),
        ("public_invoice", 60, 60),
        ("qr", 100, 60),
    ],
)
def test_seed1_and_seed2_limits(rate_class, amount, window):
    assert LIMITS[rate_class] == Limit(amount, window)


def test_seed1_rate_limit_headers(api):
    answer = api.get("/api-keys")

    assert answer.headers["X-RateLimit-Limit"] == "2000"
    assert answer.headers["X-RateLimit-Remaining"] == "1999"
    assert answer.headers["X-RateLimit-Window"] == "3600"
    assert answer.headers["X-RateLimit-Policy"] == "sliding-window"
    assert 0 <= int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 3601
    assert "Retry-After" not in answer.headers


def test_a_request_too_many_is_told_when_to_come_back(api, settings):
    settings.API_RATE_LIMITS = {"list": 2}
    assert [api.get("/api-keys").status for _ in range(2)] == [200, 200]

    answer = api.get("/api-keys")

    assert (answer.status, answer.body["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert answer.body["error"]["type"] == "rate_limit_error"
    assert answer.body["error"]["constraints"] == {"limit": 2, "window_seconds": 3600}
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert 1 <= int(answer.headers["Retry-After"]) <= 3601


def test_each_class_and_each_key_counts_for_itself(api, test_api, settings):
    settings.API_RATE_LIMITS = {"list": 1}
    api.get("/api-keys")

    assert api.get("/api-keys").status == 429
    assert api.get("/merchants/me").status == 200
    assert test_api.get("/api-keys").status == 200


def test_a_token_counts_as_its_key(api, anybody, account, settings):
    settings.API_RATE_LIMITS = {"list": 1}
    token = anybody.post("/auth/token", {"grant_type": "api_key", "api_key": account.api_key}).body["access_token"]

    assert api.get("/api-keys").status == 200
    assert Api(token).get("/api-keys").status == 429


def test_refusals_count_and_tell_too(api):
    answer = api.post("/api-keys", {})

    assert answer.status == 422
    assert answer.headers["X-RateLimit-Remaining"] == "49"
    assert api.post("/api-keys", {}).headers["X-RateLimit-Remaining"] == "48"


def test_a_refusal_by_the_limit_is_not_kept_for_the_idempotency_key(api, settings):
    order = {"name": "x", "permissions": ["*"]}
    settings.API_RATE_LIMITS = {"api_keys": 1}
    api.post("/api-keys", order)
    assert api.post("/api-keys", order, Idempotency_Key="a").status == 429

    settings.API_RATE_LIMITS = {"api_keys": 10}

    assert api.post("/api-keys", order, Idempotency_Key="a").status == 201


def test_whoever_is_not_known_has_no_limit_headers(anybody):
    answer = anybody.get("/merchants/me")

    assert answer.status == 401
    assert not any(name in answer.headers for name in HEADERS)


def test_limits_by_address_are_told_apart_by_address(anybody):
    refused = [anybody.post("/merchants", {}).status for _ in range(21)][-1]

    from_elsewhere = anybody.client.post(
        "/api/v1/merchants", b"{}", content_type="application/json", REMOTE_ADDR="192.0.2.7"
    )

    assert refused == 429
    assert from_elsewhere.status_code == 422


def test_the_api_stays_up_without_valkey(api, settings, monkeypatch):
    monkeypatch.setattr("core.ratelimit._quiet_until", 0.0)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = api.get("/api-keys")

    assert answer.status == 200
    assert answer.headers["X-RateLimit-Limit"] == "2000"
    monkeypatch.setattr("core.ratelimit._quiet_until", 0.0)


def test_every_class_that_a_view_names_exists():
    from api.v1.urls import urlpatterns

    for pattern in urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        named = getattr(view, "rate_class", {}) if view else {}
        for name in [named] if isinstance(named, str) else named.values():
            assert not name or ratelimits.limit_of(name).amount > 0, view


def test_a_class_that_does_not_exist_stops_the_start(settings):
    settings.API_RATE_LIMITS = {"invoices": 5}

    with pytest.raises(ImproperlyConfigured, match="API_RATE_LIMITS names invoices"):
        apps.get_app_config("api").ready()
