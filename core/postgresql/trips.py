"""
Statements by way of libpq: prepared once on a session, and several of them in one trip to the server.

A cursor of psycopg makes up its mind anew for each statement and waits for the server in steps of its own, which
takes longer than a short statement itself. Here psycopg only writes and reads the values; the rest is libpq's
(``psycopg.pq``). What needs no answer in between travels together: PostgreSQL's documentation, "Pipeline Mode".
"""

import re
import select
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result

_MOST_NAMES: Final = 256
_CANCEL_SECONDS: Final = 1.0
_PLACE: Final = re.compile(r"%(?:\((\w+)\)s|s|%)")
_SEVERITY: Final = pq.DiagnosticField.SEVERITY_NONLOCALIZED
_GOOD: Final = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})

Values = Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement found, and how many rows it found or wrote."""

    rows: list[tuple[Any, ...]]
    count: int

    @property
    def first(self) -> tuple[Any, ...] | None:
        """The first row, None when there is none."""
        return self.rows[0] if self.rows else None


class Trips:
    """What one session of the database is told, trip by trip."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self._libpq = raw.pgconn
        self._news = select.poll()
        self._news.register(self._libpq.socket, select.POLLIN)
        self._room_or_news = select.poll()
        self._room_or_news.register(self._libpq.socket, select.POLLIN | select.POLLOUT)
        self._statements: dict[str, _Statement] = {}
        self._names = 0
        self._waiting: list[_Order] = []

    def execute(self, sql: str, values: Values) -> Answer:
        """
        Execute a statement, after those that wait.

        :raises psycopg.Error: what the server says against it, or against one that waited
        """
        last = self._order(sql, values)
        self._travel(last)
        return last.answer

    def add(self, sql: str, values: Values, otherwise: Callable[[], Exception] | None = None) -> None:
        """Let a statement wait for the next trip. When it then finds and writes no row, ``otherwise()`` is raised."""
        self._waiting.append(self._order(sql, values, otherwise))

    def settle(self) -> None:
        """
        Execute what waits.

        :raises psycopg.Error: what the server says against one of them
        """
        if self._waiting:
            self._travel()

    def commit(self) -> None:
        """
        End the transaction, in one trip with what waits.

        :raises psycopg.Error: what the server says against it; the transaction must be rolled back then
        """
        if self._waiting or self._libpq.transaction_status != pq.TransactionStatus.IDLE:
            self._travel(_Order(partial(self._libpq.send_query_params, b"COMMIT", None)))

    def forget(self) -> None:
        """Drop what waits, and prepare anew: psycopg may let go of all that is prepared when it rolls back."""
        self._waiting = []
        for statement in self._statements.values():
            statement.prepared.clear()

    def _order(self, sql: str, values: Values, otherwise: Callable[[], Exception] | None = None) -> "_Order":
        if self._names >= _MOST_NAMES:
            self._statements.clear()
            self._names = 0
        statement = self._statements.get(sql)
        if statement is None:
            statement = self._statements[sql] = _Statement(self._raw, sql)
        parameters, types, formats = statement.write(values)
        name = statement.names.get(types)
        if name is None:
            name = statement.names[types] = b"checkout_%d" % self._names
            self._names += 1
        if types not in statement.prepared:
            # The server may still have the name, from before a rollback or from a statement that is no longer kept.
            self._waiting.append(_Order(partial(self._libpq.send_close_prepared, name)))
            self._waiting.append(_Order(partial(self._libpq.send_prepare, name, statement.text, types)))
            statement.prepared.add(types)
        return _Order(partial(self._libpq.send_query_prepared, name, parameters, formats), statement, otherwise)

    def _travel(self, *last: "_Order") -> None:
        orders, self._waiting = [*self._waiting, *last], []
        if not self._raw.autocommit and self._libpq.transaction_status == pq.TransactionStatus.IDLE:
            orders.insert(0, _Order(partial(self._libpq.send_query_params, b"BEGIN", None)))
        results = self._exchange(orders)
        for order, result in zip(orders, results, strict=True):
            if result.status not in _GOOD:
                self.forget()
                raise self._problem(result)
            if order.statement is not None:
                order.answer = order.statement.read(result)
        for order in orders:
            if order.otherwise and not order.answer.count:
                raise order.otherwise()

    def _exchange(self, orders: Sequence["_Order"]) -> list[pq.abc.PGresult]:
        """
        Send all orders and return the result of each. What goes wrong on the way ends the session.

        :raises psycopg.Error: when the server hangs up
        """
        try:
            return self._send_and_read(orders)
        except psycopg.Error:
            self._libpq.finish()
            raise
        except BaseException:  # nobody knows what the server has done, and what it would say next
            with suppress(psycopg.Error):
                self._raw.cancel_safe(timeout=_CANCEL_SECONDS)
            self._libpq.finish()
            raise

    def _send_and_read(self, orders: Sequence["_Order"]) -> list[pq.abc.PGresult]:
        if len(orders) == 1:
            orders[0].send()
            self._flush()
            return [self._result()]
        self._libpq.enter_pipeline_mode()
        for order in orders:
            order.send()
        self._libpq.pipeline_sync()
        self._flush()
        results = [self._result() for _ in orders]
        self._next()  # what answers the sync
        self._libpq.exit_pipeline_mode()
        return results

    def _flush(self) -> None:
        while self._libpq.flush():  # the socket takes no more until the server has read, which may wait for us to read
            self._room_or_news.poll()
            self._libpq.consume_input()

    def _result(self) -> pq.abc.PGresult:
        result = self._next()
        if result is None:
            raise psycopg.OperationalError("the server gave no answer")
        if result.status == pq.ExecStatus.FATAL_ERROR and result.error_field(_SEVERITY) != b"ERROR":
            raise self._problem(result)
        self._next()  # None: a statement has one result
        return result

    def _next(self) -> pq.abc.PGresult | None:
        while self._libpq.is_busy():
            self._news.poll()
            try:
                self._libpq.consume_input()
            except psycopg.OperationalError:
                if self._libpq.is_busy():  # else the server has said why it hangs up
                    raise
        return self._libpq.get_result()

    def _problem(self, result: pq.abc.PGresult) -> psycopg.Error:
        if result.error_field(pq.DiagnosticField.SQLSTATE) is None:  # not the server but libpq says so
            return psycopg.OperationalError(result.get_error_message())
        return error_from_result(result, self._raw.info.encoding)


class _Statement:
    """One text on one session, which remembers how its values are written and read."""

    def __init__(self, raw: psycopg.Connection[Any], sql: str) -> None:
        self.text, self._names = _numbered(sql)
        self.names: dict[tuple[int, ...], bytes] = {}  # by the types of the values
        self.prepared: set[tuple[int, ...]] = set()
        self._values = Transformer(raw)

    def write(self, values: Values) -> tuple[Sequence[Buffer | None], tuple[int, ...], Sequence[pq.Format] | None]:
        given = [values[name] for name in self._names] if isinstance(values, Mapping) else values
        parameters = self._values.dump_sequence(given, [PyFormat.AUTO] * len(given))
        return parameters, self._values.types or (), self._values.formats

    def read(self, result: pq.abc.PGresult) -> Answer:
        self._values.set_pgresult(result)
        return Answer(self._values.load_rows(0, result.ntuples, tuple), result.command_tuples or 0)


@dataclass(slots=True, eq=False)
class _Order:
    """How one part of a trip is sent, and what comes back."""

    send: Callable[[], None]
    statement: _Statement | None = None
    otherwise: Callable[[], Exception] | None = None
    answer: Answer = Answer([], 0)


def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a statement with its places as PostgreSQL counts them, and the names of these in their order."""
    names: list[str] = []
    count = 0

    def place(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            count += 1
            return f"${count}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _PLACE.sub(place, sql).encode(), tuple(names)
