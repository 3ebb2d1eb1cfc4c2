"""A gateway that says what it is told to: real sockets, answers from a list."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any


@dataclass
class Scripted:
    """``answers`` are given in order, ``asked`` is what came: method, path, headers, body."""

    url: str = ""
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def says(self, status: int, body: Any, **headers: str) -> "Scripted":
        """Answer the next request that has no answer yet; a body of None hangs up."""
        self.answers.append((status, body, {name.replace("_", "-"): value for name, value in headers.items()}))
        return self


@contextmanager
def scripted() -> Iterator[Scripted]:
    """Yield a gateway on a free port."""
    gateway = Scripted()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            gateway.asked.append((self.command, self.path, dict(self.headers), content))
            status, body, headers = gateway.answers.pop(0)
            if body is None:
                self.close_connection = True
                return
            said = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": len(said), **headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    gateway.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Receiver:
    """A shop's program that is sent webhooks and says 200 to all of them."""

    url: str
    came: "Queue[tuple[dict[str, str], bytes]]"

    def next(self) -> tuple[dict[str, str], bytes]:
        """Return headers and body of the next one, waiting for it."""
        return self.came.get(timeout=30)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Yield a receiver on a free port."""
    came: Queue[tuple[dict[str, str], bytes]] = Queue()

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield Receiver(f"http://127.0.0.1:{server.server_address[1]}/webhooks", came)
    finally:
        server.shutdown()
        server.server_close()
