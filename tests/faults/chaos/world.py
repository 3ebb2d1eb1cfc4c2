"""The installation: engines behind ports that stay, `make run` on them, and a second worker as on another machine."""

import contextlib
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from bench.group import running_group
from bench.installation import ROOT, Installation
from config.engines import Engine, start_postgres, start_valkey
from config.processes import spawn, stop
from tests.faults.chaos.node import CHAIN_ID
from tests.faults.relay import Relay

PROGRAMS: Final = {"web": "config.web", "worker": " worker ", "beat": " beat "}
_PASSWORD: Final = "chaos"
_CLOCK_FOLDER: Final = Path(__file__).parent / "clock"


class World:
    """Everything that can fail."""

    def __init__(self, directory: Path, *, nodes: list[int], receiver: str) -> None:
        self.directory = directory
        self.group_pid = 0
        self.port = 0
        self.second: subprocess.Popen[bytes] | None = None
        self._start_engines()
        self.clocks = [_Clock(directory / f"clock{number}") for number in range(2)]
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
            "DATABASE_URL": _through(self.to_database, self.database.url),
            "REDIS_URL": _through(self.to_cache, self.cache.url),
            "VAR_DIR": str(directory / "var"),
            "DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "PYTHONPATH": os.pathsep.join([str(_CLOCK_FOLDER), str(ROOT)]),
            "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
            "SANDBOX_BLOCK_SECONDS": "1",
            "RATE_SOURCES": "fixed",
            "API_RATE_LIMITS": "invoice_create=1000000,sandbox=1000000,status=1000000",
            "ETHEREUM_RPC_URL": ",".join(f"http://127.0.0.1:{port}" for port in nodes),
            "ETHEREUM_CHAIN_ID": str(CHAIN_ID),
            "ETHEREUM_CONFIRMATIONS": "2,3,4",
            "ETHEREUM_SCAN_SECONDS": "1",
        }
        (directory / "var").mkdir()
        installation = self.installation
        installation.run("-m", "config.prepare")
        keys = json.loads(installation.run("-m", "tests.faults.chaos.prepare", receiver).splitlines()[-1])
        self.keys = {True: keys["live"], False: keys["test"]}

    @property
    def installation(self) -> Installation:
        return Installation(self.directory / "var", self.environment, self.database.process.pid)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run web, worker and beat, and a second worker whose clock is its own."""
        clock = {"CHAOS_CLOCK": str(self.clocks[0].path)}
        with running_group(self.installation, **clock, SANDBOX_BLOCK_SECONDS="1") as port:
            self.port = port
            self.group_pid = _group_on(port)
            self.start_second()
            try:
                yield
            finally:
                if self.second is not None:
                    stop(self.second, ())

    def start_second(self) -> None:
        """Start the second worker; its log goes to a device that is always full."""
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "worker", "--pool", "threads"]
        command += ["--concurrency", "4", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        environment = {**self.environment, "CHAOS_CLOCK": str(self.clocks[1].path), "PORT": str(self.port)}
        with Path("/dev/full").open("wb") as full:
            self.second = spawn(command, environment=environment, log=full)

    def pids(self, program: str) -> list[int]:
        """Return the processes of a program of the group."""
        return [pid for pid, parent, line in _processes() if parent == self.group_pid and PROGRAMS[program] in line]

    def database_pids(self) -> list[int]:
        """Return the server's process and all that it started."""
        top = self.database.process.pid
        return [top, *(pid for pid, parent, _ in _processes() if parent == top)]

    def kill_database(self, sign: signal.Signals) -> None:
        self.to_database.cut()
        self.database.process.send_signal(sign)
        self.database.process.wait(30)

    def start_database(self) -> None:
        self.database = start_postgres(self.directory / "postgres", password=_PASSWORD)
        self.to_database.target = urlsplit(self.database.url).port

    def kill_cache(self) -> None:
        self.to_cache.cut()
        self.cache.process.kill()
        self.cache.process.wait(10)

    def start_cache(self) -> None:
        self.cache = start_valkey(self.directory / "valkey", password=_PASSWORD)
        self.to_cache.target = urlsplit(self.cache.url).port

    def fill_disk(self, *, is_full: bool) -> None:
        """Let no file of the programs grow any more: what they log, and the mails they write, is refused."""
        for pid in [self.group_pid, *(pid for program in PROGRAMS for pid in self.pids(program))]:
            with contextlib.suppress(ProcessLookupError):
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if is_full else hard, hard))

    def close(self) -> None:
        for relay in (self.to_database, self.to_cache):
            relay.close()
        self.cache.stop()
        self.database.stop()

    def _start_engines(self) -> None:
        for folder in (self.directory, *list(self.directory.parents)[:3]):
            with contextlib.suppress(PermissionError):
                folder.chmod(folder.stat().st_mode | 0o011)  # PostgreSQL may run as another user inside
        self.database: Engine = start_postgres(self.directory / "postgres", password=_PASSWORD)
        self.cache: Engine = start_valkey(self.directory / "valkey", password=_PASSWORD)
        self.to_database = Relay(urlsplit(self.database.url).port or 0)
        self.to_cache = Relay(urlsplit(self.cache.url).port or 0)


class _Clock:
    """Seconds by which the clock of some processes is off; they read it through shared memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.step(0)

    def step(self, seconds: float) -> None:
        # In place: the processes keep the page of this file.
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("d", seconds))


def send(pids: list[int], sign: signal.Signals) -> None:
    """Send a signal to processes of ours that may have ended meanwhile."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)


def _processes() -> list[tuple[int, int, str]]:
    """Return every process as its number, its parent's, and its command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found.append((int(entry.name), parent, command))
    return found


def _group_on(port: int) -> int:
    """Return the process of ours that runs the group which serves on ``port``."""
    for pid, parent, command in _processes():
        if parent == os.getpid() and "config.run" in command:
            with contextlib.suppress(OSError):
                if f"PORT={port}".encode() in (Path("/proc") / str(pid) / "environ").read_bytes().split(b"\0"):
                    return pid
    raise LookupError(f"nobody of ours serves on port {port}")


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Return whether ``is_so()`` became true in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def _through(relay: Relay, url: str) -> str:
    parts = urlsplit(url)
    account = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{relay.port}"))
