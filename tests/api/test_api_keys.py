"""API keys over the API."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from core.exact_json import timestamp
from core.secrets import digest
from events.models import Event
from merchants import services
from merchants.models import APIKey
from merchants.services import Grant, KeyOrder
from tests.api.conftest import Api

PERMISSIONS = ["invoices:create", "invoices:read", "analytics:read"]


def order(**changes):
    return {"name": "Production API Key", "key_type": "live", "permissions": PERMISSIONS} | changes


@pytest.fixture
def limited(merchant):
    """A live key that may manage keys and read invoices."""
    wanted = KeyOrder(name="Ops", livemode=True, permissions=["api_keys:manage", "invoices:read"])
    key, text = services.create_api_key(
        merchant=merchant, order=wanted, grant=Grant(livemode=True, permissions=["*"]), now=timezone.now()
    )
    api = Api(text)
    api.key = key
    return api


@pytest.fixture
def stranger(account):
    """The live key of another merchant."""
    request = services.SignUp(business_name="Other", contact_email="other@example.com")
    return Api(services.sign_up(request=request, now=timezone.now()).api_key)


def test_seed1_create_api_key(api):
    end = timestamp(timezone.now() + timedelta(days=30))

    answer = api.post("/api-keys", order(expires_at=end))

    body = answer.body
    assert answer.status == 201
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{32}", body["key"])
    assert body == {
        "id": body["id"],
        "name": "Production API Key",
        "key": body["key"],
        "format": "native",
        "key_prefix": body["key"][:14],
        "key_type": "live",
        "permissions": PERMISSIONS,
        "status": "active",
        "expires_at": end,
        "created_at": body["created_at"],
        "last_used_at": None,
    }
    stored = APIKey.objects.get(name="Production API Key")
    assert stored.public_id == body["id"]
    assert stored.key_hash == digest(body["key"])


def test_seed1_list_api_keys(api):
    created = api.post("/api-keys", order()).body

    answer = api.get("/api-keys?status=active&limit=20")

    assert answer.status == 200
    assert answer.body["pagination"] == {"total": 3, "limit": 20, "has_more": False, "next_cursor": None}
    newest = answer.body["api_keys"][0]
    assert list(newest) == [
        "id",
        "name",
        "format",
        "key_prefix",
        "key_type",
        "permissions",
        "status",
        "expires_at",
        "created_at",
        "last_used_at",
    ]
    assert newest["id"] == created["id"]
    assert newest["key_prefix"] == created["key"][:14]
    assert created["key"] not in str(answer.body)


def test_seed1_update_api_key(api):
    created = api.post("/api-keys", order()).body

    answer = api.patch(
        f"/api-keys/{created['id']}",
        {
            "name": "Updated Production Key",
            "permissions": ["invoices:create", "invoices:read", "invoices:cancel", "analytics:read"],
        },
    )

    assert answer.status == 200
    assert answer.body["name"] == "Updated Production Key"
    assert answer.body["permissions"] == ["invoices:create", "invoices:read", "invoices:cancel", "analytics:read"]
    assert "key" not in answer.body


def test_seed1_revoke_api_key(api):
    created = api.post("/api-keys", order()).body
    used = Api(created["key"])
    assert used.get("/invoices").status == 200

    answer = api.delete(f"/api-keys/{created['id']}")

    assert answer.status == 200
    assert answer.body == {"id": created["id"], "status": "revoked", "revoked_at": answer.body["revoked_at"]}
    refused = used.get("/invoices")
    assert (refused.status, refused.body["error"]["code"]) == (401, "API_KEY_REVOKED")
    assert api.delete(f"/api-keys/{created['id']}").body == answer.body
    assert Event.objects.filter(type="api_key.revoked").count() == 1


@pytest.mark.parametrize(
    ("permissions", "start"),
    [
        (["invoices:create", "invoices:read"], "sk_live_invoices_"),
        (["analytics:read"], "sk_live_analytics_"),
        (["webhooks:manage"], "sk_live_"),
    ],
)
def test_a_key_of_one_kind_says_so(api, permissions, start):
    body = api.post("/api-keys", order(permissions=permissions)).body

    assert re.fullmatch(start + r"[0-9A-Za-z]{32}", body["key"])
    assert body["key_prefix"] == body["key"][: len(start) + 6]
    assert Api(body["key"]).get("/merchants/me").body["error"]["code"] == "INSUFFICIENT_SCOPE"


def test_changes_are_audited_with_who_and_from_where(api, account):
    created = api.post("/api-keys", order(), User_Agent="MyApp/1.0").body

    event = Event.objects.get(type="api_key.created", object_id=created["id"])
    assert event.actor == f"api_key:sk_live_***{account.api_key[-3:]}"
    assert (event.ip_address, event.user_agent) == ("127.0.0.1", "MyApp/1.0")
    assert event.request_id.startswith("req_")
    assert created["key"] not in str(event.data)


def test_a_key_cannot_grant_what_it_lacks(limited):
    answer = limited.post("/api-keys", order(permissions=["invoices:read", "invoices:refund"]))

    assert (answer.status, answer.body["error"]["code"]) == (403, "PERMISSION_NOT_HELD")
    assert answer.body["error"]["field"] == "permissions[1]"
    assert limited.post("/api-keys", order(permissions=["*"])).status == 403
    assert limited.post("/api-keys", order(permissions=["invoices:read"])).status == 201
    assert APIKey.objects.count() == 4


def test_a_key_cannot_change_or_rotate_a_mightier_one(limited, account):
    mighty = account.live_key.public_id

    assert limited.patch(f"/api-keys/{mighty}", {"permissions": ["invoices:read"]}).status == 403
    answer = limited.post(f"/api-keys/{mighty}/rotate", {})

    assert (answer.status, answer.body["error"]["code"]) == (403, "PERMISSION_NOT_HELD")
    account.live_key.refresh_from_db()
    assert (account.live_key.permissions, account.live_key.revoked_at) == (["*"], None)


def test_the_plan_limits_active_keys_and_revoked_ones_do_not_count(api):
    made = [api.post("/api-keys", order()).body["id"] for _ in range(8)]

    answer = api.post("/api-keys", order())

    assert (answer.status, answer.body["error"]["code"]) == (409, "PLAN_LIMIT_REACHED")
    assert answer.body["error"]["constraints"] == {"max_api_keys": 10}
    api.delete(f"/api-keys/{made[0]}")
    assert api.post("/api-keys", order()).status == 201


def test_a_test_key_lives_among_test_keys(test_api, api, account):
    live = api.post("/api-keys", order()).body

    refused = test_api.post("/api-keys", order())
    created = test_api.post("/api-keys", order(key_type="test"))
    seen = test_api.get("/api-keys").body["api_keys"]

    assert (refused.status, refused.body["error"]["code"]) == (403, "LIVE_KEY_REQUIRED")
    assert created.body["key"].startswith("sk_test_")
    assert {key["key_type"] for key in seen} == {"test"}
    assert len(seen) == 2
    assert test_api.get(f"/api-keys/{live['id']}").status == 404
    assert test_api.delete(f"/api-keys/{live['id']}").status == 404
    assert api.get("/api-keys?key_type=test").body["pagination"]["total"] == 2


def test_the_mode_is_that_of_the_asking_key_unless_said(test_api):
    answer = test_api.post("/api-keys", {"name": "x", "permissions": ["invoices:read"]})

    assert answer.body["key_type"] == "test"


def test_another_merchants_key_does_not_exist(stranger, account):
    path = f"/api-keys/{account.live_key.public_id}"

    for answer in (stranger.get(path), stranger.patch(path, {"name": "x"}), stranger.delete(path)):
        assert (answer.status, answer.body["error"]["code"]) == (404, "API_KEY_NOT_FOUND")
    account.live_key.refresh_from_db()
    assert (account.live_key.name, account.live_key.revoked_at) == ("First live key", None)


@pytest.mark.parametrize("path", ["/api-keys/key_x", "/api-keys/inv_06bq3z5n8cz9v4w2k7r1t0x5ye", "/api-keys/%00"])
def test_an_id_that_is_none_is_not_found(api, path):
    assert api.get(path).status == 404


def test_a_rotated_key_works_on_for_the_overlap(api, account):
    old = api.post("/api-keys", order()).body

    answer = api.post(f"/api-keys/{old['id']}/rotate", {"overlap_seconds": 60})

    assert answer.status == 201
    assert answer.body["replaces"] == old["id"]
    assert answer.body["permissions"] == PERMISSIONS
    assert Api(old["key"]).get("/invoices").status == 200
    assert Api(answer.body["key"]).get("/invoices").status == 200
    APIKey.objects.filter(pk=APIKey.key_from(old["id"])).update(expires_at=timezone.now())
    assert Api(old["key"]).get("/invoices").body["error"]["code"] == "API_KEY_EXPIRED"


def test_without_overlap_the_old_key_ends_at_once(api):
    old = api.post("/api-keys", order()).body

    api.post(f"/api-keys/{old['id']}/rotate")

    assert Api(old["key"]).get("/invoices").status == 401
    again = api.post(f"/api-keys/{old['id']}/rotate")
    assert (again.status, again.body["error"]["code"]) == (409, "API_KEY_INACTIVE")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (order(permissions=[]), "OUT_OF_RANGE", "permissions"),
        (order(permissions=["money:print"]), "UNKNOWN_CHOICE", "permissions[0]"),
        (order(permissions=["invoices:read", "invoices:read"]), "OUT_OF_RANGE", "permissions"),
        (order(permissions="*"), "INVALID_TYPE", "permissions"),
        (order(key_type="both"), "UNKNOWN_CHOICE", "key_type"),
        (order(expires_at="2020-01-01T00:00:00Z"), "INVALID_EXPIRY", "expires_at"),
        (order(expires_at="tomorrow"), "INVALID_TIME", "expires_at"),
        (order(expires_at="9999-12-31T23:59:59-23:59"), "INVALID_TIME", "expires_at"),
        (order(name=""), "OUT_OF_RANGE", "name"),
        (order(name=None), "INVALID_TYPE", "name"),
        (order(livemode=True), "UNKNOWN_FIELD", "livemode"),
    ],
)
def test_a_key_that_breaks_a_rule_is_not_made(api, body, code, field):
    answer = api.post("/api-keys", body)

    assert answer.status == 422
    assert (answer.body["error"]["code"], answer.body["error"]["field"]) == (code, field)
    assert APIKey.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("limit=0", "OUT_OF_RANGE", "limit"),
        ("limit=101", "OUT_OF_RANGE", "limit"),
        ("limit=ten", "INVALID_TYPE", "limit"),
        ("limit=1&limit=2", "UNKNOWN_FIELD", "limit"),
        ("cursor=abc", "INVALID_CURSOR", "cursor"),
        ("cursor=%C3%A9", "INVALID_CURSOR", "cursor"),
        ("status=sleeping", "UNKNOWN_CHOICE", "status"),
        ("colour=red", "UNKNOWN_FIELD", "colour"),
        ("status=a%00b", "INVALID_TEXT", "status"),
    ],
)
def test_a_list_refuses_what_it_does_not_understand(api, query, code, field):
    answer = api.get(f"/api-keys?{query}")

    assert answer.status == 422
    assert (answer.body["error"]["code"], answer.body["error"]["field"]) == (code, field)


def test_use_is_remembered_at_most_once_a_minute(api, account, django_assert_num_queries):
    api.get("/api-keys")
    account.live_key.refresh_from_db()
    first = account.live_key.last_used_at
    assert first is not None

    with django_assert_num_queries(2):  # who calls, and the list
        api.get("/api-keys")

    account.live_key.refresh_from_db()
    assert account.live_key.last_used_at == first
    APIKey.objects.filter(pk=account.live_key.pk).update(last_used_at=first - timedelta(seconds=61))
    api.get("/api-keys")
    account.live_key.refresh_from_db()
    assert account.live_key.last_used_at > first
