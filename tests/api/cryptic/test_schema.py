"""Cryptic's API against its own document: generated requests, good and bad, from what the document says."""

import random

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from api.cryptic.openapi import document
from api.ratelimits import LIMITS
from config.wsgi import application
from tests.api.cryptic.conftest import ORDER

pytestmark = pytest.mark.django_db

EXAMPLES = 6  # requests to each operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
_SCHEMA = schemathesis.openapi.from_wsgi("/cryptic/api/schema/", application)
_OPERATIONS = [found.ok() for found in _SCHEMA.get_all_operations()]


def test_the_document_has_the_four_endpoints_and_says_where_they_are():
    described = document("https://pay.example.com", "cryptic.example.com")

    assert sorted((path, method) for path, item in described["paths"].items() for method in item) == [
        ("/api/v1/invoices", "get"),
        ("/api/v1/invoices", "post"),
        ("/api/v1/invoices/{invoice_id}", "get"),
        ("/api/v1/invoices/{invoice_id}/public", "get"),
    ]
    assert described["openapi"].startswith("3.1")
    assert [server["url"] for server in described["servers"]] == [
        "https://cryptic.example.com",
        "https://pay.example.com/cryptic",
    ]
    keys = {"CrypticKey", "CrypticKeyHeader"}
    assert set(described["components"]["securitySchemes"]) == keys


@pytest.fixture
def world(sandboxed, settings):
    settings.API_RATE_LIMITS = dict.fromkeys(LIMITS, 1_000_000)
    invoice_id = sandboxed.post("/invoices", ORDER).data["id"]
    # The test's transaction has to last: at both ends of a request Django would close its connection.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield sandboxed.key, invoice_id
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.long
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_generated_requests_are_answered_as_described(world, mode):
    for operation in _OPERATIONS:
        if mode is GenerationMode.POSITIVE or operation.query or operation.body:
            _ask(operation, mode, *world)


def _ask(operation, mode, key, invoice_id):
    chooser = random.Random(1)

    @given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):
        if case.path_parameters and chooser.random() < 0.7:
            case.path_parameters["invoice_id"] = invoice_id
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)

    ask()
