"""API keys, and the access tokens made from them."""

from datetime import timedelta

from rest_framework.request import Request
from rest_framework.response import Response

from api import authentication
from api.errors import InsufficientScope
from api.schema import operation
from api.v1 import examples_merchants as examples
from api.v1.base import ApiView, MerchantView
from api.v1.pagination import list_answer, list_query, page
from api.v1.rendering.merchants import render_api_key
from api.v1.shapes import merchants as shapes
from api.validation import Choice
from core import context
from core.exact_json import timestamp
from merchants import scopes, selectors, services

_LIST_QUERY = list_query(
    "ApiKeyFilters",
    {
        "status": Choice("active", "revoked", "expired", required=False),
        "key_type": Choice("live", "test", required=False),
    },
)
_LIST = list_answer("ApiKeyList", "api_keys", shapes.API_KEY)


class APIKeyList(MerchantView):
    """All keys of the merchant; a test key sees test keys only."""

    required_scopes = {"GET": "api_keys:manage", "POST": "api_keys:manage"}
    rate_class = {"GET": "list", "POST": "api_keys"}
    carries_secret = True
    tag = "API keys"

    @operation("List API keys", query=_LIST_QUERY, answers={200: _LIST}, answer_example=examples.KEY_LIST)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query()
        keys = selectors.list_api_keys(merchant=self.merchant, livemode=self.livemode)
        if "key_type" in wanted:
            keys = keys.filter(livemode=wanted["key_type"] == "live")
        if "status" in wanted:
            keys = selectors.with_status(keys, wanted["status"], now=self.now)
        return Response(page(keys, wanted, name="api_keys", render=lambda key: render_api_key(key, now=self.now)))

    @operation(
        "Create an API key",
        description="A key never grants what its creator lacks. The key itself is shown this once.",
        body=shapes.CREATE_KEY,
        answers={201: shapes.NEW_API_KEY},
        request_example=examples.CREATE_KEY,
        answer_example=examples.NEW_KEY,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body()
        order = services.KeyOrder(
            name=wanted["name"],
            livemode=wanted.get("key_type", self.api_key.key_type) == "live",
            permissions=wanted["permissions"],
            expires_at=wanted.get("expires_at"),
            format=wanted["format"],
        )
        key, text = services.create_api_key(
            merchant=self.merchant, order=order, grant=self.identity.grant, now=self.now
        )
        return Response({**render_api_key(key, now=self.now), "key": text}, status=201)


class APIKeyDetail(MerchantView):
    """One key."""

    required_scopes = {"GET": "api_keys:manage", "PATCH": "api_keys:manage", "DELETE": "api_keys:manage"}
    rate_class = {"GET": "status", "PATCH": "api_keys", "DELETE": "api_keys"}
    tag = "API keys"

    @operation("Get an API key", answers={200: shapes.API_KEY})
    def get(self, request: Request, key_id: str) -> Response:  # noqa: ARG002
        key = selectors.get_api_key(merchant=self.merchant, livemode=self.livemode, public_id=key_id)
        return Response(render_api_key(key, now=self.now))

    @operation(
        "Update an API key",
        body=shapes.UPDATE_KEY,
        answers={200: shapes.API_KEY},
        request_example=examples.UPDATE_KEY,
    )
    def patch(self, request: Request, key_id: str) -> Response:  # noqa: ARG002
        key = services.update_api_key(
            merchant=self.merchant,
            key_id=key_id,
            changes=services.KeyChanges(**self.body()),
            grant=self.identity.grant,
            now=self.now,
        )
        return Response(render_api_key(key, now=self.now))

    @operation(
        "Revoke an API key",
        description="Ends the key and every token made from it, at once.",
        answers={200: shapes.REVOKED_API_KEY},
        answer_example=examples.REVOKED_KEY,
    )
    def delete(self, request: Request, key_id: str) -> Response:  # noqa: ARG002
        key = services.revoke_api_key(merchant=self.merchant, key_id=key_id, grant=self.identity.grant, now=self.now)
        revoked_at = timestamp(key.revoked_at) if key.revoked_at else None
        return Response({"id": key.public_id, "status": key.status_at(self.now), "revoked_at": revoked_at})


class APIKeyRotation(MerchantView):
    """A new key in the place of an old one."""

    required_scopes = {"POST": "api_keys:manage"}
    rate_class = "api_keys"
    carries_secret = True
    tag = "API keys"

    @operation(
        "Rotate an API key",
        description="Makes a key with the same name, permissions and end; the old one works on for `overlap_seconds`.",
        body=shapes.ROTATE_KEY,
        answers={201: shapes.NEW_API_KEY},
    )
    def post(self, request: Request, key_id: str) -> Response:  # noqa: ARG002
        key, text = services.rotate_api_key(
            merchant=self.merchant,
            key_id=key_id,
            overlap=timedelta(seconds=self.body()["overlap_seconds"]),
            grant=self.identity.grant,
            now=self.now,
        )
        return Response({**render_api_key(key, now=self.now), "key": text, "replaces": key_id}, status=201)


class Token(ApiView):
    """Access tokens for interactive applications."""

    rate_class = "token"
    tag = "Authentication"

    @operation(
        "Get an access token",
        description="The token ends with its key. `*` is never in a token: it is spelled out.",
        body=shapes.TOKEN_REQUEST,
        answers={200: shapes.TOKEN},
        request_example=examples.TOKEN_REQUEST,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body()
        identity = authentication.identify_key(wanted["api_key"], now=self.now)
        context.set_actor(identity.actor)
        granted = wanted.get("scope") or scopes.named(identity.scopes)
        missing = scopes.beyond(identity.scopes, granted)
        if missing:
            raise InsufficientScope(
                f"This API key lacks the permission {missing[0]}.",
                field=f"scope[{granted.index(missing[0])}]",
                constraints={"required_scope": missing[0]},
            )
        lifetime = timedelta(seconds=wanted["expires_in"])
        return Response(
            {
                "access_token": authentication.issue_token(identity, granted=granted, lifetime=lifetime, now=self.now),
                "token_type": "Bearer",
                "expires_in": wanted["expires_in"],
                "scope": list(granted),
            }
        )
