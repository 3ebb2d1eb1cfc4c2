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
from core.idempotency import Claim, LostClaim, StoredAnswer

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
KEY_PATTERN: Final = r"^[\x21-\x7e]{1,255}$"
_KEY_FORM: Final = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is to be done once: whose it is, its key, and what makes it the same request."""

    scope: str
    key: str
    fingerprint: str
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


def answer_once(once: Once, work: Callable[[], HttpResponse], *, now: datetime) -> HttpResponse:
    """
    Return the answer of ``work``, or of the first request with the same key.

    ``work`` turns its failures into answers. One that refuses (4xx) undoes what was written, and is kept.

    :raises KeyReused: when the key belongs to another request
    :raises KeyInUse: when the first request with it is still running
    """
    claimed = idempotency.claim(scope=once.scope, key=once.key, fingerprint=once.fingerprint, now=now)
    if isinstance(claimed, StoredAnswer):
        return _replay(claimed)
    try:
        answer = work() if once.talks_to_network else _work_in_transaction(once, claimed, work)
    except LostClaim:
        raise idempotency.KeyInUse(retry_after=1) from None
    except BaseException:
        idempotency.release(claimed)
        raise
    if _is_for_now_only(answer):
        idempotency.release(claimed)
    elif once.talks_to_network or answer.status_code >= 400:
        _store(once, claimed, answer)
    return answer


def _work_in_transaction(once: Once, claimed: Claim, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Do the work; keep a good answer with it, or undo everything."""
    try:
        with transaction.atomic():
            answer = _accepted(work())
            _complete(once, claimed, answer)
            return answer
    except _Rejected as rejected:
        return rejected.answer


def _accepted(answer: HttpResponse) -> HttpResponse:
    if answer.status_code >= 400:
        raise _Rejected(answer)
    return answer


def _store(once: Once, claimed: Claim, answer: HttpResponse) -> None:
    with transaction.atomic():
        _complete(once, claimed, answer)


def _complete(once: Once, claimed: Claim, answer: HttpResponse) -> None:
    body = answer.content.decode()
    idempotency.complete(claimed, status=answer.status_code, body=body, is_secret=once.carries_secret)


def _is_for_now_only(answer: HttpResponse) -> bool:
    return answer.status_code == 429 or answer.status_code >= 500


def _replay(stored: StoredAnswer) -> HttpResponse:
    return HttpResponse(
        stored.body.encode(), status=stored.status, content_type=CONTENT_TYPE, headers={REPLAYED: "true"}
    )
