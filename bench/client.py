"""
A load generator that costs little: one process, raw sockets, answers only counted.

Reads one JSON object from stdin: ``port``, ``seconds``, ``warm_up``, ``connections`` and
``requests``, complete HTTP/1.1 requests that are sent in turn. ``TOKEN`` in them is replaced by a
text of the same length that is never the same twice. Prints one JSON object.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

TOKEN = "~" * 32
_CHUNKED_END = b"\r\n0\r\n\r\n"


@dataclass(slots=True)
class Connection:
    """One keep-alive connection with one request at a time on it."""

    socket: socket.socket
    answer: bytearray = field(default_factory=bytearray)
    sent_at: float = 0.0

    def send(self, request: bytes) -> None:
        self.answer.clear()
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come; return whether the answer is complete."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed a connection")
        self.answer += part
        head, separator, body = bytes(self.answer).partition(b"\r\n\r\n")
        if not separator:
            return False
        for line in head.lower().split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length":
                return len(body) >= int(value)
        return (b"\r\n" + body).endswith(_CHUNKED_END)


class Load:
    """What is sent, and what came of it."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.requests = [request.encode() for request in order["requests"]]
        self.counter = 0
        self.run = time.time_ns()
        self.begins_at = time.perf_counter() + order["warm_up"]
        self.ends_at = self.begins_at + order["seconds"]
        self.latencies: list[float] = []
        self.failures: list[str] = []
        self.connections = [
            Connection(socket.create_connection(("127.0.0.1", order["port"]), timeout=30))
            for _ in range(order["connections"])
        ]

    def next_request(self) -> bytes:
        request = self.requests[self.counter % len(self.requests)]
        self.counter += 1
        return request.replace(TOKEN.encode(), b"%020x%012x" % (self.run, self.counter))

    def perform(self) -> None:
        waiting = selectors.DefaultSelector()
        for connection in self.connections:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(self.next_request())
        busy = len(self.connections)
        while busy:
            for key, _ in waiting.select(timeout=30):
                connection = key.data
                if not connection.receive():
                    continue
                now = time.perf_counter()
                self.note(connection, now)
                if now < self.ends_at:
                    connection.send(self.next_request())
                else:
                    waiting.unregister(connection.socket)
                    busy -= 1

    def note(self, connection: Connection, now: float) -> None:
        if connection.answer[9:10] != b"2":  # HTTP/1.1 2..
            self.failures.append(connection.answer.decode(errors="replace")[:2000])
        elif self.begins_at <= now <= self.ends_at:
            self.latencies.append(now - connection.sent_at)

    def outcome(self) -> dict[str, Any]:
        ordered = sorted(self.latencies) or [0.0]
        return {
            "per_second": len(self.latencies) / (self.ends_at - self.begins_at),
            "p50_ms": ordered[len(ordered) // 2] * 1000,
            "p95_ms": ordered[int(len(ordered) * 0.95)] * 1000,
            "answered": len(self.latencies),
            "sent": self.counter,
            "failures": len(self.failures),
            "first_failure": self.failures[0] if self.failures else "",
        }


if __name__ == "__main__":
    load = Load(json.load(sys.stdin))
    load.perform()
    print(json.dumps(load.outcome()))
