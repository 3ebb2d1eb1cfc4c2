"""What our sessions do otherwise than Django's: they notice that the server is away, and make few trips to it."""

import signal
import time
from contextlib import nullcontext
from decimal import Decimal

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import (
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
    close_old_connections,
    connection,
    connections,
    transaction,
)
from django.test.utils import CaptureQueriesContext

from core.postgresql import base, trips
from core.statements import execute, execute_with_commit, in_one_trip, insert, require
from core.timelimits import is_timeout
from tests.core.protocol import counted_trips

pytestmark = pytest.mark.django_db(transaction=True)

_ID = "SELECT pg_backend_pid() + %s"
_WRONG = "SELECT 1 / %s"
_ADD = "INSERT INTO django_content_type (app_label, model) VALUES ('trips', %s)"
_RENAME = "UPDATE django_content_type SET model = %(new)s WHERE app_label = 'trips' AND model = %(old)s"


class _Missing(Exception):
    """Nothing was found."""


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
    return execute(_ID, [0]).rows[0][0]


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


def names() -> list[str]:
    return sorted(ContentType.objects.filter(app_label="trips").values_list("model", flat=True))


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'checkout%'")
        return cursor.fetchone()[0]


def row(name: str) -> ContentType:
    return ContentType(pk=None, app_label="trips", model=name)


def test_a_statement_is_prepared_once_and_also_works_after_it_failed(session, tmp_path):
    assert execute(_WRONG, [1]).rows == [(1,)]

    with pytest.raises(DataError, match="division by zero"), transaction.atomic():
        execute(_WRONG, [0])

    assert execute(_WRONG, [1]).first == (1,)
    with counted_trips(tmp_path) as made:
        execute(_WRONG, [1])
    assert made == [1]
    assert "Parse" not in (tmp_path / "trace").read_text()


def test_a_statement_that_fails_outside_a_transaction_leaves_the_session_as_it_was(session):
    with pytest.raises(DataError):
        execute(_WRONG, [0])
    for _ in range(2):
        with pytest.raises(ProgrammingError, match='relation "nowhere" does not exist'):
            execute("SELECT 1 FROM nowhere WHERE 1 = %s", [1])

    assert execute(_WRONG, [1]).first == (1,)
    assert connection.connection.pgconn.pipeline_status == 0


def test_values_of_other_types_are_written_as_what_they_are(session):
    echo = "SELECT %s::text, %s::text"

    assert execute(echo, [1, "x"]).first == ("1", "x")
    assert execute(echo, ["x", None]).first == ("x", None)
    assert execute(echo, [True, 10**30]).first == ("true", "1" + "0" * 30)
    assert execute(echo, [Decimal("0.10"), "it's"]).first == ("0.10", "it's")


def test_places_may_have_names_and_a_percent_sign_is_written_twice(session):
    assert execute("SELECT %(a)s::int %% 2, %(b)s::text, %(a)s::int", {"a": 5, "b": "%s", "c": 0}).rows == [
        (1, "%s", 5)
    ]


def test_a_long_statement_is_sent_and_answered_whole(session):
    long = "x" * 20_000_000

    with transaction.atomic():
        assert execute("SELECT length(%s), %s::text", [long, long]).first == (len(long), long)


def test_not_more_than_so_many_statements_are_kept_and_names_are_used_again(session, monkeypatch):
    monkeypatch.setattr(trips, "_MOST_NAMES", 3)
    for number in [*range(8), *range(8)]:
        assert execute(f"SELECT {number} + %s", [1]).first == (number + 1,)

    assert prepared() == 3


def test_a_statement_has_one_name_for_the_types_of_its_values_however_often_it_is_undone(session):
    def give_up(scene):
        with scene:
            execute(_WRONG, [1])
            execute(_WRONG, [10**10])
            raise _Missing

    for number in range(6):
        with transaction.atomic(), pytest.raises(_Missing):
            give_up(transaction.atomic(savepoint=bool(number % 2)))

    assert prepared() == 3  # the fixture's question, and this one with two types


def test_the_first_statement_brings_the_beginning_and_the_last_goes_with_the_commit(session, tmp_path):
    def transact():
        with transaction.atomic():
            execute(_ADD, ["first"])
            with in_one_trip():
                execute_with_commit(_ADD, ["second"])
                insert(row("third"))
                require(_RENAME, {"old": "first", "new": "renamed"}, _Missing)
            execute_with_commit(_ADD, ["last"])

    transact()
    ContentType.objects.all().delete()
    with counted_trips(tmp_path) as made:
        transact()

    assert made == [3]
    assert names() == ["last", "renamed", "second", "third"]


def test_a_statement_alone_goes_with_beginning_and_commit_and_outside_a_transaction_at_once(session, tmp_path):
    execute_with_commit(_ADD, ["prepared"])

    with counted_trips(tmp_path) as at_once:
        execute_with_commit(_ADD, ["at once"])
    with counted_trips(tmp_path) as alone, transaction.atomic():
        execute_with_commit(_ADD, ["alone"])

    assert (at_once, alone) == ([1], [1])
    assert names() == ["alone", "at once", "prepared"]


def test_what_is_missed_is_raised_when_the_trip_ends_and_undoes_the_transaction(session):
    def miss():
        with in_one_trip():
            require(_RENAME, {"old": "nobody", "new": "x"}, _Missing)
            insert(row("with it"))
        raise AssertionError("the block ends with what was missed")

    with pytest.raises(_Missing), transaction.atomic():
        miss()

    assert names() == []
    with pytest.raises(_Missing):
        require(_RENAME, {"old": "nobody", "new": "x"}, _Missing)


def test_what_was_gathered_for_a_trip_that_does_not_take_place_is_not_executed(session):
    def give_up():
        with in_one_trip():
            insert(row("never"))
            raise _Missing

    with transaction.atomic():
        insert(row("before"))
        execute_with_commit(_ADD, ["sent with the next"])
        with pytest.raises(_Missing):
            give_up()
        insert(row("after"))

    assert names() == ["after", "before", "sent with the next"]


def test_a_commit_fails_with_what_goes_with_it(session):
    @transaction.atomic
    def take(name):
        insert(row(f"beside {name}"))
        execute_with_commit(_ADD, ["mine"])

    take("the first")

    with pytest.raises(IntegrityError):
        take("the second")

    assert names() == ["beside the first", "mine"]


def test_what_waits_is_executed_before_whatever_else_is_asked(session):
    with transaction.atomic(), in_one_trip():
        insert(row("waiting"))

        assert names() == ["waiting"]

    with transaction.atomic():
        execute_with_commit(_ADD, ["last"])
        assert execute("SELECT count(*) FROM django_content_type WHERE app_label = %s", ["trips"]).first == (2,)


def test_what_waits_within_a_savepoint_is_undone_with_it(session):
    @transaction.atomic
    def give_up():
        execute_with_commit(_ADD, ["within"])
        raise _Missing

    with transaction.atomic():
        insert(row("before"))
        with pytest.raises(_Missing):
            give_up()
        insert(row("after"))

    assert names() == ["after", "before"]


def test_what_waits_in_a_savepoint_that_is_given_up_cannot_fail_any_more(session):
    @transaction.atomic
    def give_up():
        execute_with_commit(_ADD, ["mine"])
        raise _Missing

    with transaction.atomic():
        insert(row("mine"))
        with pytest.raises(_Missing):
            give_up()
        insert(row("after"))

    assert names() == ["after", "mine"]


def test_a_savepoint_fails_with_what_waits_in_it(session):
    with transaction.atomic():
        insert(row("mine"))
        with pytest.raises(IntegrityError), transaction.atomic():
            execute_with_commit(_ADD, ["mine"])
        insert(row("after"))

    assert names() == ["after", "mine"]


@pytest.mark.parametrize(
    "after",
    [
        "a transaction",
        "a savepoint",
        "CREATE TEMP TABLE passing (id int); DROP TABLE passing",
        "ALTER TABLE django_content_type DISABLE TRIGGER USER",
        "DISCARD ALL",
    ],
)
def test_statements_are_prepared_again_when_psycopg_lets_go_of_all(session, after):
    for _ in range(7):  # so that it has some of its own to let go
        ContentType.objects.filter(app_label="trips").count()
    own_id()

    if after.startswith("a "):
        with transaction.atomic(), pytest.raises(_Missing), transaction.atomic(savepoint=after == "a savepoint"):
            raise _Missing
    else:
        with connection.cursor() as cursor:
            for statement in after.split(";"):
                cursor.execute(statement)

    assert own_id() == connection.connection.info.backend_pid


def test_a_table_may_be_changed_within_a_transaction(session):
    for _ in range(7):
        ContentType.objects.filter(app_label="trips").count()

    with transaction.atomic():
        insert(row("before"))
        with CaptureQueriesContext(connection), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE django_content_type DISABLE TRIGGER USER")
        insert(row("after"))

    assert names() == ["after", "before"]


def test_whoever_stands_between_hears_of_each_statement(session):
    heard: list[str] = []

    def hear(execute, sql, parameters, many, scene):
        heard.append((sql, parameters, many, scene["connection"].alias))
        return execute(sql, parameters, many, scene)

    with connection.execute_wrapper(hear), transaction.atomic():
        own_id()
        execute_with_commit(_ADD, ["last"])

    assert heard == [(_ID, [0], False, "default"), (_ADD, ["last"], False, "default")]


def test_after_a_failure_nothing_is_executed_until_it_is_undone(session):
    with transaction.atomic():
        connection.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            own_id()


def test_a_session_without_prepared_statements_is_told_by_cursors(session, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", None)

    test_what_is_missed_is_raised_when_the_trip_ends_and_undoes_the_transaction(session)
    test_a_commit_fails_with_what_goes_with_it(session)

    assert connections["default"]._trips is None
    assert own_id() == connection.connection.info.backend_pid


def test_whoever_counts_statements_sees_them(session):
    heard: list[str] = []

    def hear(execute, sql, *rest):
        heard.append(sql)
        return execute(sql, *rest)

    with CaptureQueriesContext(connection) as seen, connection.execute_wrapper(hear):
        own_id()

    assert [each["sql"] for each in seen.captured_queries] == ["SELECT pg_backend_pid() + 0"]
    assert heard == [_ID]


def test_a_session_that_ends_while_several_statements_travel_is_replaced(session):
    first = own_id()

    @transaction.atomic
    def lose():
        own_id()
        end_from_elsewhere(first)
        with in_one_trip():
            insert(row("lost"))
            insert(row("too"))

    with pytest.raises(OperationalError):
        lose()

    close_old_connections()
    assert own_id() != first
    assert names() == []


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_transaction_that_the_server_ended_for_its_idleness_is_told_so(session, at_once):
    @transaction.atomic
    def sleep_in():
        execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", ["50ms"])
        time.sleep(0.3)
        with in_one_trip():
            for number in range(at_once):
                insert(row(f"late {number}"))

    with pytest.raises(InternalError, match="idle-in-transaction") as problem:
        sleep_in()

    assert is_timeout(problem.value)
    close_old_connections()
    assert names() == []


@pytest.mark.parametrize("scene", [transaction.atomic, nullcontext])
def test_whoever_is_interrupted_while_the_server_works_leaves_no_answer_to_the_next(session, scene):
    def interrupt(*_):
        raise _Missing

    first, raw = own_id(), connection.connection
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(_Missing), scene():
            execute("SELECT pg_sleep(%s)", [30])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert raw.closed
    close_old_connections()
    assert own_id() != first
    assert execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active'", [first]).first == (0,)
