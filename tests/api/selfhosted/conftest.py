"""A merchant whose programs speak the self-hosted checkout's API, with a key for each mode and natively beside."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core import exact_json
from merchants.models import Merchant
from merchants.secrets import KeyFormat
from merchants.services import KeyOrder
from merchants.services.keys import issue_first_key
from tests.api.conftest import Answer, Api

BASE = "/selfhosted/api/v1"


class Checkout:
    """Speaks the format with one key."""

    def __init__(self, key: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.key = key

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = b"" if body is None else exact_json.dumps(body).encode()
        marks = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.generic(
            method,
            f"{BASE}{path}",
            content,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}", **marks},
        )
        return Answer(response.status_code, exact_json.loads(response.content), response.headers)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)


def checkout_key(merchant: Merchant, *, livemode: bool = False, permissions: tuple[str, ...] = ("*",)) -> str:
    """Return a key of the format."""
    order = KeyOrder(name="Shop", livemode=livemode, permissions=permissions, format=KeyFormat.SELFHOSTED)
    return issue_first_key(merchant=merchant, order=order, now=timezone.now())[1]


@pytest.fixture
def checkout(merchant: Merchant) -> Checkout:
    """The merchant's programs in test mode."""
    return Checkout(checkout_key(merchant))


@pytest.fixture
def in_ether(merchant: Merchant) -> None:
    """Let the merchant be paid in ETH unless an order says otherwise."""
    merchant.settings = {**merchant.settings, "default_crypto_currency": "ETH"}
    merchant.save(update_fields=["settings"])


@pytest.fixture
def native(account: Any) -> Api:
    """The same merchant's programs that speak the native API, in test mode."""
    return Api(account.test_api_key)


@pytest.fixture
def stranger() -> Callable[[], Checkout]:
    """Somebody else, who speaks the format too."""
    from tests.factories import make_merchant

    return lambda: Checkout(checkout_key(make_merchant(timezone.now(), email="other@example.com")))
