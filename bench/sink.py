"""A receiver of webhooks that costs next to nothing: answers 204. ``python -m bench.sink`` prints its port.

Whatever comes for a path that begins with ``/hang`` is never answered. When other requests came in is told and
forgotten at ``/arrivals``, in nanoseconds of the monotonic clock: whoever asks while it measures disturbs what it
measures.
"""

import asyncio
import json
import time
from typing import Final

_ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_END_OF_HEAD: Final = b"\r\n\r\n"


class _Sink(asyncio.Protocol):
    """One connection; understands what the senders here write, and nothing more."""

    def __init__(self, arrivals: list[int]) -> None:
        self._arrivals = arrivals
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(_END_OF_HEAD)) >= 0:
            head = self._buffer[:end]
            whole = end + len(_END_OF_HEAD) + _length_of_body(head)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._answer(head.split(b" ", 2)[1])

    def _answer(self, path: bytes) -> None:
        if path.startswith(b"/hang") or self._transport is None:
            return
        if path == b"/arrivals":
            told = json.dumps(self._arrivals).encode()
            self._arrivals.clear()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told))
            return
        self._arrivals.append(time.monotonic_ns())
        self._transport.write(_ANSWER)


def _length_of_body(head: bytes) -> int:
    start = head.lower().find(b"content-length:")
    return int(head[start:].split(b"\r\n", 1)[0].split(b":")[1]) if start >= 0 else 0


async def main() -> None:
    """Serve until the process is ended."""
    arrivals: list[int] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Sink(arrivals), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
