"""Django finds its engines by this module's name."""

import re
import select
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, Final

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

from core.postgresql.trips import Answer, Trips, Values

_TRUSTED_SECONDS: Final = 5.0
_LETS_GO: Final = re.compile("DROP|ALTER|ROLLBACK|DISCARD ALL|DEALLOCATE ALL")


class _Watched:
    """
    A cursor that hears when psycopg lets go of what the session has prepared.

    It does so after statements that may have changed a table: ``psycopg._preparing.PrepareManager``.
    """

    db: "DatabaseWrapper"
    cursor: Any

    def _execute(self, sql: Any, params: Any, *rest: Any) -> Any:
        found = super()._execute(sql, params, *rest)  # type: ignore[misc]  # not in the stubs
        if _LETS_GO.match(self.cursor.statusmessage or ""):
            self.db.forget()
        return found


class _Cursor(_Watched, CursorWrapper):
    pass


class _DebugCursor(_Watched, CursorDebugWrapper):
    pass


class DatabaseWrapper(base.DatabaseWrapper):
    """
    A session that is looked at before each request without asking the server, and that makes few trips to it.

    Django asks the server before each request whether it is still there (``SELECT 1``). A server that stops
    or is killed hangs up, and that shows on the socket; so it is asked only when the session was left alone
    for some seconds, in which its machine may have died without a word.
    """

    health_check_enabled: bool
    health_check_done: bool

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_gathering = False
        self._looked_at = 0.0  # seconds of the monotonic clock
        self._trips: Trips | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._looked_at = monotonic()
        raw = super().get_new_connection(conn_params)
        # Whoever switches prepared statements off has something between us and the server that cannot keep them.
        self._trips = None if raw.prepare_threshold is None else Trips(raw)
        return raw

    def close_if_health_check_failed(self) -> None:
        if self.health_check_done or not self.health_check_enabled:
            return
        now, before = monotonic(), self._looked_at
        self._looked_at = now
        if now - before < _TRUSTED_SECONDS and self._is_quiet():
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()

    def carry(
        self, sql: str, values: Values, *, later: bool = False, otherwise: Callable[[], Exception] | None = None
    ) -> Answer:
        """
        Execute a statement and return its answer; when it finds and writes no row, raise ``otherwise()``.

        ``later``: nobody waits for the answer, so in a transaction it goes with the next trip; nothing is returned.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.validate_no_broken_transaction()
        run: Callable[..., Answer] = partial(self._carry, later=later and self.in_atomic_block, otherwise=otherwise)
        for wrapper in reversed(self.execute_wrappers):
            run = partial(wrapper, run)
        return run(sql, values, False, {"connection": self, "cursor": None})

    def settle(self) -> None:
        """
        Execute what waits for a trip.

        :raises DatabaseError: when one of them fails
        """
        if self._trips is not None:
            with self.wrap_database_errors:
                self._trips.settle()

    def forget(self) -> None:
        """Drop what waits for a trip, and what was prepared."""
        if self._trips is not None:
            self._trips.forget()

    def _carry(self, sql: str, values: Values, *_: Any, later: bool, otherwise: Any) -> Answer:
        if self._trips is None or self.queries_logged:  # whoever looks on does so through a cursor
            answer = self._carry_by_cursor(sql, values)
        else:
            with self.wrap_database_errors:
                if later:
                    self._trips.add(sql, values, otherwise)
                    return Answer([], 0)
                answer = self._trips.execute(sql, values)
        if otherwise and not answer.count:
            raise otherwise()
        return answer

    def _carry_by_cursor(self, sql: str, values: Values) -> Answer:
        with self._cursor() as cursor:
            wrappers, self.execute_wrappers = self.execute_wrappers, []  # they have been here
            try:
                cursor.execute(sql, values)
            finally:
                self.execute_wrappers = wrappers
            return Answer(cursor.fetchall() if cursor.description else [], cursor.rowcount)

    def _cursor(self, name: str | None = None) -> Any:
        self.settle()
        return super()._cursor(name)  # type: ignore[misc]  # not in the stubs

    def make_cursor(self, cursor: Any) -> Any:
        return _Cursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> Any:
        return _DebugCursor(cursor, self)

    def _commit(self) -> None:
        if self._trips is None or self.queries_logged:
            self.settle()
            super()._commit()  # type: ignore[misc]  # not in the stubs
        else:
            with self.wrap_database_errors:
                self._trips.commit()

    def _rollback(self) -> None:
        self.forget()
        super()._rollback()  # type: ignore[misc]  # not in the stubs

    def _savepoint_rollback(self, sid: str) -> None:
        self.forget()  # what waits was said after the savepoint, which itself waits for nothing
        super()._savepoint_rollback(sid)  # type: ignore[misc]  # not in the stubs

    def _is_quiet(self) -> bool:
        """Return whether the server has said nothing since it was last answered; an end of the session is news, too."""
        raw = self.connection
        if raw is None or raw.closed:
            return False
        poll = select.poll()
        poll.register(raw.fileno(), select.POLLIN)
        return not poll.poll(0)
