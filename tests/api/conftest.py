"""Merchants as they sign up, and a client that speaks to the native API."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core import exact_json
from merchants import services
from merchants.models import Merchant


@dataclass
class Answer:
    """A response with its body read exactly."""

    status: int
    body: Any
    headers: Any


class Api:
    """Sends JSON with a credential."""

    def __init__(self, credential: str = "", **headers: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {credential}", **headers} if credential else headers

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = body if isinstance(body, bytes) else b"" if body is None else exact_json.dumps(body).encode()
        marks = {
            "Content-Type": "application/json",
            **self.headers,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        response = self.client.generic(
            method, f"/api/v1{path}", content, content_type=marks.pop("Content-Type"), headers=marks
        )
        is_json = response.headers.get("Content-Type") == "application/json" and response.content
        return Answer(response.status_code, exact_json.loads(response.content) if is_json else None, response.headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.send("DELETE", path, **headers)


@pytest.fixture(autouse=True)
def _fresh_limits(request: pytest.FixtureRequest) -> None:
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        request.getfixturevalue("valkey")


@pytest.fixture
def account(db: None) -> services.SignedUp:
    """A merchant on the plan ``pro`` with everything that was shown once."""
    request = services.SignUp(business_name="Acme VPN Services", contact_email="admin@acmevpn.com", plan_type="pro")
    return services.sign_up(request=request, now=timezone.now())


@pytest.fixture
def merchant(account: services.SignedUp) -> Merchant:
    return account.merchant


@pytest.fixture
def api(account: services.SignedUp) -> Api:
    """The live key with all permissions."""
    return Api(account.api_key)


@pytest.fixture
def test_api(account: services.SignedUp) -> Api:
    """The test key with all permissions."""
    return Api(account.test_api_key)


@pytest.fixture
def anybody(db: None) -> Api:
    """No credential."""
    return Api()
