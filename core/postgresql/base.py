"""Django finds its engines by this module's name."""

import select
from time import monotonic
from typing import Any, Final

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper

_TRUSTED_SECONDS: Final = 5.0
_MOST_KEPT: Final = 128


class DatabaseWrapper(base.DatabaseWrapper):
    """
    A session that is looked at before each request without asking the server, and that keeps cursors.

    Django asks the server before each request whether it is still there (``SELECT 1``). A server that stops
    or is killed hangs up, and that shows on the socket; so it is asked only when the session was left alone
    for some seconds, in which its machine may have died without a word.
    """

    health_check_enabled: bool
    health_check_done: bool

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._looked_at = 0.0  # seconds of the monotonic clock
        self._kept: dict[str, CursorWrapper] = {}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._kept = {}
        self._looked_at = monotonic()
        return super().get_new_connection(conn_params)

    def close_if_health_check_failed(self) -> None:
        if self.health_check_done or not self.health_check_enabled:
            return
        now, before = monotonic(), self._looked_at
        self._looked_at = now
        if now - before < _TRUSTED_SECONDS and self._is_quiet():
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()

    def cursor_for(self, sql: str) -> CursorWrapper:
        """
        Return the session's own cursor for a statement, which remembers how its values are written and read.

        The statement must be the same object each time. What it found stays there until it is executed again.
        """
        if self.queries_logged:  # whoever looks on does so through a new cursor
            return self.cursor()
        self.close_if_health_check_failed()
        self.ensure_connection()
        kept = self._kept.get(sql)
        if kept is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[sql] = self.cursor()
        return kept

    def _is_quiet(self) -> bool:
        """Return whether the server has said nothing since it was last answered; an end of the session is news, too."""
        raw = self.connection
        if raw is None or raw.closed:
            return False
        poll = select.poll()
        poll.register(raw.fileno(), select.POLLIN)
        return not poll.poll(0)
