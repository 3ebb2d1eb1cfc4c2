"""The merchant's server for webhooks: fails at random, and remembers what it accepted."""

import hashlib
import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from tests.faults.chaos.node import Server

MOST_FAILURES: Final = 2  # of one message: the pauses before a third attempt would be longer than the test


class Receiver:
    """``accepted`` counts by message how often it was answered with 200; ``bodies`` keeps what each said."""

    def __init__(self, seed: int, share: float, most_failures: int = MOST_FAILURES) -> None:
        self.dice = random.Random(seed)
        self.share = share
        self.most_failures = most_failures
        self.is_out = False
        self.failures: dict[str, int] = {}
        self.accepted: dict[str, int] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.changed: set[str] = set()
        self.requests = 0
        self._digests: dict[str, str] = {}
        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", 0), _answer_for(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, name: str, body: bytes) -> str:
        """Note a message and return how to answer: "" well, or the mishap."""
        with self._lock:
            self.requests += 1
            digest = hashlib.sha256(body).hexdigest()
            if self._digests.setdefault(name, digest) != digest:
                self.changed.add(name)
            if self._fails(name):
                self.failures[name] = self.failures.get(name, 0) + 1
                mishap = self.dice.choice(["hang up", "error", "busy", "late error", "accepts and hangs up"])
            else:
                mishap = ""
            if mishap in {"", "accepts and hangs up"}:
                self.accepted[name] = self.accepted.get(name, 0) + 1
                self.told[name] = json.loads(body)
            return mishap

    def _fails(self, name: str) -> bool:
        if self.failures.get(name, 0) >= self.most_failures:
            return False
        return self.is_out or self.dice.random() < self.share


def _answer_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            mishap = receiver.take(self.headers["webhook-id"], body)
            if mishap.endswith("hangs up") or mishap == "hang up":
                self.close_connection = True
                return
            if mishap.startswith("late"):
                time.sleep(receiver.dice.uniform(0.5, 2))
            self.send_response({"": 200, "busy": 429}.get(mishap, 500))
            if mishap == "busy":
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Answer
