"""Events as they happen: server-sent events, followed over lost connections without a gap."""

import time
from collections.abc import Iterator
from typing import Final

import urllib3

from crypto_checkout.decoding import decode, loads
from crypto_checkout.errors import ConnectionFailed
from crypto_checkout.transport import Transport
from crypto_checkout.webhooks import WebhookEvent

_PATH: Final = "/api/v1/events/stream"
_SILENCE: Final = 45.0  # seconds; the gateway says something every 15
_PAUSE: Final = 3.0


class EventStream:
    """
    The merchant's events from now on, for as long as one iterates.

    ``last_event_id`` moves along; give it to another stream to go on from there. A connection that breaks is opened
    again from the same place, so nothing is left out.
    """

    def __init__(self, transport: Transport, *, last_event_id: str = "") -> None:
        self._transport = transport
        self.last_event_id = last_event_id
        self._is_open = False

    def __iter__(self) -> Iterator[WebhookEvent]:
        """
        Yield the events.

        :raises APIError: when the gateway refuses, such as for a revoked key
        :raises ConnectionFailed: when it cannot be reached in the first place
        """
        return (decode(WebhookEvent, loads(text)) for text in self.texts())

    def texts(self) -> Iterator[str]:
        """
        Yield each event as the gateway wrote it, which is as a webhook would carry it.

        :raises APIError: when the gateway refuses, such as for a revoked key
        :raises ConnectionFailed: when it cannot be reached in the first place
        """
        while True:
            try:
                yield from self._one_connection()
            except ConnectionFailed:
                if not self._is_open:
                    raise
            time.sleep(_PAUSE)

    def _one_connection(self) -> Iterator[str]:
        headers = {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}
        answer = self._transport.stream(_PATH, headers, silence=_SILENCE)
        self._is_open = True
        try:
            yield from self._frames(answer)
        except urllib3.exceptions.HTTPError:
            return  # broken off: the caller opens it again
        finally:
            answer.close()

    def _frames(self, answer: urllib3.BaseHTTPResponse) -> Iterator[str]:
        """Read ``id:`` and ``data:`` lines; an empty line ends an event (HTML Living Standard, 9.2.6)."""
        position, data = "", ""
        for line in _lines(answer):
            if not line:
                self.last_event_id = position or self.last_event_id
                if data:
                    yield data
                position, data = "", ""
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                position = value
            elif name == "data":
                data += value


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[str]:
    rest = b""
    # What has come is read at once, not only when a buffer is full.
    while part := answer.read1(65536):
        *lines, rest = (rest + part).split(b"\n")
        yield from (line.decode().removesuffix("\r") for line in lines)
