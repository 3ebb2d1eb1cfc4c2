"""One connection of the door out, as bytes: a request goes in, the answer is taken apart as far as we keep it.

The other side is a stranger. Whatever it sends is bounded: so much of a head, so many fields, so
much of a body after decompression; what goes beyond ends the connection.
"""

import asyncio
import zlib
from collections.abc import Mapping
from typing import Final

import httptools

KEPT_BYTES: Final = 65536  # of a reply's body, after decompression; the rest is not even read
# Receivers close idle connections after 2 s (gunicorn), 5 s (Node) or more: ours are given up before.
IDLE_SECONDS: Final = 1.5

_MAX_HEAD: Final = 65536
_MAX_FIELDS: Final = 200
_UPGRADED: Final = 101
_FINAL: Final = 200
_ZIPPED: Final = ("gzip", "x-gzip", "deflate")
_ANY_HEADER: Final = 32 + zlib.MAX_WBITS  # zlib.decompressobj: zlib's header or gzip's, whichever comes


class LostConnection(Exception):
    """The connection ended before anything of an answer came."""


class BrokenAnswer(Exception):
    """What came is not the HTTP that this side understands."""


class Kept:
    """What is kept of an answer; ``httptools`` calls it back for each part."""

    def __init__(self) -> None:
        self.status = 0
        self.is_whole = False
        self.keeps_alive = False
        self._parser = httptools.HttpResponseParser(self)
        self._names: list[tuple[str, str]] = []
        self._came = 0  # bytes, of the head and what came with its end
        self._fields = 0
        self._is_measured = False
        self._unzip: zlib._Decompress | None = None
        self._body = bytearray()

    @property
    def headers(self) -> Mapping[str, str]:
        """The fields, names in small letters; of several with one name the last."""
        return dict(self._names)

    def text(self) -> str:
        """Return the kept part of the body."""
        return self._body[:KEPT_BYTES].decode(errors="replace")

    def feed(self, data: bytes) -> None:
        """
        Take what came over the wire.

        :raises BrokenAnswer: when that is no HTTP, or more of a head than anybody needs
        """
        if not self.status and self._came > _MAX_HEAD:
            raise BrokenAnswer
        self._came += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as problem:
            if not self.is_whole:
                raise BrokenAnswer from problem
            self.keeps_alive = False  # more than was asked for: what comes next is not to be believed

    def end(self) -> None:
        """
        Take the end of the connection: for some answers that is how they end.

        :raises LostConnection: when nothing has come
        :raises BrokenAnswer: when the answer is cut short
        """
        if not self._came:
            raise LostConnection
        if not self.is_whole and (not self.status or self._is_measured):
            raise BrokenAnswer
        self.is_whole = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field."""
        self._fields += len(name) + len(value)
        if self.is_whole or len(self._names) >= _MAX_FIELDS or self._fields > _MAX_HEAD:
            raise BrokenAnswer
        self._names.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Look at what the head says about the body."""
        if self.is_whole:
            raise BrokenAnswer
        status = self._parser.get_status_code()
        if status < _FINAL:  # "100 Continue" and the like: the answer is still to come
            self._names.clear()
            if status == _UPGRADED:
                raise BrokenAnswer
            return
        self.status = status
        known = self.headers
        self._is_measured = "content-length" in known or "transfer-encoding" in known
        if known.get("content-encoding", "").lower() in _ZIPPED:
            self._unzip = zlib.decompressobj(_ANY_HEADER)

    def on_body(self, data: bytes) -> None:
        """Keep a part of the body, as long as there is room."""
        room = KEPT_BYTES - len(self._body)
        if self._unzip is None:
            self._body += data[:room]
        else:
            self._unfold(data)
        if len(self._body) >= KEPT_BYTES:
            self.is_whole = True

    def on_message_complete(self) -> None:
        """Note the end, unless it was only that of an interim answer."""
        if self.status:
            self.is_whole = True
            self.keeps_alive = self._parser.should_keep_alive()

    def _unfold(self, data: bytes) -> None:
        while data and self._unzip is not None and (room := KEPT_BYTES - len(self._body)) > 0:
            self._body += self._unzip.decompress(data, room)
            data = self._unzip.unconsumed_tail
            if self._unzip.eof:  # gzip: another member may follow
                data, self._unzip = self._unzip.unused_data, zlib.decompressobj(_ANY_HEADER)


class Connection(asyncio.Protocol):
    """A connection on which one request at a time is asked."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._kept: Kept | None = None
        self._answer: asyncio.Future[Kept] | None = None
        self._end_of_rest: asyncio.TimerHandle | None = None

    async def ask(self, request: bytes) -> Kept:
        """
        Send a request and return what is kept of the answer.

        :raises LostConnection: when it ends before anything came
        :raises BrokenAnswer: when what came is no answer
        """
        if self._transport is None:
            raise LostConnection
        self._kept = Kept()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    @property
    def is_reusable(self) -> bool:
        """Whether another request can follow the one that was answered."""
        return self._transport is not None and self._kept is not None and self._kept.keeps_alive

    def rest(self) -> None:
        """Stay open for a moment, for another request."""
        self._kept = self._answer = None
        self._end_of_rest = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close)

    def wake(self) -> bool:
        """Stop resting; return whether the connection is still open."""
        if self._end_of_rest is not None:
            self._end_of_rest.cancel()
            self._end_of_rest = None
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Close at once, whatever is still to be sent."""
        if self._end_of_rest is not None:
            self._end_of_rest.cancel()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way out."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream protocol it always is
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take the answer; what comes without a question ends the connection."""
        if self._kept is None or self._answer is None or self._answer.done():
            self.close()
            return
        try:
            self._kept.feed(data)
        except BrokenAnswer as problem:
            self._answer.set_exception(problem)
        else:
            if self._kept.is_whole:
                self._answer.set_result(self._kept)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a reset and an end mean the same here
        """Settle what is still waited for."""
        self._transport = None
        if self._answer is None or self._kept is None or self._answer.done():
            return
        try:
            self._kept.end()
        except (LostConnection, BrokenAnswer) as problem:
            self._answer.set_exception(problem)
        else:
            self._answer.set_result(self._kept)
