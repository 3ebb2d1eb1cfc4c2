import threading

import pytest
import redis
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


def test_several_questions_are_one_trip_and_a_refusal_is_an_answer(valkey):
    answers = shared.ask(("SET", "greeting", "hello"), ("EVALSHA", "0" * 40, 0), ("GET", "greeting"))

    assert (answers[0], answers[2]) == (b"OK", b"hello")
    assert isinstance(answers[1], redis.ResponseError)
    assert shared.ask_one("GET", "greeting") == b"hello"
    with pytest.raises(redis.ResponseError):
        shared.ask_one("EVALSHA", "0" * 40, 0)


def test_a_connection_that_the_server_dropped_is_replaced_at_once(valkey):
    (number,) = shared.ask(("CLIENT", "ID"))
    valkey.client_kill_filter(_id=number)

    assert shared.ask(("PING",)) == [b"PONG"]
    assert shared.ask(("CLIENT", "ID")) != [number]


def test_each_thread_asks_over_a_connection_of_its_own(valkey):
    numbers = shared.ask(("CLIENT", "ID"))
    other = threading.Thread(target=lambda: numbers.extend(shared.ask(("CLIENT", "ID"))))

    other.start()
    other.join()

    assert len(set(numbers)) == 2
    assert shared.ask(("CLIENT", "ID")) == numbers[:1]


def test_an_answer_that_comes_too_late_is_never_taken_for_the_next_one(valkey):
    shared.ask(("PING",))
    (number,) = shared.ask(("CLIENT", "ID"))
    valkey.client_pause(timeout=int(shared.TIMEOUT_SECONDS * 1000) + 500)

    with pytest.raises(redis.TimeoutError):
        shared.ask(("SET", "late", "x"))

    valkey.client_unpause()
    assert shared.ask(("CLIENT", "ID")) != [number]


def test_a_server_that_is_away_is_an_error(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    with pytest.raises(redis.ConnectionError):
        shared.ask(("PING",))
