"""
How long PostgreSQL works and waits for a session of ours, before it ends that by itself.

Every session ends a transaction in which nothing happens any more, so that a process that hangs cannot
keep its locks. Which programs and routes are held to more is for the installation to say:
config/timelimits.py has the table.
"""

from dataclasses import dataclass, field
from threading import local
from time import monotonic
from typing import Any, Final

import psycopg
from django.db import OperationalError, connection

_TIMEOUTS: Final = (
    psycopg.errors.QueryCanceled,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.IdleInTransactionSessionTimeout,
)
_SET: Final = """
SELECT set_config('statement_timeout', statement, passing), set_config('lock_timeout', lock, passing),
       set_config('idle_in_transaction_session_timeout', idle, passing)
FROM (VALUES (%s, %s, %s, %s)) AS told (statement, lock, idle, passing)
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """After how many seconds a statement, a wait for a lock and an idle transaction are ended; 0: never."""

    statement: float = 0
    lock: float = 0
    idle_in_transaction: float = 300


class TimedOut(OperationalError):
    """A request has used up its time in the database, and begins no other statement."""


@dataclass(slots=True)
class Clock:
    """
    Holds the statements of one request to ``bounds``, and all of them together to the time of one.

    ``connection.execute_wrapper`` takes it. Nothing is said to the database unless its session is held to something
    else, and no session is opened for a request that needs none.
    """

    bounds: Bounds | None = None
    spent: float = field(default=0, init=False)  # seconds
    is_over: bool = field(default=False, init=False)  # said once: what follows gives back what the request held

    def __call__(self, execute: Any, sql: Any, parameters: Any, many: bool, scene: Any) -> Any:
        """
        Execute a statement.

        :raises TimedOut: when those before it have used up the time
        """
        if self.bounds is None:
            return execute(sql, parameters, many, scene)
        if 0 < self.bounds.statement < self.spent and not self.is_over:
            self.is_over = True
            raise TimedOut("The request has used up its time in the database.")
        session = scene["connection"]
        if _session.bounds is not self.bounds or _session.raw is not session.connection:
            _tell(session, self.bounds)
        begun = monotonic()
        try:
            return execute(sql, parameters, many, scene)
        except OperationalError:
            self.is_over = True
            raise
        finally:
            self.spent += monotonic() - begun


@dataclass(slots=True)
class _Process:
    bounds: Bounds = Bounds()


class _Session(local):
    """What the session of this thread is held to; it is told when that changes, not at each request."""

    raw: object = None
    bounds: Bounds | None = None


_process = _Process()
_session = _Session()


def bound_process(bounds: Bounds) -> None:
    """Hold every session that this process opens from now on to ``bounds``."""
    _process.bounds = bounds


def bound_session(bounds: Bounds) -> None:
    """
    Hold the session of this thread to ``bounds`` until it is told otherwise.

    :raises OperationalError: when the database does not answer
    """
    connection.ensure_connection()
    _tell(connection, bounds)


def bound_new_session(connection: Any, **_: Any) -> None:
    """Hold a session that has just been opened to the bounds of the process; for ``connection_created``."""
    _tell(connection, _process.bounds)


def is_timeout(problem: BaseException | None) -> bool:
    """Return whether a statement failed because its time was up, and not because the database is away."""
    return isinstance(problem, TimedOut) or isinstance(getattr(problem, "__cause__", None), _TIMEOUTS)


def _tell(session: Any, bounds: Bounds) -> None:
    if session.connection.info.transaction_status is psycopg.pq.TransactionStatus.INERROR:
        return  # nothing but a rollback is heard there
    values = [bounds.statement, bounds.lock, bounds.idle_in_transaction]
    # What is said within a transaction goes with it when it is rolled back, so it is for that one only.
    is_passing = session.in_atomic_block
    with session.wrap_database_errors:
        # Past Django's cursors: this belongs to the session and not to what is done in it.
        session.connection.execute(_SET, [*(f"{round(seconds * 1000)}ms" for seconds in values), is_passing])
    if not is_passing:
        _session.raw, _session.bounds = session.connection, bounds
