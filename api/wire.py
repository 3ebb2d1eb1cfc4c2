"""
What distinguishes one wire format from another: who may come in, how an answer and a failure look, how limits are told.

Everything else (``api.base``) is the same for all of them. A format is one constant of ``WireFormat`` in its own
folder; ``api.formats`` knows them all, by path and by host.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from api import ratelimits
from api.answers import json_answer
from api.validation import Schema, Shape
from core.errors import CheckoutError
from core.ratelimit import Verdict
from merchants.secrets import KeyFormat

PREFLIGHT_HEADERS: Final = "Accept, Content-Type, Last-Event-ID"

ErrorAnswer = Callable[[CheckoutError], HttpResponse]
Success = Callable[[Any, int, Mapping[str, str]], HttpResponse]


def bare(data: Any, status: int, headers: Mapping[str, str]) -> HttpResponse:
    """Return a good answer as the view made it."""
    return json_answer(data, status=status, headers=headers)


@dataclass(frozen=True, slots=True)
class WireFormat:
    """
    One wire format.

    ``name`` also keeps idempotency keys of two formats apart; ``prefix`` is where its URLs begin, ``keys`` which
    keys open them. ``error_answer`` turns any failure into a whole answer and ``success`` a view's data; ``tell_limit``
    writes the state of a limit into the headers. ``error_shape`` and ``credentials`` say the same for OpenAPI.
    ``preflight_headers`` are those that a page of another site may send to what is public.
    """

    name: str
    prefix: str
    keys: KeyFormat
    error_answer: ErrorAnswer
    error_shape: Shape
    credentials: Mapping[str, Schema]
    success: Success = bare
    tell_limit: Callable[[HttpResponseBase, Verdict], None] = ratelimits.tell
    preflight_headers: str = PREFLIGHT_HEADERS
