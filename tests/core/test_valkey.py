from django.db import connection

from core import valkey as shared


def test_the_session_has_a_real_postgresql(db):
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")

        assert cursor.fetchone()[0].startswith("18")


def test_the_session_has_a_real_valkey(valkey):
    valkey.set("greeting", "hello")

    assert valkey.get("greeting") == b"hello"
    assert shared.available() is True


def test_a_wake_up_call_that_cannot_leave_is_lost_without_an_error(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert shared.publish("events", "news") is False
    assert shared.available() is False
