"""The one connection pool to Valkey.

Valkey holds nothing that cannot be lost: rate-limit counters, the cache, wake-up calls. So every
call has a short time-out, and whoever uses it has an answer for when it is down.
"""

import os
from functools import lru_cache
from threading import local
from typing import Any

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


def ask(*commands: tuple[Any, ...]) -> list[Any]:
    """
    Send commands in one trip over this thread's own connection and return their answers, as bytes and numbers.

    For what every request asks: it costs a third of the client's calls. An answer that refuses is returned, too.

    :raises redis.RedisError: when Valkey is down
    """
    try:
        return _ask(commands)
    except redis.ConnectionError:  # as the client does: one fresh connection, for one that a restart dropped
        return _ask(commands)


def ask_one(*command: Any) -> Any:
    """
    Send one command as ``ask`` does and return its answer.

    :raises redis.RedisError: when Valkey is down or refuses
    """
    (answer,) = ask(command)
    if isinstance(answer, redis.RedisError):
        raise answer
    return answer


def publish(channel: str, message: str | bytes) -> bool:
    """Send a wake-up call; return whether it left. Never raises: the readers poll slowly as well."""
    try:
        client().publish(channel, message)
    except redis.RedisError as failure:
        _log.warning("A wake-up call was lost; readers will find the news when they poll.", reason=str(failure))
        return False
    return True


class _Line(local):
    """A thread's connection, and for whom it was made: a forked process may not speak over its parent's."""

    made_for: tuple[str, int] | None = None
    connection: Any = None


_line = _Line()


def _ask(commands: tuple[tuple[Any, ...], ...]) -> list[Any]:
    wanted = (settings.REDIS_URL, os.getpid())
    if _line.made_for != wanted:
        _line.connection, _line.made_for = client().connection_pool.make_connection(), wanted
    connection = _line.connection
    connection.send_packed_command(connection.pack_commands(commands))
    return [_answer(connection) for _ in commands]


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()  # hangs up by itself when it fails, so that no answer is taken for another
    except redis.ResponseError as refusal:
        return refusal


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
