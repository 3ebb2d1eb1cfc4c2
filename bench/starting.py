"""How long a web process takes until it answers its first request, and the memory it has taken by then."""

import http.client
import signal
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.figures import Figure, show
from bench.installation import Installation, cpu_seconds, family
from config.processes import free_port, spawn, stop

STARTS: Final = 7
_MOST_SECONDS: Final = 2.0
_MOST_MB: Final = 150
_PATIENCE: Final = 60


def run(installation: Installation) -> None:
    """Start the web server of production with one process, again and again, and ask it for what everybody asks."""
    installation.set_up_django()
    from bench.tenants import add_invoices, new_keys, new_merchant
    from invoices.models import Invoice

    merchant = new_merchant("Bench")
    add_invoices(merchant, 100)
    key = new_keys(merchant, 1)[0]
    invoice = Invoice.objects.filter(merchant=merchant).latest("created_at")
    paths = {"API": "/api/v1/invoices", "pay page": f"/invoice/{invoice.public_id}", "API again": "/api/v1/invoices"}
    _start(installation, paths, key)  # writes bytecode, and has the files read once
    starts = [_start(installation, paths, key) for _ in range(STARTS)]
    middle = {name: median(start[name] for start in starts) for name in starts[0]}
    memory = middle["memory"]
    show(
        f"Start of a web process (granian with one worker), {STARTS} starts, medians",
        [
            Figure(
                "from the command to the first answer of the API",
                f"{middle['API']:.2f} s",
                f"under {_MOST_SECONDS:g} s",
                middle["API"] < _MOST_SECONDS,
            ),
            Figure("processor time for that", f"{middle['processor']:.2f} s"),
            Figure("memory after it (RSS)", f"{memory:.0f} MB", f"under {_MOST_MB} MB", memory < _MOST_MB),
            Figure("then the first pay page", f"{middle['pay page'] * 1000:.0f} ms"),
            Figure("memory after that (RSS)", f"{middle['memory with pages']:.0f} MB"),
            Figure("then the API again", f"{middle['API again'] * 1000:.0f} ms"),
        ],
    )


def _start(installation: Installation, paths: dict[str, str], key: str) -> dict[str, float]:
    port = free_port()
    environment = {**installation.environment, "WEB_PORT": str(port), "WEB_WORKERS": "1"}
    begun = time.monotonic()
    with (installation.directory / "starting.log").open("wb") as log:
        process = spawn([sys.executable, "-m", "config.serve"], environment=environment, log=log)
        try:
            told: dict[str, float] = {}
            for name, path in paths.items():
                asked = time.monotonic() if told else begun
                _get(port, path, key)
                told[name] = time.monotonic() - asked
                if name == "API":
                    told |= {"processor": cpu_seconds(process.pid), "memory": _memory(process.pid)}
            return {**told, "memory with pages": _memory(process.pid)}
        finally:
            stop(process, [(signal.SIGTERM, 10)])


def _get(port: int, path: str, key: str) -> None:
    """Ask until somebody listens."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            answer: Any = connection.getresponse()
            body = answer.read()
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
            continue
        finally:
            connection.close()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}\n{body.decode()[:2000]}")
        return


def _memory(pid: int) -> float:
    """Return the memory of the process that answers, the largest one below ``pid``, in MB of 1,000,000 bytes."""
    return max(_resident_kib(each) for each in family(pid)) * 1024 / 1_000_000


def _resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
