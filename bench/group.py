"""A whole installation as `make run` starts it, and the few calls that benchmarks make to it."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from bench.installation import Installation
from config.processes import free_port, spawn, stop

PATIENCE: Final = 30  # seconds until an answer
BLOCK_SECONDS: Final = 3


@contextlib.contextmanager
def running_group(installation: Installation, **variables: str) -> Iterator[int]:
    """Start web, worker and beat, and yield the port where they answer."""
    port = free_port()
    log_path = installation.directory / "run.log"
    environment = {**installation.environment, "PORT": str(port), "SANDBOX_BLOCK_SECONDS": str(BLOCK_SECONDS)}
    with log_path.open("wb") as log:
        group = spawn([sys.executable, "-m", "config.run"], environment=environment | variables, log=log)
        try:
            _wait_until_ready(group, port, log_path)
            yield port
        finally:
            group.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                group.wait(timeout=30)
            stop(group, ())


def sign_up(port: int) -> str:
    """Open an account and return its test key."""
    merchant = {"business_name": "Bench", "contact_email": "bench@example.com"}
    return str(call(port, "POST", "/api/v1/merchants", "", merchant)["test_api_key"])


def call(port: int, method: str, path: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    """Call the API and return the JSON of its answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path} answered {answer.status}:\n{text}")
    return dict(json.loads(text))


def _wait_until_ready(group: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 90
    while b"ready http" not in log.read_bytes():
        if group.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the installation does not start on port {port}:\n{log.read_text()[-4000:]}")
        time.sleep(0.1)
