"""What the machinery around the service is told: alive, ready, and what is wrong."""

from datetime import timedelta

from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from core import health
from events.models import Event
from payments.models import Cursor
from tests.operations.rows import make_rows


def test_the_process_is_alive_without_a_database(client):
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "alive"})


def test_ready_when_everything_answers(client, db, valkey):
    now = timezone.now()
    Cursor.objects.create(network="sandbox", height=1, hash="1", tip_height=1, scanned_at=now)

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "ready", "problems": []}


def test_degraded_without_valkey_and_says_so(client, db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert [problem["part"] for problem in response.json()["problems"]] == ["valkey", "chains"]


def test_not_ready_without_the_tables_of_this_version(client, db, valkey):
    MigrationRecorder.Migration.objects.filter(app="webhooks").order_by("-id").first().delete()
    health._has_all_tables.cache_clear()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["status"] == "not ready"
    assert [problem["part"] for problem in response.json()["problems"]] == ["migrations"]


def test_not_ready_without_a_database(client, db, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OperationalError("connection refused: postgres://user:password@db")

    with monkeypatch.context() as away:
        away.setattr(connection, "cursor", refuse)
        response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "problems": [{"part": "database", "problem": "PostgreSQL does not answer."}],
    }


def test_says_what_waits_for_a_worker(client, db, valkey, settings):
    hours_ago = timezone.now() - timedelta(hours=2)
    Event.objects.create(type="webhook.test", livemode=False, data={}, created_at=hours_ago)
    make_rows(hours_ago)
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    settings.RATE_SOURCES = ["coinbase"]

    answer = client.get("/readyz").json()

    said = {(problem["part"], problem["problem"]) for problem in answer["problems"]}
    assert answer["status"] == "degraded"
    assert {part for part, _ in said} == {"events", "webhooks", "rates", "chains"}
    assert ("chains", "Ethereum: never read.") in said
    assert ("rates", "ETH has no price.") in said
    assert any(text.startswith("A webhook has been due for 720") for _, text in said)
