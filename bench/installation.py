"""A fresh installation on a scratch directory, for one run of a benchmark."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.engines import start_postgres, start_valkey
from config.processes import free_port, spawn, stop

ROOT = Path(__file__).resolve().parent.parent
WORKERS, THREADS = 2, 4


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server answers, and the process at the top of it."""

    port: int
    pid: int


@dataclass(slots=True)
class Installation:
    """Engines of its own, and how to start servers and processes on them."""

    directory: Path
    environment: dict[str, str]
    database_pid: int
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def run(self, *command: str, stdin: str | None = None, **variables: str) -> str:
        """Run a Python command to its end and return what it printed."""
        result = subprocess.run(
            [sys.executable, *command],
            env={**self.environment, **variables},
            cwd=ROOT,
            input=stdin,
            text=True,
            check=False,
            capture_output=True,
        )
        if result.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}")
        return result.stdout

    def set_up_django(self) -> None:
        """Let this process use the installation's database."""
        import django

        os.environ.update(self.environment)
        django.setup()

    def serve(self, application: str) -> Server:
        """Serve a WSGI application as in production."""
        port = free_port()
        granian = [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--no-ws", "--log-level", "warning"),
        ]
        log = self._stack.enter_context((self.directory / f"{application.partition(':')[0]}.log").open("wb"))
        process = spawn([*granian, application], environment=self.environment, log=log)
        self._stack.callback(stop, process, [(signal.SIGTERM, 10)])
        deadline = time.monotonic() + 30
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{application} does not start:\n{Path(log.name).read_text()[-4000:]}")
            time.sleep(0.05)
        return Server(port, process.pid)

    def load(self, *, port: int, requests: list[str], seconds: float, connections: int, warm_up: float = 1.0) -> Any:
        """Send requests from a process of their own and return what it counted."""
        order = {
            "port": port,
            "requests": requests,
            "seconds": seconds,
            "connections": connections,
            "warm_up": warm_up,
        }
        outcome = json.loads(self.run("-m", "bench.client", stdin=json.dumps(order)))
        if outcome["failures"]:
            raise SystemExit(f"{outcome['failures']} requests failed, the first with:\n{outcome['first_failure']}")
        return outcome


@contextlib.contextmanager
def fresh_installation() -> Iterator[Installation]:
    """Start engines on a new directory, migrate, and remove everything afterwards."""
    (ROOT / "var").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    directory.chmod(0o711)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        postgres = start_postgres(directory / "postgres", password="bench")
        stack.callback(postgres.stop)
        valkey = start_valkey(directory / "valkey", password="bench")
        stack.callback(valkey.stop)
        environment = {
            **os.environ,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "VAR_DIR": str(directory),
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "DEMO": "0",
            "RATE_SOURCES": "fixed",
            "LOG_FORMAT": "json",  # as in production
            "PYTHONPATH": str(ROOT),
        }
        installation = Installation(directory, environment, postgres.process.pid)
        stack.enter_context(installation._stack)  # noqa: SLF001 - its servers stop before the engines
        installation.run("-m", "config.prepare")
        yield installation


def cpu_seconds(*pids: int) -> float:
    """Return the processor time that these processes and all below them have used so far."""
    table = _processes()
    return sum(table[pid][1] for pid in _below(table, set(pids)) if pid in table) / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> set[int]:
    """Return the process and all below it."""
    return _below(_processes(), {pid})


def _processes() -> dict[int, tuple[int, int]]:
    """Return the parent of each process, and the processor time in ticks that it and its dead children have used."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            found[int(entry.parent.name)] = (int(fields[1]), sum(map(int, fields[11:15])))  # proc(5)
    return found


def _below(table: dict[int, tuple[int, int]], wanted: set[int]) -> set[int]:
    while more := {pid for pid, (parent, _) in table.items() if parent in wanted} - wanted:
        wanted |= more
    return wanted


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
