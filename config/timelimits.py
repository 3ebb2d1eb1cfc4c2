"""
Who may work how long: the table of routes and commands.

A request may keep the database busy for WEB_REQUEST_SECONDS. A statement that runs longer is ended, and
once all its statements together took as long, no other is begun. Half of that is the most that it waits
for somebody else's lock. The routes below may take longer, as they read much at once. Time in which a
request waits for the network is bounded where it goes out (core.http, chains.rpc).

Workers and commands read and write as long as they need, in small transactions; what is the same for all
stands in core.timelimits.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from core.timelimits import Bounds, Clock, bound_process

# Seconds. The proxy waits 30 seconds for the first byte.
ROUTES: Final[Mapping[str, int]] = {
    # reports
    "api/v1/analytics": 20,
    "dashboard/overview/": 20,
    # lists that may be asked for as a file, and the check of a whole chain of the audit log
    "api/v1/settlements": 20,
    "dashboard/invoices/": 20,
    "dashboard/settlements/": 20,
    "dashboard/settlements/statement/": 20,
    "dashboard/audit/": 20,
    "dashboard/audit/check/": 20,
    # a customer's data is looked for in every table
    "api/v1/customers/<str:customer_id>": 20,
    "dashboard/customers/<str:customer_id>/erase/": 20,
}
STAFF: Final = "admin/"  # every page below
STAFF_SECONDS: Final = 20
IDLE_SECONDS: Final = 30  # of a transaction of a request


class TimeLimitMiddleware:
    """Holds the database to the table while a view works. The innermost one: sessions are saved outside of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        clock = request.clock = Clock()  # type: ignore[attr-defined]
        with connection.execute_wrapper(clock):
            return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """Start the clock for the route that has been found."""
        if settings.WEB_REQUEST_SECONDS and request.resolver_match:
            request.clock.bounds = bounds_of(seconds_of(request.resolver_match.route))  # type: ignore[attr-defined]


def seconds_of(route: str) -> float:
    """Return how long a request to ``route`` may keep the database busy."""
    longer = STAFF_SECONDS if route.startswith(STAFF) else ROUTES.get(route, 0)
    return max(settings.WEB_REQUEST_SECONDS, longer)


def bounds_of(seconds: float) -> Bounds:
    """Return what the session of a request is held to that has ``seconds``."""
    return _bounds(seconds, settings.WEB_REQUEST_SECONDS / 2)


def bound_web_process() -> None:
    """Hold the sessions of this process, event streams included, to what a usual request may take."""
    bound_process(bounds_of(settings.WEB_REQUEST_SECONDS))


@lru_cache(maxsize=32)
def _bounds(statement: float, lock: float) -> Bounds:
    # One object for one meaning: sessions compare what they were told by identity, at each statement.
    return Bounds(statement, lock, IDLE_SECONDS)
