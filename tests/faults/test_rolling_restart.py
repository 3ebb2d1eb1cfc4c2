"""The web server is told to begin anew (a new version, new settings) while requests come in: it refuses nobody."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException

from bench.group import call
from bench.installation import ROOT, fresh_installation
from config.processes import free_port, spawn, stop

CLIENTS = 4
PATIENCE = 60
ORDER = {"title": "Restart", "items": [{"name": "Thing", "quantity": 1, "unit_price": 10}], "crypto_currency": "USDT"}


class Visitors:
    """Each opens a connection a request, as those do who have not been here; every second request sells something."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key
        self.is_open = True
        self.outcomes: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._visit, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def leave(self) -> None:
        self.is_open = False
        for thread in self._threads:
            thread.join(PATIENCE)

    def _visit(self) -> None:
        while self.is_open:
            try:
                call(self.port, "POST", "/api/v1/invoices", self.key, ORDER)
                self.outcomes["sold"] += 1
                connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
                connection.request("GET", "/healthz")
                self.outcomes[str(connection.getresponse().status)] += 1
                connection.close()
            except (OSError, HTTPException, SystemExit) as failure:
                self.outcomes[f"refused: {failure!r}"] += 1


def workers_of(pid: int) -> set[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return {int(line) for line in found.stdout.split()}


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError, HTTPException):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    return False


def test_a_restart_under_load_refuses_nobody(tmp_path):
    with fresh_installation() as installation:
        port = free_port()
        environment = {
            **installation.environment,
            "WEB_PORT": str(port),
            "WEB_START_SECONDS": "3",
            "API_RATE_LIMITS": "invoice_create=1000000,list=1000000",
        }
        log = (tmp_path / "web.log").open("wb")
        server = spawn([ROOT / "deploy" / "program.sh", "web"], environment=environment, log=log)
        try:
            wait_until(lambda: server.poll() is not None or answers(port), "the server does not answer")
            merchant = {"business_name": "Bench", "contact_email": "bench@example.com"}
            key = call(port, "POST", "/api/v1/merchants", "", merchant)["test_api_key"]
            before = workers_of(server.pid)
            visitors = Visitors(port, key)
            wait_until(lambda: visitors.outcomes["sold"] > 20, "nothing is sold")

            os.kill(server.pid, signal.SIGHUP)

            wait_until(
                lambda: len(workers_of(server.pid) - before) == 2 and not workers_of(server.pid) & before,
                "the old workers stay",
            )
            sold = visitors.outcomes["sold"]
            wait_until(lambda: visitors.outcomes["sold"] > sold + 20, "nothing is sold by the new workers")
            visitors.leave()
        finally:
            stop(server, [(signal.SIGTERM, 20)])

    assert set(visitors.outcomes) == {"sold", "200"}, visitors.outcomes
