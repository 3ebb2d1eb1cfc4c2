"""The one connection pool to Valkey.

Valkey holds nothing that cannot be lost: rate-limit counters, the cache, wake-up calls. So every
call has a short time-out, and whoever uses it has an answer for when it is down.
"""

from functools import lru_cache

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

_log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 1


def client() -> redis.Redis:
    """Return the shared client, thread-safe; its calls raise ``redis.RedisError`` when Valkey is down."""
    return _client_for(settings.REDIS_URL)


def available() -> bool:
    """Return whether Valkey answers now."""
    try:
        return bool(client().ping())
    except redis.RedisError:
        return False


def publish(channel: str, message: str | bytes) -> bool:
    """Send a wake-up call; return whether it left. Never raises: the readers poll slowly as well."""
    try:
        client().publish(channel, message)
    except redis.RedisError as failure:
        _log.warning("A wake-up call was lost; readers will find the news when they poll.", reason=str(failure))
        return False
    return True


@lru_cache(maxsize=8)
def _client_for(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        health_check_interval=30,
        # One fresh connection at once, for one that a restarted server dropped. A server that does not answer is
        # not asked again: its time-out would be paid four times while a caller waits.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
