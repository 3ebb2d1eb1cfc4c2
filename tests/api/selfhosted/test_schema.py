"""The format's API against its own document: generated requests, good and bad, from what the document says."""

import random

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from api.ratelimits import LIMITS
from config.wsgi import application
from events.outbox import dispatch
from invoices.models import Customer
from tests.api.selfhosted.conftest import BASE, Checkout, checkout_key

EXAMPLES = 4  # requests to each operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
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
    # The test's transaction has to last: at both ends of a request Django would close its connection.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield key, known
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_operation_is_described_and_none_twice():
    assert {operation.path for operation in _OPERATIONS if "-" in operation.path} == set()
    assert len(_OPERATIONS) == 17


@pytest.mark.long
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_generated_requests_are_answered_as_described(world, mode):
    for operation in _OPERATIONS:
        if mode is GenerationMode.POSITIVE or operation.query or operation.headers or operation.body:
            _ask(operation, mode, world)


def _ask(operation, mode, world):
    key, known = world
    chooser = random.Random(1)

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):
        for name in case.path_parameters or {}:
            if name in known and chooser.random() < 0.7:
                case.path_parameters[name] = known[name]
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)

    ask()
