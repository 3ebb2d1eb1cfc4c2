"""From a transfer on the sandbox chain to the event in a browser's hands, on a running `make run`."""

import json
import random
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from statistics import median
from typing import Any, Final

from bench.figures import Figure, show
from bench.installation import Installation
from config.processes import free_port, spawn, stop

ROUNDS: Final = 6
AT_ONCE: Final = 8
BLOCK_SECONDS: Final = 3
_MOST_SECONDS: Final = 1.0
_PATIENCE: Final = 30


def run(installation: Installation) -> None:
    """Pay invoices at random moments while a stream is open on each, and take the time."""
    port = free_port()
    log_path = installation.directory / "run.log"
    with log_path.open("wb") as log:
        group = spawn(
            [sys.executable, "-m", "config.run"],
            environment={**installation.environment, "PORT": str(port), "SANDBOX_BLOCK_SECONDS": str(BLOCK_SECONDS)},
            log=log,
        )
        try:
            _wait_until_ready(group, port, log_path)
            key = _sign_up(port)
            payments = [payment for _ in range(ROUNDS) for payment in _pay_several(port, key)]
        finally:
            group.terminate()
            stop(group, ())
    seen = [payment.beyond("payment.detected", blocks=1) for payment in payments]
    paid = [payment.beyond("invoice.paid", blocks=2) for payment in payments]
    p95 = sorted(seen)[int(len(seen) * 0.95)]
    show(
        f"Sandbox transfer to server-sent event, {len(payments)} payments, a block every {BLOCK_SECONDS} s",
        [
            Figure("payment.detected, median", f"{median(seen):.2f} s beyond the block interval"),
            Figure(
                "payment.detected, p95",
                f"{p95:.2f} s beyond the block interval",
                f"under {_MOST_SECONDS:g} s",
                p95 < _MOST_SECONDS,
            ),
            Figure("invoice.paid, p95", f"{sorted(paid)[int(len(paid) * 0.95)]:.2f} s beyond two block intervals"),
        ],
    )


class Payment:
    """One invoice with a stream open on it; ``arrivals`` are the moments of its events."""

    def __init__(self, port: int, key: str) -> None:
        order = {"title": "Bench", "items": [{"name": "Thing", "quantity": 1, "unit_price": 10}]}
        self.port = port
        self.key = key
        self.invoice_id = _call(port, "POST", "/api/v1/invoices", key, order)["id"]
        self.sent_at = 0.0
        self.arrivals: dict[str, float] = {}
        self.is_open = threading.Event()

    def follow(self) -> None:
        """Read the stream until the invoice is paid."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        connection.request("GET", f"/api/v1/public/invoice/{self.invoice_id}/events")
        answer = connection.getresponse()
        while "invoice.paid" not in self.arrivals:
            line = answer.readline().decode()
            if not line:
                raise SystemExit(f"the stream of {self.invoice_id} ended early")
            if line.startswith("data:"):
                self.is_open.set()
                name = json.loads(line[5:]).get("event", "")
                self.arrivals.setdefault(name, time.monotonic())
        connection.close()

    def pay(self) -> None:
        """Send what is due; the moment counts from the answer, when the transfer is on the chain's mempool."""
        _call(self.port, "POST", "/api/v1/sandbox/transfers", self.key, {"invoice": self.invoice_id})
        self.sent_at = time.monotonic()

    def beyond(self, event: str, *, blocks: int) -> float:
        """Return how many seconds after the transfer the event came, less the time the chain itself takes."""
        return self.arrivals[event] - self.sent_at - blocks * BLOCK_SECONDS


def _pay_several(port: int, key: str) -> list[Payment]:
    payments = [Payment(port, key) for _ in range(AT_ONCE)]
    followers = [threading.Thread(target=payment.follow) for payment in payments]
    for follower in followers:
        follower.start()
    for payment in payments:
        if not payment.is_open.wait(_PATIENCE):
            raise SystemExit(f"no event came on the stream of {payment.invoice_id}")
        time.sleep(random.random() * 2 * BLOCK_SECONDS / AT_ONCE)
        payment.pay()
    for follower in followers:
        follower.join(_PATIENCE)
    return payments


def _wait_until_ready(group: "subprocess.Popen[bytes]", port: int, log: Any) -> None:
    deadline = time.monotonic() + 90
    while b"ready http" not in log.read_bytes():
        if group.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the installation does not start on port {port}:\n{log.read_text()[-4000:]}")
        time.sleep(0.1)


def _sign_up(port: int) -> str:
    merchant = {"business_name": "Bench", "contact_email": "bench@example.com"}
    return str(_call(port, "POST", "/api/v1/merchants", "", merchant)["test_api_key"])


def _call(port: int, method: str, path: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path} answered {answer.status}:\n{text}")
    return dict(json.loads(text))
