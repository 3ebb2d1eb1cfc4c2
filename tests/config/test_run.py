"""`make run` without make: the real group of processes, on a directory of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from config import env
from config.processes import free_port

READY_SECONDS = 90


class Installation:
    """One installation that can be started and stopped; ``output`` is what its last start printed."""

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.process = None
        self.log = directory.parent / "run.log"

    def start(self, **variables):
        ours = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.run"],
                cwd=env.ROOT,
                env={**environment, "VAR_DIR": str(self.directory), "PORT": str(self.port), **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    @property
    def output(self):
        return self.log.read_text()

    def until_ready(self):
        """Wait for the line that says so; return it with what follows, and the seconds it took."""
        started = time.monotonic()
        while time.monotonic() - started < READY_SECONDS:
            found = re.search(rf"^ready http://127\.0\.0\.1:{self.port}\n(?:  .+\n)+", self.output, re.MULTILINE)
            if found:
                return found[0], time.monotonic() - started
            assert self.process.poll() is None, self.output
            time.sleep(0.05)
        raise AssertionError(self.output)

    def processes(self):
        """Return the command lines that belong to this installation, by VAR_DIR in argument or environment."""
        mine = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if int(entry.name) != os.getpid() and str(self.directory).encode() in words:
                mine.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return mine

    def until_gone(self):
        deadline = time.monotonic() + 60
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.processes()

    def end(self, sign):
        self.process.send_signal(sign)
        return self.process.wait(timeout=60)


@pytest.fixture
def installation(tmp_path):
    installation = Installation(tmp_path / "var")
    yield installation
    if installation.process is not None and installation.process.poll() is None:
        installation.process.kill()
        installation.process.wait()
        installation.until_gone()


def get(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.status, reply.read().decode()


@pytest.mark.long
def test_a_start_a_kill_a_second_start_with_the_same_data_and_an_orderly_end(installation):
    said, _ = installation.start().until_ready()
    invoice = re.search(r"http://\S+/invoice/inv_\w+", said)[0]
    assert get(f"http://127.0.0.1:{installation.port}/readyz")[0] == 200
    assert get(invoice)[0] == 200
    kinds = " ".join(installation.processes())
    assert all(word in kinds for word in ("bin/postgres", "config.web", " worker ", " beat "))

    installation.end(signal.SIGKILL)
    assert installation.until_gone() == []

    said_again, seconds = installation.start().until_ready()
    assert said_again == said
    assert seconds < 30  # under 10 on a quiet machine; this one may be running other tests beside
    assert installation.end(signal.SIGINT) == 0
    assert installation.until_gone() == []
    assert not (installation.directory / "engines.json").exists()


def test_a_second_run_on_the_same_directory_is_refused(installation, tmp_path):
    installation.directory.mkdir()
    with (installation.directory / "run.lock").open("w") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)

        assert installation.start().process.wait(timeout=60) == 1

    assert "Another `make run` works in " in installation.output


def test_a_port_in_use_is_named(installation):
    with socket.create_server(("127.0.0.1", installation.port)):
        assert installation.start().process.wait(timeout=60) == 1

    assert f"Port {installation.port} is in use." in installation.output
    assert not (installation.directory / "postgres").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "http"), ("PORT", "70000"), ("HOST", "everywhere"), ("DEMO", "maybe")]
)
def test_a_wrong_variable_is_named_before_anything_starts(installation, name, value):
    assert installation.start(**{name: value}).process.wait(timeout=60) == 1

    assert f"{name} is '{value}'. It must be " in installation.output
    assert "Traceback" not in installation.output
    assert not installation.directory.exists()


def test_a_wrong_variable_of_the_settings_is_named_too(installation):
    assert installation.start(RATE_SOURCES="guess").process.wait(timeout=60) == 1

    assert "RATE_SOURCES is 'guess'. It must be " in installation.output
    assert "Traceback" not in installation.output
    assert installation.until_gone() == []
