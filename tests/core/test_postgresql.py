"""What our sessions do otherwise than Django's: they notice that the server is away, and keep their cursors."""

import psycopg
import pytest
from django.db import OperationalError, close_old_connections, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from core.postgresql import base
from core.statements import execute

pytestmark = pytest.mark.django_db(transaction=True)

_ID = "SELECT pg_backend_pid() + %s"
_WRONG = "SELECT 1 / %s"


@pytest.fixture
def session():
    """This thread's session, at the beginning of a request soon after another."""
    connection.close()
    execute(_ID, [0])
    close_old_connections()
    yield connections["default"]
    connection.close()


@pytest.fixture
def questions(session, monkeypatch):
    """How often the server is asked whether it is there."""
    asked: list[int] = []
    really = session.is_usable
    monkeypatch.setattr(session, "is_usable", lambda: asked.append(1) or really())
    return asked


def own_id() -> int:
    return execute(_ID, [0]).fetchone()[0]


def end_from_elsewhere(session_id: int) -> None:
    facts = connection.get_connection_params()
    address = {name: facts[name] for name in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**address, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [session_id])


def test_a_session_that_was_used_a_moment_ago_is_not_asked_whether_it_lives(session, questions):
    first = own_id()
    close_old_connections()

    assert own_id() == first
    assert questions == []


def test_a_session_that_was_left_alone_for_some_seconds_is_asked_once_for_a_request(session, questions):
    session._looked_at -= base._TRUSTED_SECONDS
    own_id()
    own_id()
    close_old_connections()
    own_id()

    assert questions == [1]


def test_a_session_that_the_server_ended_between_two_requests_is_replaced(session, questions):
    first = own_id()
    end_from_elsewhere(first)
    close_old_connections()

    assert own_id() != first
    assert questions == [1]


def test_a_session_that_ends_within_a_request_is_an_error_and_the_next_request_has_a_new_one(session):
    first = own_id()
    end_from_elsewhere(first)

    with pytest.raises(OperationalError):
        own_id()

    close_old_connections()
    assert own_id() != first


def test_a_statement_keeps_its_cursor_also_over_a_failure(session):
    cursor = execute(_WRONG, [1])
    assert cursor.fetchone() == (1,)

    with pytest.raises(Exception, match="division by zero"), transaction.atomic():
        execute(_WRONG, [0])

    assert execute(_WRONG, [1]) is cursor
    assert cursor.fetchone() == (1,)


def test_values_of_other_types_are_written_as_what_they_are(session):
    echo = "SELECT %s::text, %s::text"

    assert execute(echo, [1, "x"]).fetchone() == ("1", "x")
    assert execute(echo, ["x", None]).fetchone() == ("x", None)
    assert execute(echo, [True, 10**30]).fetchone() == ("true", "1" + "0" * 30)


def test_not_more_than_so_many_cursors_are_kept(session):
    for number in range(base._MOST_KEPT + 5):
        assert execute(f"SELECT {number} + %s", [1]).fetchone() == (number + 1,)

    assert len(session._kept) <= base._MOST_KEPT
    assert own_id() == own_id()


def test_whoever_counts_statements_sees_them(session):
    with CaptureQueriesContext(connection) as seen:
        own_id()

    assert [each["sql"] for each in seen.captured_queries] == ["SELECT pg_backend_pid() + 0"]
