"""
Once per Idempotency-Key: claim, do the work and store its answer in one transaction, or replay the stored one.

An answer that says "not now" (429, 5xx) is not kept; one that carries a secret is kept encrypted.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.http import HttpResponse

from api.answers import CONTENT_TYPE
from api.errors import InvalidIdempotencyKey
from core import idempotency
from core.idempotency import KeyInUse, KeyTaken, LostClaim, Once, StoredAnswer

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
KEY_PATTERN: Final = r"^[\x21-\x7e]{1,255}$"
_KEY_FORM: Final = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that is to be done once, and what its view says about the work."""

    once: Once
    carries_secret: bool = False
    talks_to_network: bool = False


class _Rejected(Exception):
    """Carries an answer that refuses out of the transaction that it undoes."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


def read_key(value: str) -> str:
    """
    Return the key in a header.

    :raises InvalidIdempotencyKey: when it is too long or has other than visible ASCII characters
    """
    if not _KEY_FORM.fullmatch(value):
        raise InvalidIdempotencyKey(field=HEADER)
    return value


def answer_once(request: Repeatable, work: Callable[[], HttpResponse], *, now: datetime) -> HttpResponse:
    """
    Return the answer of ``work``, or of the first request with the same key.

    ``work`` turns its failures into answers. One that refuses (4xx) undoes what was written, and is kept.

    :raises KeyReused: when the key belongs to another request
    :raises KeyInUse: when the first request with it is still running
    """
    if request.talks_to_network:
        return _claim_then_work(request, work, now=now)
    try:
        with idempotency.keeping():
            answer = _accepted(work())
            _keep(request, answer, now=now)
            return answer
    except KeyTaken:
        return _found_or(None, request, now=now)
    except _Rejected as rejected:
        return _found_or(rejected.answer, request, now=now)


def _found_or(refusal: HttpResponse | None, request: Repeatable, *, now: datetime) -> HttpResponse:
    """
    Return what the first request was answered; when this is the first, its refusal, which is kept.

    What the first one did can be the reason that a second one is refused, so its answer comes before the refusal.
    """
    found = idempotency.stored(request.once, now=now)
    if found is not None:
        return _replay(found)
    if refusal is None:  # the first answer's lifetime ended just now
        raise KeyInUse(retry_after=1)
    if not _is_for_now_only(refusal):
        try:
            with idempotency.keeping():
                _keep(request, refusal, now=now)
        except KeyTaken:
            return _found_or(None, request, now=now)
    return refusal


def _claim_then_work(request: Repeatable, work: Callable[[], HttpResponse], *, now: datetime) -> HttpResponse:
    once = request.once
    claimed = idempotency.claim(scope=once.scope, key=once.key, fingerprint=once.fingerprint, now=now)
    if isinstance(claimed, StoredAnswer):
        return _replay(claimed)
    try:
        answer = work()
    except BaseException:
        idempotency.release(claimed)
        raise
    if _is_for_now_only(answer):
        idempotency.release(claimed)
        return answer
    try:
        with transaction.atomic():
            idempotency.complete(
                claimed, status=answer.status_code, body=answer.content.decode(), is_secret=request.carries_secret
            )
    except LostClaim:
        raise KeyInUse(retry_after=1) from None
    return answer


def _accepted(answer: HttpResponse) -> HttpResponse:
    if answer.status_code >= 400:
        raise _Rejected(answer)
    return answer


def _keep(request: Repeatable, answer: HttpResponse, *, now: datetime) -> None:
    kept = StoredAnswer(answer.status_code, answer.content.decode())
    idempotency.keep(request.once, kept, is_secret=request.carries_secret, now=now)


def _is_for_now_only(answer: HttpResponse) -> bool:
    return answer.status_code == 429 or answer.status_code >= 500


def _replay(stored: StoredAnswer) -> HttpResponse:
    return HttpResponse(
        stored.body.encode(), status=stored.status, content_type=CONTENT_TYPE, headers={REPLAYED: "true"}
    )
