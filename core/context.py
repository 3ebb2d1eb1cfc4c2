"""Who is calling and in which request: set once at a door, read by logs, events and audit.

A context variable, so that a service need not hand it through every call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Caller:
    """
    The cause of whatever happens now.

    ``actor`` reads ``api_key:sk_live_***123``, ``user:<id>``, ``customer`` or ``system``.
    """

    actor: str = "system"
    ip_address: str = ""
    user_agent: str = ""
    request_id: str = ""
    trace_id: str = ""


_NOBODY: Final = Caller()
_current: ContextVar[Caller] = ContextVar("caller", default=_NOBODY)


def current() -> Caller:
    """Return the caller of the running request or task."""
    return _current.get()


@contextmanager
def caller(**changes: Any) -> Iterator[Caller]:
    """Change some of the caller's facts within a block."""
    token = _current.set(replace(_current.get(), **changes))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def set_actor(actor: str) -> None:
    """Name the actor once authentication knows it; lasts to the end of the enclosing block."""
    _current.set(replace(_current.get(), actor=actor))
