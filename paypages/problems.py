"""Failures as pages: what went wrong and what to do now, in a sentence, with the right status."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Final

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from core import context, ratelimit
from core.errors import CheckoutError, Conflict, Denied, Invalid, NotFound, Unavailable
from paypages.brand import known_brand

log = structlog.get_logger(__name__)

PER_MINUTE: Final = ratelimit.Limit(60, 60)
PAUSE_SECONDS: Final = "10"
STATUS: Final = ((NotFound, 404), (Invalid, 422), (Conflict, 409), (Denied, 403), (Unavailable, 503))

View = Callable[..., HttpResponseBase]


class TooManyRequests(Exception):
    """Somebody at this address opens pages faster than a person does."""

    def __init__(self, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


def within_limit(scope: str) -> None:
    """
    Count a request of the current caller's address.

    :raises TooManyRequests: when there were more than 60 in a minute
    """
    verdict = ratelimit.hit(scope, context.current().ip_address, PER_MINUTE)
    if not verdict.allowed:
        raise TooManyRequests(retry_after=max(1, verdict.reset_at - ceil(timezone.now().timestamp())))


def friendly(view: View) -> View:
    """Show a failure as a page."""

    @wraps(view)
    def _friendly(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except TooManyRequests as failure:
            response = _page(request, 429)
            response["Retry-After"] = str(failure.retry_after)
            return response
        except OperationalError:
            log.exception("database_unavailable")
            response = _page(request, 503)
            response["Retry-After"] = PAUSE_SECONDS
            return response
        except CheckoutError as failure:
            return _page(request, next((status for kind, status in STATUS if isinstance(failure, kind)), 400))

    return _friendly


def _page(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, "paypages/problem.html", {"status": status, "brand": known_brand(request)}, status=status)
