"""
Many open event streams that cost little: one process, raw sockets, arrivals only counted.

``python -m bench.listeners PORT`` follows stdin and answers each line with one of JSON. A line is an object:

* ``open``: so many streams, with ``requests``, complete HTTP/1.1 requests that are sent in turn, so that at
  most ``at_once`` wait for their first frame with a position; answers with ``seconds``;
* ``await``: a word; waits until each stream has been told an event with it once more than when it was asked
  for before, and answers when the first, the middle and the last were, in nanoseconds of the monotonic clock,
  and with the processor time this process used from the first to the last.
"""

import json
import resource
import select
import socket
import sys
import time
from typing import Any, Final

_PATIENCE: Final = 120.0  # seconds
_PARTS: Final = 65_536


class Listeners:
    """Open sockets, and what they wait for."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._rests: dict[int, bytes] = {}

    def open(self, count: int, requests: list[str], at_once: int) -> dict[str, Any]:
        """Open streams, each until its first event has come."""
        begun = time.monotonic()
        asked, waiting = 0, 0
        deadline = begun + _PATIENCE * 5
        while asked < count or waiting:
            while asked < count and waiting < at_once:
                each = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
                each.sendall(requests[asked % len(requests)].encode())
                each.setblocking(False)
                self._sockets[each.fileno()] = each
                self._rests[each.fileno()] = b""
                self._poll.register(each.fileno(), select.EPOLLIN)
                asked, waiting = asked + 1, waiting + 1
            waiting -= len(self._told(b"\nid: ", deadline))
        return {"seconds": time.monotonic() - begun}

    def wait_for(self, word: str) -> dict[str, Any]:
        """Return when the streams were told."""
        moments: dict[int, int] = {}
        used, deadline = 0.0, time.monotonic() + _PATIENCE
        while len(moments) < len(self._sockets):
            told = self._told(word.encode(), deadline)
            used = used or time.process_time()  # what came before was waiting
            moments.update(dict.fromkeys(told, time.monotonic_ns()))
        ordered = sorted(moments.values())
        middle = ordered[len(ordered) // 2]
        return {"first": ordered[0], "middle": middle, "last": ordered[-1], "used": time.process_time() - used}

    def _told(self, word: bytes, deadline: float) -> list[int]:
        """Wait for something to come, and return the streams in which ``word`` did."""
        if time.monotonic() > deadline:
            raise SystemExit("some streams were not told in time")
        told = []
        for number, _ in self._poll.poll(1.0, 256):
            part = self._sockets[number].recv(_PARTS)
            if not part:
                raise SystemExit("the server ended a stream")
            if b"429 Too Many" in part[:20]:
                raise SystemExit(part.decode())
            whole = self._rests[number] + part
            if word in whole:
                told.append(number)
                self._rests[number] = b""
            else:
                self._rests[number] = whole[-len(word) :]
        return told


def main() -> None:
    """Do what stdin says until it ends."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listeners = Listeners(int(sys.argv[1]))
    for line in sys.stdin:
        order = json.loads(line)
        if "open" in order:
            answer = listeners.open(order["open"], order["requests"], order["at_once"])
        else:
            answer = listeners.wait_for(order["await"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
