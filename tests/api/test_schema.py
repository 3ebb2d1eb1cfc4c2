"""
The API against its own document: generated requests, good and bad, from what the document says.

Every answer must be one that the document describes, and none a failure of ours.
"""

import random

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.ratelimits import LIMITS
from chains.sandbox.services import new_address
from config.wsgi import application
from payments.services import scan
from tests.api.conftest import Api
from tests.api.orders import ORDER

EXAMPLES = 8  # requests to each operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture
def world(account, request):
    """One of everything, so that generated requests also meet objects that exist."""
    request.getfixturevalue("settings").API_RATE_LIMITS = dict.fromkeys(LIMITS, 1_000_000)
    test_api = Api(account.test_api_key)
    invoice = test_api.post("/invoices", ORDER).body
    test_api.post("/sandbox/transfers", {"invoice": invoice["id"]})
    test_api.post("/sandbox/transfers", {"invoice": invoice["id"], "asset": "USDC", "amount": 1})
    test_api.post("/sandbox/blocks", {"count": 3})
    scan(network="sandbox", now=timezone.now())
    deposit, payment = (entry["id"] for entry in test_api.get("/payments").body["payments"])
    refund = test_api.post(f"/invoices/{invoice['id']}/refund", {"address": new_address(), "amount": 1}).body
    key = test_api.post("/api-keys", {"name": "Spare", "key_type": "test", "permissions": ["invoices:read"]}).body
    endpoint = {"url": "https://merchant.invalid/webhook", "events": ["*"], "timeout": 1}
    known = {
        "invoice_id": invoice["id"],
        "payment_id": payment,
        "deposit_id": deposit,
        "refund_id": refund["id"],
        "settlement_id": test_api.get("/settlements").body["settlements"][0]["id"],
        "key_id": key["id"],
        "endpoint_id": test_api.post("/webhook-endpoints", endpoint).body["id"],
    }
    # The test's transaction has to last: at both ends of a request Django would close its connection.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield account.test_api_key, known
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


_schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
# The event streams are no WSGI, and are tested on a server of their own.
_OPERATIONS = [
    found.ok()
    for found in _schema.exclude(operation_id=["public_invoice_events", "events_stream"]).get_all_operations()
]
# Where nothing but an id is taken, nothing can be wrong about a request.
_REFUSING = [operation for operation in _OPERATIONS if operation.query or operation.headers or operation.body]


@pytest.mark.parametrize("operation", _OPERATIONS, ids=lambda operation: operation.label)
def test_good_requests_are_answered_as_described(operation, world):
    _ask(operation, GenerationMode.POSITIVE, world)


@pytest.mark.parametrize("operation", _REFUSING, ids=lambda operation: operation.label)
def test_bad_requests_are_refused_as_described(operation, world):
    _ask(operation, GenerationMode.NEGATIVE, world)


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
