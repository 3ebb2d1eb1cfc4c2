"""A merchant's server: a real HTTP server on the loopback that remembers what it was sent."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """``status`` and ``headers`` are its next answers; ``before`` runs while a request is being served."""

    status: int = 200
    text: str = "thanks"
    headers: dict[str, str] = field(default_factory=dict)
    held: dict[str, threading.Event] = field(default_factory=dict)  # path → when its requests are answered
    before: Callable[[], None] = lambda: None
    requests: list[Received] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/webhook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


def serve(receiver: Receiver) -> ThreadingHTTPServer:
    """Start serving for ``receiver`` in a thread; the caller shuts it down."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append(Received(self.path, dict(self.headers), body, time.monotonic()))
            receiver.before()
            if self.path in receiver.held:
                receiver.held[self.path].wait(30)
            answer = receiver.text.encode()
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    return server
