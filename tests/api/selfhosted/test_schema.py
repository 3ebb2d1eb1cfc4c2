"""The format's API against its own document: generated requests, good and bad, from what the document says."""

import pytest
import schemathesis

from api.ratelimits import LIMITS
from config.wsgi import application
from events.outbox import dispatch
from invoices.models import Customer
from tests.api.generated import BAD, GOOD, ask, can_be_wrong, one_connection
from tests.api.selfhosted.conftest import BASE, Checkout, checkout_key

EXAMPLES = 4  # requests to each operation
_SCHEMA = schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", application)
_OPERATIONS = [found.ok() for found in _SCHEMA.get_all_operations()]


@pytest.fixture
def world(merchant, request):
    """One of everything, so that generated requests also meet objects that exist."""
    request.getfixturevalue("settings").API_RATE_LIMITS = dict.fromkeys(LIMITS, 1_000_000)
    key = checkout_key(merchant)
    checkout = Checkout(key)
    session = checkout.post("/checkout_sessions", {"amount": {"value": "5.00"}, "customerEmail": "ada@example.com"})
    dispatch()
    known = {
        "session_id": session.body["id"],
        "link_id": checkout.post("/payment_links", {"title": "VPN", "fiatAmount": "1.00"}).body["id"],
        "endpoint_id": checkout.post(
            "/webhook_endpoints", {"url": "https://merchant.invalid/hook", "events": ["*"]}
        ).body["id"],
        "event_id": checkout.get("/events").body["data"][0]["id"],
        "customer_id": Customer.objects.get(merchant=merchant).public_id,
    }
    with one_connection():
        yield {"key": key, "known": known, "examples": EXAMPLES}


def test_every_operation_is_described_and_none_twice():
    assert {operation.path for operation in _OPERATIONS if "-" in operation.path} == set()
    assert len(_OPERATIONS) == 17


@pytest.mark.long
@pytest.mark.parametrize("mode", [GOOD, BAD])
def test_generated_requests_are_answered_as_described(world, mode):
    for operation in _OPERATIONS:
        if mode is GOOD or can_be_wrong(operation):
            ask(operation, mode, **world)
