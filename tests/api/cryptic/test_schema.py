"""Cryptic's API against its own document: generated requests, good and bad, from what the document says."""

import pytest
import schemathesis

from api.cryptic.openapi import document
from api.ratelimits import LIMITS
from config.wsgi import application
from tests.api.cryptic.conftest import ORDER
from tests.api.generated import BAD, GOOD, ask, can_be_wrong, one_connection

pytestmark = pytest.mark.django_db

EXAMPLES = 6  # requests to each operation
_SCHEMA = schemathesis.openapi.from_wsgi("/cryptic/api/schema/", application)
_OPERATIONS = [found.ok() for found in _SCHEMA.get_all_operations()]


def test_the_document_has_the_four_endpoints_and_says_where_they_are():
    described = document(["https://pay.example.com/cryptic"])

    assert sorted((path, method) for path, item in described["paths"].items() for method in item) == [
        ("/api/v1/invoices", "get"),
        ("/api/v1/invoices", "post"),
        ("/api/v1/invoices/{invoice_id}", "get"),
        ("/api/v1/invoices/{invoice_id}/public", "get"),
    ]
    assert described["openapi"].startswith("3.1")
    assert [server["url"] for server in described["servers"]] == ["https://pay.example.com/cryptic"]
    keys = {"CrypticKey", "CrypticKeyHeader"}
    assert set(described["components"]["securitySchemes"]) == keys


@pytest.fixture
def world(sandboxed, settings):
    settings.API_RATE_LIMITS = dict.fromkeys(LIMITS, 1_000_000)
    invoice_id = sandboxed.post("/invoices", ORDER).data["id"]
    with one_connection():
        yield {"key": sandboxed.key, "known": {"invoice_id": invoice_id}, "examples": EXAMPLES}


@pytest.mark.long
@pytest.mark.parametrize("mode", [GOOD, BAD])
def test_generated_requests_are_answered_as_described(world, mode):
    for operation in _OPERATIONS:
        if mode is GOOD or can_be_wrong(operation):
            ask(operation, mode, **world)
