"""From a transfer on the sandbox chain to the event in a browser's hands, on a running `make run`."""

import json
import random
import threading
import time
from http.client import HTTPConnection
from statistics import median
from typing import Final

from bench.figures import Figure, show
from bench.group import BLOCK_SECONDS, PATIENCE, call, running_group, sign_up
from bench.installation import Installation

ROUNDS: Final = 6
AT_ONCE: Final = 8
_MOST_SECONDS: Final = 1.0


def run(installation: Installation) -> None:
    """Pay invoices at random moments while a stream is open on each, and take the time."""
    with running_group(installation) as port:
        key = sign_up(port)
        payments = [payment for _ in range(ROUNDS) for payment in _pay_several(port, key)]
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
        self.invoice_id = call(port, "POST", "/api/v1/invoices", key, order)["id"]
        self.sent_at = 0.0
        self.arrivals: dict[str, float] = {}
        self.is_open = threading.Event()

    def follow(self) -> None:
        """Read the stream until the invoice is paid."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
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
        call(self.port, "POST", "/api/v1/sandbox/transfers", self.key, {"invoice": self.invoice_id})
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
        if not payment.is_open.wait(PATIENCE):
            raise SystemExit(f"no event came on the stream of {payment.invoice_id}")
        time.sleep(random.random() * 2 * BLOCK_SECONDS / AT_ONCE)
        payment.pay()
    for follower in followers:
        follower.join(PATIENCE)
    return payments
