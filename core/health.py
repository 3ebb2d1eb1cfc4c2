"""Two questions an operator's machinery asks: is the process alive, and can it do its work?"""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from core import valkey


def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process serves requests at all."""
    return JsonResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


def readyz(_request: HttpRequest) -> HttpResponse:
    """
    Answer 200 when the database answers, otherwise 503.

    Without Valkey the service works on, with limits per process and slower news; that is shown.
    """
    checks = {"database": _database_answers(), "valkey": valkey.available()}
    is_ready = checks["database"]
    body = {"status": "ready" if is_ready else "not ready"} | {
        name: "up" if up else "down" for name, up in checks.items()
    }
    return JsonResponse(body, status=200 if is_ready else 503, headers={"Cache-Control": "no-store"})


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
