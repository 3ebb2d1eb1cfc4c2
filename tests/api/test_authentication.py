"""Who calls: keys, tokens, and everything that is neither."""

from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from events.models import Event
from merchants import services
from merchants.models import APIKey
from merchants.scopes import SCOPES
from merchants.services import Grant, KeyOrder
from tests.api.conftest import Api


def make_key(account, permissions, **changes):
    wanted = KeyOrder(name="x", livemode=True, permissions=permissions, **changes)
    grant = Grant(livemode=True, permissions=["*"])
    return services.create_api_key(merchant=account.merchant, order=wanted, grant=grant, now=timezone.now())


def token_for(api, key, **changes):
    return api.post("/auth/token", {"grant_type": "api_key", "api_key": key} | changes)


def test_without_a_credential_the_challenge_says_what_is_wanted(anybody):
    answer = anybody.get("/merchants/me")

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.body["error"]["type"] == "authentication_error"
    assert answer.body["error"]["code"] == "AUTHENTICATION_REQUIRED"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer", "AUTHENTICATION_REQUIRED"),
        ("Basic dTpw", "AUTHENTICATION_REQUIRED"),
        ("Bearer sk_live_" + "a" * 32, "INVALID_API_KEY"),
        ("Bearer sk_live_" + "a" * 31 + "é", "INVALID_API_KEY"),
        ("Bearer sk_live_" + "a" * 31 + "\0", "INVALID_API_KEY"),
        ("Bearer sk_live_" + "a" * 100_000, "INVALID_API_KEY"),
        ("Bearer sk_" + "%s" * 10, "INVALID_API_KEY"),
        ("Bearer nonsense", "INVALID_TOKEN"),
        ("Bearer \0", "INVALID_TOKEN"),
        ("Bearer ÿ.ÿ.ÿ", "INVALID_TOKEN"),
        ("Bearer a.b.c", "INVALID_TOKEN"),
        ("Bearer " + "x" * 100_000, "INVALID_TOKEN"),
    ],
)
def test_whatever_is_no_credential_is_a_401(anybody, header, code):
    answer = anybody.get("/merchants/me", Authorization=header)

    assert (answer.status, answer.body["error"]["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_key_may_come_in_a_header_of_its_own(anybody, account):
    answer = anybody.get("/merchants/me", X_API_Key=account.api_key)

    assert answer.status == 200
    assert anybody.get("/merchants/me", X_API_Key="nonsense").body["error"]["code"] == "INVALID_API_KEY"


def test_an_expired_key_says_so(account):
    key, text = make_key(account, ["invoices:read"], expires_at=timezone.now() + timedelta(hours=1))
    APIKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())

    answer = Api(text).get("/invoices")

    assert (answer.status, answer.body["error"]["code"]) == (401, "API_KEY_EXPIRED")


def test_a_missing_scope_is_named(account):
    _, text = make_key(account, ["invoices:read"])

    answer = Api(text).get("/merchants/me")

    assert (answer.status, answer.body["error"]["code"]) == (403, "INSUFFICIENT_SCOPE")
    assert answer.body["error"]["type"] == "permission_error"
    assert answer.body["error"]["constraints"] == {"required_scope": "merchants:read"}


def test_a_suspended_merchant_is_off_the_api_until_it_is_let_back(api, anybody, account):
    token = token_for(anybody, account.api_key).body["access_token"]
    services.suspend(merchant=account.merchant, reason="test", now=timezone.now())

    for answer in (api.get("/merchants/me"), Api(token).get("/merchants/me"), token_for(anybody, account.api_key)):
        assert (answer.status, answer.body["error"]["code"]) == (403, "MERCHANT_SUSPENDED")

    services.reactivate(merchant=account.merchant, reason="test", now=timezone.now())
    assert api.get("/merchants/me").status == 200


def test_one_query_finds_key_merchant_and_plan(api, account, django_assert_num_queries):
    api.get("/wallets")

    with django_assert_num_queries(2):  # who calls; the wallets
        api.get("/wallets")


def test_seed1_get_jwt_token(anybody, account):
    scope = ["invoices:create", "invoices:read", "analytics:read"]

    answer = anybody.post(
        "/auth/token",
        {"grant_type": "api_key", "api_key": account.api_key, "scope": scope, "expires_in": 3600},
    )

    assert answer.status == 200
    assert list(answer.body) == ["access_token", "token_type", "expires_in", "scope"]
    assert (answer.body["token_type"], answer.body["expires_in"], answer.body["scope"]) == ("Bearer", 3600, scope)
    bearer = Api(answer.body["access_token"])
    assert bearer.get("/invoices").status == 200
    assert bearer.get("/merchants/me").body["error"]["code"] == "INSUFFICIENT_SCOPE"


def test_everything_is_spelled_out_in_a_token(anybody, account):
    answer = token_for(anybody, account.api_key)

    assert answer.body["scope"] == list(SCOPES)
    assert answer.body["expires_in"] == 3600
    claims = jwt.decode(answer.body["access_token"], settings.SECRET_KEY, algorithms=["HS256"])
    assert claims["exp"] - claims["iat"] == 3600
    assert "*" not in claims["scope"]
    assert account.api_key not in str(claims)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"scope": ["*"]}, 422, "UNKNOWN_CHOICE"),
        ({"scope": []}, 422, "OUT_OF_RANGE"),
        ({"scope": "invoices:read"}, 422, "INVALID_TYPE"),
        ({"scope": ["invoices:refund"]}, 403, "INSUFFICIENT_SCOPE"),
        ({"expires_in": 59}, 422, "OUT_OF_RANGE"),
        ({"expires_in": 86401}, 422, "OUT_OF_RANGE"),
        ({"expires_in": True}, 422, "INVALID_TYPE"),
        ({"grant_type": "password"}, 422, "UNKNOWN_CHOICE"),
        ({"api_key": "sk_live_" + "0" * 32}, 401, "INVALID_API_KEY"),
        ({"api_key": 5}, 422, "INVALID_TYPE"),
    ],
)
def test_a_token_request_that_asks_too_much_is_refused(anybody, account, changes, status, code):
    _, text = make_key(account, ["invoices:read"])

    answer = token_for(anybody, text, **changes)

    assert (answer.status, answer.body["error"]["code"]) == (status, code)


def test_a_token_dies_with_its_key(anybody, account):
    key, text = make_key(account, ["invoices:read"])
    bearer = Api(token_for(anybody, text).body["access_token"])
    assert bearer.get("/invoices").status == 200

    services.revoke_api_key(
        merchant=account.merchant,
        key_id=key.public_id,
        grant=Grant(livemode=True, permissions=["*"]),
        now=timezone.now(),
    )

    answer = bearer.get("/invoices")
    assert (answer.status, answer.body["error"]["code"]) == (401, "INVALID_TOKEN")


def test_a_token_loses_what_its_key_loses(anybody, account):
    key, text = make_key(account, ["invoices:read", "analytics:read"])
    bearer = Api(token_for(anybody, text).body["access_token"])
    APIKey.objects.filter(pk=key.pk).update(permissions=["analytics:read"])

    assert bearer.get("/invoices").body["error"]["code"] == "INSUFFICIENT_SCOPE"


def test_an_old_token_says_that_it_is_old(account):
    token = AccessToken()
    token["key"] = account.live_key.public_id
    token["scope"] = ["merchants:read"]
    token.set_exp(lifetime=timedelta(seconds=-1))

    answer = Api(str(token)).get("/merchants/me")

    assert (answer.status, answer.body["error"]["code"]) == (401, "TOKEN_EXPIRED")


def forged(account, *, secret=None, algorithm="HS256", **changes):
    now = int(timezone.now().timestamp())
    claims = {
        "token_type": "access",
        "exp": now + 600,
        "iat": now,
        "jti": "x",
        "key": account.live_key.public_id,
        "scope": ["merchants:read"],
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, secret if secret is not None else settings.SECRET_KEY, algorithm=algorithm)


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "k" * 60},
        {"secret": "", "algorithm": "none"},
        {"algorithm": "HS512"},
        {"key": None},
        {"key": "mer_06bq3z5n8cz9v4w2k7r1t0x5ye"},
        {"key": ["x"]},
        {"scope": None},
        {"scope": "merchants:read"},
        {"token_type": "refresh"},
    ],
)
def test_a_forged_token_opens_nothing(account, changes):
    assert Api(forged(account)).get("/merchants/me").status == 200

    answer = Api(forged(account, **changes)).get("/merchants/me")

    assert (answer.status, answer.body["error"]["code"]) == (401, "INVALID_TOKEN")


def test_a_token_cannot_make_a_key_that_can_do_more_than_itself(anybody, account):
    bearer = Api(token_for(anybody, account.api_key, scope=["api_keys:manage"]).body["access_token"])

    answer = bearer.post("/api-keys", {"name": "x", "permissions": ["*"]})

    assert (answer.status, answer.body["error"]["code"]) == (403, "PERMISSION_NOT_HELD")
    made = bearer.post("/api-keys", {"name": "x", "permissions": ["api_keys:manage"]})
    assert made.status == 201
    assert Event.objects.get(object_id=made.body["id"]).actor == f"api_key:sk_live_***{account.api_key[-3:]}"
