"""
Traces for whoever runs the installation: what became of one request, through the log, to the shop's server.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT names a collector; off it costs one comparison. On, spans go
there as OTLP over HTTP in JSON (opentelemetry-proto 1.x, "JSON Protobuf Encoding"), from a thread of
their own: a collector that is slow or away costs spans, never a request.

The parts of a trace find each other by what an event keeps anyway: its ``trace_id`` names the trace, its
``request_id`` the span of the request. So no span has to be stored, and none has to be open.

Below the span that is open in a thread stand the statements that it sends to the database. A task of a worker is
a trace of its own, as one look serves many requests; what it does within the trace of a request names it as a link.
"""

import atexit
import hashlib
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from queue import Empty, Full, Queue
from typing import Any, Final

import structlog
from django.conf import settings

_log = structlog.get_logger(__name__)

_HEX: Final = re.compile(r"(?:trace_)?([0-9a-f]{32})")
_WAITING: Final = 10_000  # spans; what comes beyond is dropped
_BATCH: Final = 512
_GATHERING_SECONDS: Final = 1.0
_TIMEOUT_SECONDS: Final = 5.0
_LAST_SECONDS: Final = 2.0  # for what is left when the process ends
_SILENT_SECONDS: Final = 60.0  # between two complaints
_FAILED: Final = 2  # STATUS_CODE_ERROR


# What Django's ORM and our own statements begin with: the first table tells most of them apart.
_VERB: Final = re.compile(r"\s*(?:WITH\b.*?\)\s*)?([A-Z]+)", re.DOTALL)
_TABLE: Final = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:ONLY\s+)?\"?([a-z_][a-z0-9_]*)\"?")


class Kind(IntEnum):
    """``SpanKind`` of opentelemetry-proto."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    CONSUMER = 5


@dataclass(slots=True)
class Span:
    """One step of a trace. Attributes hold no path, query or body: there are tokens in some."""

    name: str
    kind: Kind
    trace_id: str
    parent_id: str = ""
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))
    attributes: dict[str, str | int] = field(default_factory=dict)
    has_failed: bool = False
    links: list[tuple[str, str]] = field(default_factory=list)  # trace and span of what belongs to it elsewhere
    started_ns: int = 0
    ended_ns: int = 0

    @property
    def traceparent(self) -> str:
        """The header that lets the next one continue the trace (W3C Trace Context)."""
        return f"00-{self.trace_id}-{self.span_id}-01"


_open: ContextVar[Span | None] = ContextVar("span", default=None)


def is_on() -> bool:
    """Return whether there is a collector."""
    return bool(settings.TRACES_ENDPOINT)


def trace_of(text: str) -> str:
    """Return the trace that a ``trace_id`` of ours stands for: the caller's own, or one that follows from it."""
    found = _HEX.fullmatch(text)
    return found[1] if found else hashlib.sha256(text.encode()).hexdigest()[:32]


def span_of(key: str) -> str:
    """Return the id of the span of something that has a name of its own; "" for nothing."""
    return hashlib.sha256(key.encode()).hexdigest()[:16] if key else ""


def begin(name: str, *, kind: Kind, trace_id: str, parent_id: str = "", span_id: str = "") -> Span | None:
    """Return a span to be recorded; None when nobody wants it. All parts of a trace decide alike."""
    if not is_on() or int(trace_id[16:], 16) >= settings.TRACES_RATIO * 2**64:
        return None
    return Span(name, kind, trace_id, parent_id, span_id or secrets.token_hex(8))


@contextmanager
def recorded(span: Span | None) -> Iterator[Span | None]:
    """Time what happens within, and send the span to the collector."""
    if span is None:
        yield None
        return
    above = _open.get()
    if above is not None and above.trace_id != span.trace_id:
        span.links.append((above.trace_id, above.span_id))
    token = _open.set(span)
    span.started_ns = time.time_ns()
    try:
        yield span
    except Exception:
        span.has_failed = True
        raise
    finally:
        span.ended_ns = time.time_ns()
        _open.reset(token)
        _exporter(os.getpid(), settings.TRACES_ENDPOINT).put(span)


def watch_statements(connection: Any, **_: Any) -> None:
    """Have a new connection record its statements below whatever span is open; for ``connection_created``."""
    if is_on() and _statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_statement)


def _statement(execute: Any, sql: Any, parameters: Any, many: bool, scene: Any) -> Any:
    above = _open.get()
    if above is None:
        return execute(sql, parameters, many, scene)
    verb, table = _named(str(sql))
    span = Span(f"{verb} {table}".strip(), Kind.CLIENT, above.trace_id, above.span_id)
    span.attributes |= {"db.system.name": "postgresql", "db.operation.name": verb}
    if table:
        span.attributes["db.collection.name"] = table
    with recorded(span):
        return execute(sql, parameters, many, scene)


@lru_cache(maxsize=2048)
def _named(sql: str) -> tuple[str, str]:
    """Return what a statement does and to which table first; nothing of its values."""
    verb, table = _VERB.match(sql), _TABLE.search(sql)
    return verb[1] if verb else "STATEMENT", table[1] if table else ""


def flush(seconds: float = _LAST_SECONDS) -> bool:
    """Wait until what was recorded has been sent; return whether it has."""
    return _exporter(os.getpid(), settings.TRACES_ENDPOINT).wait(seconds) if is_on() else True


class _Exporter:
    """A queue and the thread that empties it, of one process."""

    def __init__(self, endpoint: str) -> None:
        import urllib3  # costs time, and where traces are off nobody needs it here

        self._url = f"{endpoint}/v1/traces"
        self._spans: Queue[Span] = Queue(_WAITING)
        self._http = urllib3.PoolManager(timeout=_TIMEOUT_SECONDS, retries=False)
        self._complained_at = -_SILENT_SECONDS
        threading.Thread(target=self._run, daemon=True, name="traces").start()
        atexit.register(self.wait, _LAST_SECONDS)

    def put(self, span: Span) -> None:
        try:
            self._spans.put_nowait(span)
        except Full:
            self._complain("too many wait")

    def wait(self, seconds: float) -> bool:
        with self._spans.all_tasks_done:
            return self._spans.all_tasks_done.wait_for(lambda: not self._spans.unfinished_tasks, timeout=seconds)

    def _run(self) -> None:
        while True:
            batch = [self._spans.get()]
            deadline = time.monotonic() + _GATHERING_SECONDS
            while len(batch) < _BATCH and (left := deadline - time.monotonic()) > 0:
                try:
                    batch.append(self._spans.get(timeout=left))
                except Empty:
                    break
            self._send(batch)
            for _ in batch:
                self._spans.task_done()

    def _send(self, batch: Sequence[Span]) -> None:
        headers = {"Content-Type": "application/json"}
        headers |= dict(pair.split("=", 1) for pair in settings.TRACES_HEADERS if "=" in pair)
        from urllib3.exceptions import HTTPError

        try:
            answer = self._http.request("POST", self._url, body=json.dumps(_message(batch)), headers=headers)
        except (HTTPError, OSError) as failure:
            self._complain(type(failure).__name__)
        else:
            if answer.status >= 300:
                self._complain(f"the collector answered {answer.status}")

    def _complain(self, reason: str) -> None:
        if time.monotonic() - self._complained_at >= _SILENT_SECONDS:
            self._complained_at = time.monotonic()
            _log.warning("traces_not_sent", reason=reason)


@lru_cache(maxsize=4)
def _exporter(_pid: int, endpoint: str) -> _Exporter:
    # By process: a thread does not survive a fork.
    return _Exporter(endpoint)


def _message(batch: Sequence[Span]) -> dict[str, Any]:
    resource = {"attributes": [_attribute("service.name", settings.TRACES_SERVICE)]}
    spans = [_written(span) for span in batch]
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "checkout"}, "spans": spans}]}]}


def _written(span: Span) -> dict[str, Any]:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        **({"parentSpanId": span.parent_id} if span.parent_id else {}),
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.started_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "attributes": [_attribute(name, value) for name, value in span.attributes.items()],
        **({"links": [{"traceId": trace, "spanId": key} for trace, key in span.links]} if span.links else {}),
        "status": {"code": _FAILED} if span.has_failed else {},
    }


def _attribute(name: str, value: str | int) -> dict[str, Any]:
    # 64-bit integers are texts in the JSON form of Protobuf.
    return {"key": name, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
