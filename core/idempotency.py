"""Do a request once, however often it is sent.

Work that is one transaction, ``keeping()``, ends with ``keep``, which stores the answer: either both are
there or neither. Of two that do it at once one waits there, is told that the key is taken, undoes its work
and finds the other's answer.

Work that talks to a network cannot be undone, so it has two phases. ``claim`` commits at once and on
its own: from then on a second request with the key is told to wait, or gets the stored answer.
``complete`` stores the answer. Between the two the owner holds a lease; if it dies, the lease lapses
and a retry takes over with a new token, which shuts the old owner out.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import DataError, connection, transaction

from core import secrets
from core.errors import Conflict
from core.models import IdempotencyKey
from core.statements import execute, execute_with_commit

MAX_KEY_LENGTH: Final = 255
LEASE: Final = timedelta(seconds=60)
LIFETIME: Final = timedelta(hours=24)
_ATTEMPTS: Final = 5  # a row may vanish between two statements, but hardly again and again
_PRUNE_BATCH: Final = 5000

# Does not wait for the disk: the log is written in order, so work that survives a crash has its claim
# before it, and a claim that is lost has no work behind it.
# Takes a key that is new, has expired, or whose owner let the lease lapse without an answer.
_CLAIM: Final = """
    INSERT INTO core_idempotencykey AS held
        (scope, key, fingerprint, token, locked_until, status_code, body, is_encrypted, created_at, expires_at)
    VALUES
        (%(scope)s, %(key)s, %(fingerprint)s, %(token)s, %(locked_until)s, NULL, NULL, false, %(now)s, %(expires_at)s)
    ON CONFLICT (scope, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, token = excluded.token, locked_until = excluded.locked_until,
        status_code = NULL, body = NULL, is_encrypted = false,
        created_at = excluded.created_at, expires_at = excluded.expires_at
    WHERE held.expires_at <= %(now)s
       OR (held.status_code IS NULL AND held.locked_until <= %(now)s AND held.fingerprint = excluded.fingerprint)
    RETURNING id, set_config('synchronous_commit', 'off', true)
"""
# Waits for whoever is just writing the key, as every unique index does. Replaces what ``_CLAIM`` would take over.
# The answer of another request is not replaced but makes the statement fail, and with it the commit that it goes with.
_KEEP: Final = """
    INSERT INTO core_idempotencykey AS held
        (scope, key, fingerprint, token, locked_until, status_code, body, is_encrypted, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (scope, key) DO UPDATE SET
        token = CASE WHEN held.expires_at <= excluded.created_at
                       OR (held.status_code IS NULL AND held.locked_until <= excluded.created_at
                           AND held.fingerprint = excluded.fingerprint)
                     THEN excluded.token ELSE (held.key || ' is taken')::uuid END,
        fingerprint = excluded.fingerprint, locked_until = excluded.locked_until,
        status_code = excluded.status_code, body = excluded.body, is_encrypted = excluded.is_encrypted,
        created_at = excluded.created_at, expires_at = excluded.expires_at
"""
_CLAIM_WITHIN: Final = """
    INSERT INTO core_idempotencykey
        (scope, key, fingerprint, token, locked_until, status_code, body, is_encrypted, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, NULL, NULL, false, %s, %s)
    ON CONFLICT (scope, key) DO NOTHING RETURNING id
"""
_COMPLETE: Final = """
    UPDATE core_idempotencykey SET status_code = %s, body = %s, is_encrypted = %s
    WHERE id = %s AND token = %s AND status_code IS NULL
"""
_RELEASE: Final = "DELETE FROM core_idempotencykey WHERE id = %s AND token = %s AND status_code IS NULL"
_PRUNE: Final = """
    DELETE FROM core_idempotencykey WHERE id IN
        (SELECT id FROM core_idempotencykey WHERE expires_at <= %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


class KeyReused(Conflict):
    """The key came before, with another method, path or body."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key has been used with another request."
    suggestions = ("Use a new key for a new request", "Repeat the first request unchanged to get its answer again")


class KeyInUse(Conflict):
    """The first request with this key is still running; ask again in ``retry_after`` seconds."""

    code = "IDEMPOTENCY_KEY_IN_USE"
    message = "The first request with this Idempotency-Key is still running."

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(suggestions=(f"Send it again in {retry_after} s",))


class KeyTaken(Exception):
    """Another request with the key was first: the work of this one has been undone."""


class LostClaim(Exception):
    """The lease lapsed and another request took over: the work of this one must be rolled back."""


@dataclass(frozen=True, slots=True)
class Once:
    """What is to be done once: a key within a scope, and what makes two requests with it the same one."""

    scope: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of one key, until the lease lapses."""

    row_id: int
    token: UUID


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first request with the key was answered."""

    status: int
    body: str


def fingerprint(*, method: str, path: str, body: bytes) -> str:
    """Return what two requests must have in common to be one: method, path with query, body."""
    head = f"{method.upper()} {path}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


def stored(once: Once, *, now: datetime) -> StoredAnswer | None:
    """
    Return what the first request with the key was answered, or None when there was none within the lifetime.

    :raises KeyReused: when the key belongs to another request
    :raises KeyInUse: when the first request with it is still running
    """
    held = IdempotencyKey.objects.filter(scope=once.scope, key=once.key, expires_at__gt=now).first()
    return None if held is None else _answer_of(held, fingerprint=once.fingerprint, now=now)


@contextmanager
def keeping() -> Iterator[None]:
    """
    Open the transaction of work whose answer is kept.

    :raises KeyTaken: when another request with the key was first; the work has been undone then
    """
    try:
        with transaction.atomic():
            yield
    except DataError as problem:
        if " is taken" in str(problem):
            raise KeyTaken("another request with this key was first") from None
        raise


def keep(once: Once, answer: StoredAnswer, *, is_secret: bool = False, now: datetime) -> None:
    """
    Store the answer as the last thing in ``keeping()``, with the commit; one that ``is_secret`` is encrypted.

    The commit waits while another request with the key is storing its own.

    :raises RuntimeError: outside a transaction, where a crash would part work and answer
    """
    if not connection.in_atomic_block:
        raise RuntimeError("keep() belongs in the transaction of the work")
    body = secrets.encrypt(answer.body) if is_secret else answer.body
    held = [once.scope, once.key, once.fingerprint, uuid4(), now]
    execute_with_commit(_KEEP, [*held, answer.status, body, is_secret, now, now + LIFETIME])


def claim(*, scope: str, key: str, fingerprint: str, now: datetime) -> Claim | StoredAnswer:
    """
    Take ``key`` within ``scope``, or return the answer it already has. Call it outside any transaction.

    :raises KeyReused: when the key belongs to another request
    :raises KeyInUse: when the first request with it is still running
    """
    token = uuid4()
    row: dict[str, Any] = {
        "scope": scope,
        "key": key,
        "fingerprint": fingerprint,
        "token": token,
        "locked_until": now + LEASE,
        "now": now,
        "expires_at": now + LIFETIME,
    }
    for _ in range(_ATTEMPTS):
        taken = execute(_CLAIM, row).first
        if taken is not None:
            return Claim(row_id=taken[0], token=token)
        held = IdempotencyKey.objects.filter(scope=scope, key=key).first()
        if held is not None:
            return _answer_of(held, fingerprint=fingerprint, now=now)
    raise KeyInUse(retry_after=1)


def claim_within(*, scope: str, key: str, fingerprint: str, now: datetime) -> Claim | StoredAnswer:
    """
    Take ``key`` in the transaction of the work, or return the answer it already has.

    A second request waits until the first is done, so nobody is told to ask again; when the first failed,
    the second does the work. For short work only: a connection is held meanwhile.

    :raises KeyReused: when the key belongs to another request
    :raises RuntimeError: outside a transaction
    """
    if not connection.in_atomic_block:
        raise RuntimeError("claim_within() belongs in the transaction of the work")
    token = uuid4()
    row: list[Any] = [scope, key, fingerprint, token, now + LEASE, now, now + LIFETIME]
    taken = execute(_CLAIM_WITHIN, row).first
    if taken is not None:
        return Claim(row_id=taken[0], token=token)
    return _answer_of(IdempotencyKey.objects.get(scope=scope, key=key), fingerprint=fingerprint, now=now)


def complete(claimed: Claim, *, status: int, body: str, is_secret: bool = False) -> None:
    """
    Store the answer in the transaction of the work; an answer that ``is_secret`` is encrypted.

    :raises LostClaim: when another request took over; let it roll the transaction back
    :raises RuntimeError: outside a transaction, where a crash would part work and answer
    """
    if not connection.in_atomic_block:
        raise RuntimeError("complete() belongs in the transaction of the work")
    stored = secrets.encrypt(body) if is_secret else body
    if not _changed(_COMPLETE, [status, stored, is_secret, claimed.row_id, claimed.token]):
        raise LostClaim("another request took this key over")


def release(claimed: Claim) -> None:
    """Forget the key: nothing was done, and the next request with it starts afresh."""
    _changed(_RELEASE, [claimed.row_id, claimed.token])


def prune(*, now: datetime) -> int:
    """Delete keys older than their lifetime and return how many."""
    total = 0
    while deleted := _changed(_PRUNE, [now, _PRUNE_BATCH]):
        total += deleted
    return total


def _answer_of(held: IdempotencyKey, *, fingerprint: str, now: datetime) -> StoredAnswer:
    if held.fingerprint != fingerprint:
        raise KeyReused(field="Idempotency-Key")
    if held.status_code is None or held.body is None:
        # Wait as long again as it has taken so far: short for a short request, and soon enough for a stuck one.
        seconds = min(now - held.created_at, held.locked_until - now).total_seconds()
        raise KeyInUse(retry_after=max(1, ceil(seconds)))
    return StoredAnswer(status=held.status_code, body=secrets.decrypt(held.body) if held.is_encrypted else held.body)


def _changed(statement: str, values: list[Any]) -> int:
    return execute(statement, values).count
