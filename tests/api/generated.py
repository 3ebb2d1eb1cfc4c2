"""Requests generated from an OpenAPI document, good and bad, and what is asked of every answer."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections
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

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
GOOD, BAD = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
_SHARE_THAT_EXISTS = 0.7  # of ids in paths, so that requests also meet objects


@contextmanager
def one_connection() -> Iterator[None]:
    """Let the test's transaction last: at both ends of a request Django would close its connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def can_be_wrong(operation: Any) -> bool:
    """Return whether something can be wrong about a request; where nothing but an id is taken nothing can."""
    return bool(operation.query or operation.headers or operation.body)


def ask(operation: Any, mode: GenerationMode, *, key: str, known: Mapping[str, str], examples: int) -> None:
    """Send ``examples`` requests with ``key``; ``known`` are ids that exist, by the name of the parameter."""
    chooser = random.Random(1)

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        for name in case.path_parameters or {}:
            if name in known and chooser.random() < _SHARE_THAT_EXISTS:
                case.path_parameters[name] = known[name]
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)

    send()
