"""How often and how many at once: sliding windows and slots, counted on Valkey.

While Valkey is down each process counts for itself: limits become looser, and nobody is locked
out. After a failure Valkey is left alone for some seconds, so that a dead one costs one time-out
now and then and not one per request.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor
from threading import Lock
from typing import Any, Final, TypeVar, cast
from uuid import uuid4

import structlog
from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from redis.exceptions import NoScriptError, RedisError

from core import valkey

log = structlog.get_logger(__name__)
T = TypeVar("T")

PAUSE_SECONDS: Final = 5.0  # how long Valkey is left alone after a failure

_PREFIX: Final = "limit"
_SLOT_PREFIX: Final = "slots"
_LOCAL: Final = "local:"  # tokens of slots that this process counts itself

# Slots are the members of a sorted set, ranked by when they lapse; Valkey's clock rules. Seconds.
_ACQUIRE_SLOT: Final = """
    local now = tonumber(redis.call('TIME')[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
    if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
    redis.call('EXPIRE', KEYS[1], ARGV[3], 'NX')
    redis.call('EXPIRE', KEYS[1], ARGV[3], 'GT')
    return 1
"""
_RENEW_SLOT: Final = """
    redis.call('ZADD', KEYS[1], tonumber(redis.call('TIME')[1]) + tonumber(ARGV[2]), ARGV[1])
    redis.call('EXPIRE', KEYS[1], ARGV[2], 'NX')
    redis.call('EXPIRE', KEYS[1], ARGV[2], 'GT')
    return 1
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """``amount`` requests in any ``window_seconds``."""

    amount: int
    window_seconds: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Whether one more request is allowed, and how the window stands after it.

    ``reset_at`` (Unix seconds) is when the window ends, or for a refused request when the next one
    is welcome. ``window`` is in seconds.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_at: int
    window: int


@dataclass(frozen=True, slots=True)
class _Window:
    """The two counters of a sliding window; ``current_left`` includes the window that follows. Seconds."""

    previous: int
    previous_left: float
    current: int
    current_left: float


class _ValkeyDown(Exception):
    """Valkey failed, now or a moment ago."""


def hit(scope: str, key: str, limit: Limit) -> Verdict:
    """Count one request of ``key`` within ``scope`` and return whether it is allowed."""
    item = RateLimitItemPerSecond(limit.amount, limit.window_seconds).key_for(scope, key)
    try:
        allowed, window = _ask_valkey(lambda: _storage().hit(item, limit))
    except _ValkeyDown:
        memory = _memory()
        allowed = memory.acquire_sliding_window_entry(item, limit.amount, limit.window_seconds)
        window = _Window(*memory.get_sliding_window(item, limit.window_seconds))
    return _verdict(allowed, limit, window, now=time.time())


def acquire_slot(scope: str, key: str, *, amount: int, ttl: int) -> str | None:
    """
    Take one of ``amount`` slots that ``key`` has at once, or return None when all are taken.

    The slot lapses after ``ttl`` seconds unless ``renew_slot`` is called: a holder that dies gives it back.
    """
    token = uuid4().hex
    try:
        taken = _ask_valkey(lambda: _script(_ACQUIRE_SLOT)(keys=[_slots(scope, key)], args=[token, amount, ttl]))
    except _ValkeyDown:
        return _local_slots.acquire((scope, key), _LOCAL + token, amount, ttl)
    return token if taken else None


def renew_slot(scope: str, key: str, token: str, *, ttl: int) -> None:
    """Keep a slot for another ``ttl`` seconds, also when Valkey forgot it in the meantime."""
    if token.startswith(_LOCAL):
        _local_slots.renew((scope, key), token, ttl)
        return
    try:
        _ask_valkey(lambda: _script(_RENEW_SLOT)(keys=[_slots(scope, key)], args=[token, ttl]))
    except _ValkeyDown:
        return  # it lapses, and the next renewal brings it back


def release_slot(scope: str, key: str, token: str) -> None:
    """Give a slot back. Never raises: without Valkey it lapses by itself."""
    if token.startswith(_LOCAL):
        _local_slots.release((scope, key), token)
        return
    try:
        _ask_valkey(lambda: valkey.client().zrem(_slots(scope, key), token))
    except _ValkeyDown:
        return


def _verdict(allowed: bool, limit: Limit, window: _Window, *, now: float) -> Verdict:
    used = floor(window.previous * window.previous_left / limit.window_seconds) + window.current
    until_next = max(0.0, window.current_left - limit.window_seconds)
    wait = until_next if allowed else _wait_for_room(limit, window, until_next)
    return Verdict(
        allowed=allowed,
        limit=limit.amount,
        remaining=max(0, limit.amount - used) if allowed else 0,
        reset_at=ceil(now + wait),
        window=limit.window_seconds,
    )


def _wait_for_room(limit: Limit, window: _Window, until_next: float) -> float:
    """Return the seconds until a window that is full has room for one request."""
    room = limit.amount - window.current
    if room <= 0 or not window.previous:
        return until_next
    # The previous window fades evenly; this is when what is left of it leaves room for one more.
    return max(0.0, window.previous_left - room * limit.window_seconds / window.previous)


class _OneTripStorage(RedisStorage):
    """The library's sliding window, counted and read in one round trip instead of two."""

    def hit(self, key: str, limit: Limit) -> tuple[bool, _Window]:
        keys = [self.prefixed_key(self._previous_window_key(key)), self.prefixed_key(self._current_window_key(key))]
        allowed, window = valkey.ask(
            ("EVALSHA", self.lua_acquire_sliding_window.sha, 2, *keys, limit.amount, limit.window_seconds, 1),
            ("EVALSHA", self.lua_sliding_window.sha, 2, *keys, limit.window_seconds),
        )
        # Valkey may be new to one script or both; the library's own calls teach it. What was counted is counted once.
        if isinstance(allowed, NoScriptError):
            allowed = self.acquire_sliding_window_entry(key, limit.amount, limit.window_seconds)
        if isinstance(allowed, RedisError):
            raise allowed
        if isinstance(window, NoScriptError):
            return bool(allowed), _Window(*self.get_sliding_window(key, limit.window_seconds))
        if isinstance(window, RedisError):
            raise window
        previous, previous_left, current, current_left = window
        return bool(allowed), _Window(
            previous=int(previous or 0),
            previous_left=max(0, previous_left) / 1000,
            current=int(current or 0),
            current_left=max(0, current_left) / 1000,
        )


class _LocalSlots:
    """Slots of this process alone, for the time that Valkey is down."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lapses: dict[tuple[str, str], dict[str, float]] = {}

    def acquire(self, owner: tuple[str, str], token: str, amount: int, ttl: int) -> str | None:
        now = time.monotonic()
        with self._lock:
            held = {known: lapse for known, lapse in self._lapses.get(owner, {}).items() if lapse > now}
            self._lapses[owner] = held
            if len(held) >= amount:
                return None
            held[token] = now + ttl
        return token

    def renew(self, owner: tuple[str, str], token: str, ttl: int) -> None:
        with self._lock:
            self._lapses.setdefault(owner, {})[token] = time.monotonic() + ttl

    def release(self, owner: tuple[str, str], token: str) -> None:
        with self._lock:
            held = self._lapses.get(owner, {})
            held.pop(token, None)
            if not held:
                self._lapses.pop(owner, None)


_local_slots = _LocalSlots()
_quiet_until = 0.0


def _ask_valkey(question: Callable[[], T]) -> T:
    """
    Return Valkey's answer.

    :raises _ValkeyDown: when it fails now, or did within the last seconds
    """
    global _quiet_until  # noqa: PLW0603 - one per process, as Valkey is
    now = time.monotonic()
    if now < _quiet_until:
        raise _ValkeyDown
    if _quiet_until:
        _quiet_until = now + PAUSE_SECONDS  # one call finds out; the others go on counting here meanwhile
    try:
        answer = question()
    except (RedisError, OSError) as problem:
        if not _quiet_until:
            log.warning("valkey_down", error=repr(problem), effect="each process counts rate limits for itself")
        _quiet_until = time.monotonic() + PAUSE_SECONDS
        raise _ValkeyDown from problem
    if _quiet_until:
        log.info("valkey_is_back")
        _quiet_until = 0.0
    return answer


def _slots(scope: str, key: str) -> str:
    return f"{_SLOT_PREFIX}:{scope}:{key}"


def _script(source: str) -> Any:
    return _script_for(settings.REDIS_URL, source)


@lru_cache(maxsize=8)
def _script_for(_url: str, source: str) -> Any:
    return valkey.client().register_script(source)


def _storage() -> _OneTripStorage:
    return _storage_for(settings.REDIS_URL)


@lru_cache(maxsize=8)
def _storage_for(url: str) -> _OneTripStorage:
    pool = cast("Any", valkey.client().connection_pool)
    return _OneTripStorage(url, connection_pool=pool, key_prefix=_PREFIX)


@lru_cache(maxsize=1)
def _memory() -> MemoryStorage:
    return MemoryStorage()
