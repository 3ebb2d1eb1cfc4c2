"""
How often what may be called: the tables of the API's documentation, as classes of endpoints.

A view names its class; the window slides. An operator may raise or lower a class with the setting
API_RATE_LIMITS, ``{"invoice_create": 5000}``: requests per the window that the class has here.
"""

import time
from ipaddress import ip_address, ip_network
from typing import Final

from django.conf import settings
from django.http.response import HttpResponseBase

from api.errors import RateLimited
from core import ratelimit
from core.ratelimit import Limit, Verdict

HOUR: Final = 3600
MINUTE: Final = 60

LIMITS: Final[dict[str, Limit]] = {
    # per API key
    "merchant": Limit(100, HOUR),
    "api_keys": Limit(50, HOUR),
    "webhooks": Limit(100, HOUR),
    "bulk": Limit(100, HOUR),
    "invoice_create": Limit(1000, HOUR),
    "status": Limit(5000, HOUR),
    "list": Limit(2000, HOUR),
    "analytics": Limit(500, HOUR),
    "sandbox": Limit(5000, HOUR),
    # per IP address
    "signup": Limit(20, HOUR),
    "token": Limit(60, MINUTE),
    "public_invoice": Limit(60, MINUTE),
    "qr": Limit(100, MINUTE),
    "option": Limit(20, MINUTE),
    "unknown_key": Limit(30, MINUTE),  # keys and tokens that nobody has
}


def limit_of(rate_class: str) -> Limit:
    """Return the limit of a class as this installation has it."""
    limit = LIMITS[rate_class]
    amount = settings.API_RATE_LIMITS.get(rate_class)
    return limit if amount is None else Limit(amount, limit.window_seconds)


def check(rate_class: str, key: str) -> Verdict:
    """Count one request of ``key`` and return how many are left."""
    return ratelimit.hit(rate_class, key, limit_of(rate_class))


def caller(address: str) -> str:
    """Return whom an address is counted as: itself, or for IPv6 the network of 64 bits that one household has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ip_network((found, 64), strict=False))


def refusal(verdict: Verdict, message: str = "") -> RateLimited:
    """Return the failure for a request too many."""
    wait = max(1, verdict.reset_at - int(time.time()))
    failure = RateLimited(message, constraints={"limit": verdict.limit, "window_seconds": verdict.window})
    failure.reset_at = verdict.reset_at
    failure.headers = {"Retry-After": str(wait)}
    return failure


def tell(response: HttpResponseBase, verdict: Verdict) -> None:
    """Write the state of the limit into the headers of an answer."""
    response["X-RateLimit-Limit"] = str(verdict.limit)
    response["X-RateLimit-Remaining"] = str(verdict.remaining)
    response["X-RateLimit-Reset"] = str(verdict.reset_at)
    response["X-RateLimit-Window"] = str(verdict.window)
    response["X-RateLimit-Policy"] = "sliding-window"
