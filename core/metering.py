"""
What web processes count about the requests they answer.

One process counts in its memory. Several on one machine count in files of a folder that they share
(PROMETHEUS_MULTIPROC_DIR, which Prometheus's own library reads), and whichever of them is asked adds
all up: so it does not matter which one a scrape reaches.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Seconds; the API's own promises lie at the small end, a scan of somebody's export at the large one.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

disable_created_metrics()  # type: ignore[no-untyped-call]
_OWN: Final = CollectorRegistry()
_requests: Final = Counter("checkout_requests", "Requests answered.", ["method", "route", "status"], registry=_OWN)
_seconds: Final = Histogram(
    "checkout_request_seconds", "Time to an answer.", ["method", "route"], buckets=_BUCKETS, registry=_OWN
)
_in_progress: Final = Gauge(
    "checkout_requests_in_progress", "Requests being answered now.", registry=_OWN, multiprocess_mode="livesum"
)
_unknown_keys: Final = Counter(
    "checkout_unknown_keys", "API keys and tokens that nobody has.", ["answer"], registry=_OWN
)
_streams: Final = Gauge(
    "checkout_streams_open", "Event streams that are open.", ["kind"], registry=_OWN, multiprocess_mode="livesum"
)
_streamed: Final = Counter("checkout_stream_events", "Events written into streams.", ["kind"], registry=_OWN)
for _kind in ("invoice", "merchant"):  # told as 0 before there was any
    _streams.labels(_kind)
# One event may be written into thousands of streams: each counts, and does not look for its counter.
_streamed_by: Final = {kind: _streamed.labels(kind) for kind in ("invoice", "merchant")}
for _answer in ("401", "429"):
    _unknown_keys.labels(_answer)


def begin() -> None:
    """Count a request that has come in."""
    _in_progress.inc()


def end(request: HttpRequest, response: HttpResponse | None, *, seconds: float) -> None:
    """Count what became of it; ``response`` is None when the server could not even say that it failed."""
    _in_progress.dec()
    method, route = labels(request)
    _requests.labels(method, route, str(response.status_code if response else 500)).inc()
    _seconds.labels(method, route).observe(seconds)


def note_unknown_key(*, is_refused: bool) -> None:
    """Count an API key or token that nobody has; ``is_refused`` when its caller had tried too many."""
    _unknown_keys.labels("429" if is_refused else "401").inc()


@contextmanager
def open_stream(kind: str) -> Iterator[None]:
    """Count an event stream while it is open."""
    _streams.labels(kind).inc()
    try:
        yield
    finally:
        _streams.labels(kind).dec()


def note_streamed(kind: str, events: int) -> None:
    """Count events that are written into a stream."""
    _streamed_by[kind].inc(events)


def labels(request: HttpRequest) -> tuple[str, str]:
    """Return method and route, and nothing that a client wrote: or anybody could fill the memory with labels."""
    method = request.method if request.method in _METHODS else "other"
    return method or "other", request.resolver_match.route if request.resolver_match else "none"


def exposition() -> bytes:
    """Return what was counted, in the text format of Prometheus."""
    if not settings.METRICS_DIR:
        return generate_latest(_OWN)
    _forget_the_dead(Path(settings.METRICS_DIR))
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody, settings.METRICS_DIR)  # type: ignore[no-untyped-call]
    return generate_latest(everybody)


def _forget_the_dead(folder: Path) -> None:
    """Drop the gauges of processes that have ended: their requests are no longer in progress."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:
            continue
