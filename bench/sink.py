"""A receiver of webhooks that costs next to nothing: answers 204. ``python -m bench.sink`` prints its port.

Whatever comes for a path that begins with ``/hang`` is never answered. With ``--arrivals`` the path
of each request is printed with the moment it came, in nanoseconds of the monotonic clock.
"""

import asyncio
import sys
import time
from typing import Final

_ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_END_OF_HEAD: Final = b"\r\n\r\n"


class _Sink(asyncio.Protocol):
    """One connection; understands what the senders here write, and nothing more."""

    def __init__(self, *, is_telling: bool) -> None:
        self._is_telling = is_telling
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(_END_OF_HEAD)) >= 0:
            head = self._buffer[:end]
            start = head.lower().find(b"content-length:") + len(b"content-length:")
            whole = end + len(_END_OF_HEAD) + int(head[start:].split(b"\r\n", 1)[0])
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._answer(head.split(b" ", 2)[1].decode())

    def _answer(self, path: str) -> None:
        if self._is_telling:
            print(path, time.monotonic_ns(), flush=True)
        if self._transport is not None and not path.startswith("/hang"):
            self._transport.write(_ANSWER)


async def main() -> None:
    """Serve until the process is ended."""
    is_telling = "--arrivals" in sys.argv
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Sink(is_telling=is_telling), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
