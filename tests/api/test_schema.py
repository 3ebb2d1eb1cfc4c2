"""
The API against its own document: generated requests, good and bad, from what the document says.

Every answer must be one that the document describes, and none a failure of ours.
"""

from collections import defaultdict

import pytest
import schemathesis
from django.db import transaction
from django.utils import timezone

from api.ratelimits import LIMITS
from chains.sandbox.services import new_address
from config.wsgi import application
from payments.services import scan
from tests.api.conftest import Api
from tests.api.generated import BAD, GOOD, ask, can_be_wrong, one_connection
from tests.api.orders import ORDER

EXAMPLES = 8  # requests to each operation


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
    with one_connection():
        yield {"key": account.test_api_key, "known": known, "examples": EXAMPLES}


_schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
# The event streams are no WSGI, and are tested on a server of their own.
_OPERATIONS = [
    found.ok()
    for found in _schema.exclude(operation_id=["public_invoice_events", "events_stream"]).get_all_operations()
]
_REFUSING = [operation for operation in _OPERATIONS if can_be_wrong(operation)]


def _by_resource(operations):
    """Return parameters for a test of several operations each: to make the world takes longer than to ask in it."""
    resources = defaultdict(list)
    for operation in operations:
        resources[operation.path.split("/")[3]].append(operation)
    return pytest.mark.parametrize("operations", resources.values(), ids=resources)


@_by_resource(_OPERATIONS)
def test_good_requests_are_answered_as_described(operations, world, valkey):
    _ask_each(operations, GOOD, world, valkey)


@_by_resource(_REFUSING)
def test_bad_requests_are_refused_as_described(operations, world, valkey):
    _ask_each(operations, BAD, world, valkey)


def _ask_each(operations, mode, world, valkey):
    """Ask for one operation after the other; each finds the world as it was made."""
    for operation in operations:
        with transaction.atomic():
            ask(operation, mode, **world)
            transaction.set_rollback(True)
        valkey.flushdb()
