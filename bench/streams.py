"""Thousands of open event streams on one process: what each costs in memory, and how soon one event reaches all."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.figures import Figure, show
from bench.installation import ROOT, Installation, cpu_seconds
from config.processes import free_port, spawn, stop

STREAMS: Final = int(os.environ.get("STREAMS", "5000"))
EVENTS: Final = 15
_MOST_KB: Final = 60
_MOST_MS: Final = 300
_AT_ONCE: Final = 32  # streams that wait for their first event
_WARM_UP: Final = 50  # streams opened before the memory is looked at: what the first one imports is not each one's
_WORD: Final = "payment.detected"


def run(installation: Installation) -> None:
    """Open them on the stream of one invoice, then on that of one merchant, and have things happen."""
    installation.environment.update(STREAMS_PER_INVOICE="100000", STREAMS_PER_MERCHANT="100000", OTEL_SDK_DISABLED="1")
    installation.set_up_django()
    from bench.tenants import add_invoices, new_keys, new_merchant
    from invoices.models import Invoice

    merchant = new_merchant("Bench")
    add_invoices(merchant, 1)
    key = new_keys(merchant, 1)[0]
    invoice = Invoice.objects.get(merchant=merchant)
    for name, path in (
        ("pay page", f"/api/v1/public/invoice/{invoice.public_id}/events"),
        ("merchant's programs", "/api/v1/events/stream"),
    ):
        with _server(installation) as (port, pid), _listeners(installation, port) as tell:
            _measure(name, _request(path, key), invoice, tell, pid)


def _measure(name: str, request: str, invoice: Any, tell: Any, pid: int) -> None:
    tell({"open": _WARM_UP, "requests": [request], "at_once": _AT_ONCE})
    _happen(invoice, 0)
    tell({"await": _WORD})
    before = _memory_kb(pid)
    opened = tell({"open": STREAMS - _WARM_UP, "requests": [request], "at_once": _AT_ONCE})
    each = (_memory_kb(pid) - before) / (STREAMS - _WARM_UP)
    rounds = [_round(invoice, number, tell, pid) for number in range(1, EVENTS + 1)]
    milliseconds = {part: sorted(each[part] for each in rounds) for part in rounds[0]}
    after = (_memory_kb(pid) - before) / (STREAMS - _WARM_UP)
    last = median(milliseconds["last"])
    show(
        f"Event streams of a {name}, {STREAMS:,} open in one process, {EVENTS} events to all of them",
        [
            Figure("memory of each (PSS)", f"{each:.1f} kB", f"under {_MOST_KB} kB", each < _MOST_KB),
            Figure("the same after the events", f"{after:.1f} kB", f"under {_MOST_KB} kB", after < _MOST_KB),
            Figure("from commit to the first", f"{median(milliseconds['first']):.0f} ms (median)"),
            Figure("to the middle", f"{median(milliseconds['middle']):.0f} ms (median)"),
            Figure("to the last", f"{last:.0f} ms (median)", f"under {_MOST_MS} ms", last < _MOST_MS),
            Figure("to the last, worst", f"{milliseconds['last'][-1]:.0f} ms"),
            Figure("processor time of the server", f"{median(milliseconds['server']):.0f} ms an event"),
            Figure("of the client", f"{median(milliseconds['client']):.0f} ms an event"),
            Figure("opened", f"{(STREAMS - _WARM_UP) / opened['seconds']:.0f} a second"),
        ],
    )


def _round(invoice: Any, number: int, tell: Any, pid: int) -> dict[str, float]:
    used = cpu_seconds(pid)
    begun = _happen(invoice, number)
    told = tell({"await": _WORD})
    time.sleep(0.3)
    return {
        **{part: (told[part] - begun) / 1_000_000 for part in ("first", "middle", "last")},
        "server": (cpu_seconds(pid) - used) * 1000,
        "client": told["used"] * 1000,
    }


def _happen(invoice: Any, number: int) -> int:
    """Let something happen to the invoice; return when it was committed, in nanoseconds of the monotonic clock."""
    from django.db import transaction

    from events.outbox import dispatch, emit
    from invoices.events import about

    payment = {"id": f"pay_{number}", "txid": f"{number:064x}", "amount": 1, "status": "detected", "confirmations": 0}
    with transaction.atomic():
        emit(about(invoice, _WORD, payment=payment))
    committed = time.monotonic_ns()
    dispatch()  # as a worker does, which is told to by the commit
    return committed


def _request(path: str, key: str) -> str:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer {key}\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
        "Accept-Language: en-GB,en;q=0.5\r\nCache-Control: no-cache\r\n\r\n"
    )


@contextlib.contextmanager
def _server(installation: Installation) -> Iterator[tuple[int, int]]:
    """Start the server of event streams as deploy/program.sh does."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the server gets them from us
    port = free_port()
    environment = {**installation.environment, "STREAMS_PORT": str(port), "API_BASE_URL": f"http://127.0.0.1:{port}"}
    log_path = installation.directory / "streams.log"
    with log_path.open("wb") as log:
        process = spawn(["sh", ROOT / "deploy" / "program.sh", "streams"], environment=environment, log=log)
        try:
            deadline = time.monotonic() + 60
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the streams do not start:\n{log_path.read_text()[-4000:]}")
                time.sleep(0.1)
            yield port, process.pid
        finally:
            stop(process, [(signal.SIGTERM, 15)])


@contextlib.contextmanager
def _listeners(installation: Installation, port: int) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.listeners", str(port)],
        cwd=ROOT,
        env=installation.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    entrance, exit_ = process.stdin, process.stdout

    def tell(order: dict[str, Any]) -> dict[str, Any]:
        entrance.write(json.dumps(order) + "\n")
        entrance.flush()
        line = exit_.readline()
        if not line:
            raise SystemExit("the listeners ended")
        return dict(json.loads(line))

    try:
        yield tell
    finally:
        process.kill()
        process.wait()


def _memory_kb(pid: int) -> int:
    """Return the process's proportional set size, in kB of 1,000 bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 // 1000
    raise SystemExit("the kernel tells no memory")


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
