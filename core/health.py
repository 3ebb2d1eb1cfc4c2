"""Two questions an operator's machinery asks: is the process alive, and can it do its work?"""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from core import valkey

_KEPT_SECONDS: Final = 5  # anybody may ask, and the answer costs a dozen queries
_KEY: Final = "health:problems"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that somebody should look at: the part of the installation, and what is wrong, in words."""

    part: str
    problem: str


def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process serves requests at all."""
    return JsonResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


def readyz(_request: HttpRequest) -> HttpResponse:
    """
    Answer 200 when requests can be served here, otherwise 503; and say what is wrong.

    Served they can be while the database answers and has the tables of this version. Without Valkey,
    worker, nodes or prices the service works on as far as it can: that is ``degraded``, and said.
    """
    fatal = list(_fatal())
    problems = fatal or list(_others())
    status = "not ready" if fatal else "degraded" if problems else "ready"
    body = {"status": status, "problems": [asdict(problem) for problem in problems]}
    return JsonResponse(body, status=503 if fatal else 200, headers={"Cache-Control": "no-store"})


def _fatal() -> Iterator[Problem]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _has_all_tables():
            yield Problem("migrations", "Not all migrations of this version have been applied: manage.py migrate.")
            _has_all_tables.cache_clear()  # they may be, the next time
    except DatabaseError:
        yield Problem("database", "PostgreSQL does not answer.")


@lru_cache(maxsize=1)
def _has_all_tables() -> bool:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _others() -> Iterator[Problem]:
    is_there = valkey.available()
    if not is_there:
        yield Problem("valkey", "Valkey does not answer: limits hold in each process alone, news comes later.")
    found = None
    with contextlib.suppress(RedisError):
        found = cache.get(_KEY) if is_there else None
    if found is None:
        found = _ask_all()
        with contextlib.suppress(RedisError):
            if is_there:
                cache.set(_KEY, found, _KEPT_SECONDS)
    yield from (Problem(part, problem) for part, problem in found)


def _ask_all() -> list[Any]:
    now = timezone.now()
    return [
        (part, problem) for part, check in settings.HEALTH_CHECKS.items() for problem in import_string(check)(now=now)
    ]
