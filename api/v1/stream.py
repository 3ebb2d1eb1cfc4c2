"""
Server-sent events, as an ASGI application of its own: thousands of open connections, no thread each.

``GET /api/v1/public/invoice/{id}/events`` for anyone who holds an invoice's id, and
``GET /api/v1/events/stream`` for a merchant's programs. What is written into a stream is made in
``api.v1.stream_frames``; who may listen is decided in ``api.v1.stream_access``.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from types import FrameType
from typing import Any, Final, TypeAlias

import structlog
from django.conf import settings

from api.errors import RateLimited
from api.failures import failure_of
from api.v1 import stream_frames as frames
from api.v1.errors import error_answer
from api.v1.stream_access import MISSED_BATCH, Opening, StreamRequest, Visit, admit
from core import context, metering
from core.ids import public_id, uuid7
from core.middleware import address_behind, trace_id
from events.models import Event
from events.stream import Subscription, Tail, in_database

log = structlog.get_logger(__name__)

_SignalHandler: TypeAlias = Callable[[int, FrameType | None], None]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# What is done to a key is in the log. One that ends by itself is found when a stream is next woken, every 15 seconds
# at least: within a minute in all.
RECHECK_SECONDS: Final = 44.0
_EVENT_STREAM: Final = ((b"content-type", b"text/event-stream; charset=utf-8"),)
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"Authorization, X-API-Key, Last-Event-ID, Cache-Control"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
)


class EventStreams:
    """The ASGI application. One instance serves one event loop."""

    def __init__(self) -> None:
        self._tail = Tail()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            request = StreamRequest.of(scope)
            with context.caller(
                request_id=public_id("req", uuid7()),
                trace_id=trace_id(request.headers.get("traceparent", "")),
                ip_address=address_behind(request.peer, request.headers.get("x-forwarded-for", "")),
            ):
                await self._answer(request, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                _on_stop(self._tail.close_all)
                await send({"type": "lifespan.startup.complete"})
            else:
                self._tail.close_all()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, request: StreamRequest, receive: Receive, send: Send) -> None:
        if request.method == "OPTIONS":
            await _answer_with(send, 204)
            return
        try:
            visit = await in_database(admit, request=request)
            self._check_room(visit)
            if visit.is_over:
                # 204 is what tells a browser's EventSource not to come back: it has seen the end already.
                await _answer_with(send, 204)
            elif request.method == "HEAD":
                await _answer_with(send, 200, _EVENT_STREAM)
            else:
                await self._stream(visit, receive, send)
        except Exception as problem:  # noqa: BLE001 - until a stream has started, every failure becomes an answer
            await _refuse(send, problem, with_body=request.method != "HEAD")

    def _check_room(self, visit: Visit) -> None:
        limit = settings.STREAMS_PER_INVOICE if visit.topic.invoice_id else settings.STREAMS_PER_MERCHANT
        if self._tail.listeners(visit.topic) >= limit:
            raise RateLimited("Too many event streams are open for this at once.", constraints={"limit": limit})

    async def _stream(self, visit: Visit, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has a task
        subscription = await self._tail.subscribe(visit.topic, on_overflow=task.cancel)
        try:
            # Read after subscribing, so that nothing falls between the two.
            opening = await in_database(visit.opening)
            await _start(send, 200, _EVENT_STREAM)
            with metering.open_stream(visit.kind):
                await _write(_frames(visit, subscription, opening), subscription, receive, send)
        finally:
            self._tail.unsubscribe(subscription)


def _on_stop(end_streams: Callable[[], None]) -> None:
    """
    End the streams as soon as the server is told to stop.

    The server itself waits for open answers before it says that it stops, and streams have no end
    of their own. So its signal handlers are preceded by one of ours.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # only there can signals be handled
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        servers_own = signal.getsignal(sign)
        if callable(servers_own):
            signal.signal(sign, _preceded(servers_own, partial(loop.call_soon_threadsafe, end_streams)))


def _preceded(servers_own: Callable[[int, FrameType | None], Any], act: Callable[[], Any]) -> _SignalHandler:
    def handle(number: int, frame: FrameType | None) -> None:
        act()
        servers_own(number, frame)

    return handle


async def _write(parts: AsyncGenerator[bytes, None], subscription: Subscription, receive: Receive, send: Send) -> None:
    watch = asyncio.create_task(_watch(receive, subscription))
    try:
        async with contextlib.aclosing(parts):
            async for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await _end(send)
    except asyncio.CancelledError:
        if not subscription.overflowed:
            raise
        # It was stuck in a full socket. Returning closes that; the reader resumes from its last position.
        log.info("stream_dropped", reason="slow reader")
    except Exception as problem:  # noqa: BLE001 - the stream has begun; all that can be told now is that it ends
        log.warning("stream_dropped", reason=repr(problem))
    finally:
        watch.cancel()


async def _frames(visit: Visit, subscription: Subscription, opening: Opening) -> AsyncGenerator[bytes, None]:
    """Yield the facts, what was missed, and then what happens, until a final status or nobody reads any more."""
    sent, is_over = opening.position, opening.is_final
    yield frames.RETRY + opening.told
    if visit.resumes_from is not None:
        async for told, position in _missed(visit, visit.resumes_from):
            yield told
            sent = max(sent, position)
    checked_at = _clock()
    while not (is_over or subscription.closed):
        news = await subscription.next()
        if visit.recheck is not None and (_concerns(visit, news) or _clock() - checked_at >= RECHECK_SECONDS):
            await in_database(visit.recheck)
            checked_at = _clock()
        events = [event for event in news if _number(event) > sent]
        if events:
            metering.note_streamed(visit.kind, len(events))
            yield b"".join([_written(visit.frame, event) for event in events])
            sent, is_over = _number(events[-1]), visit.ends_with(events)
        elif not subscription.closed:
            yield frames.HEARTBEAT


def _concerns(visit: Visit, news: Iterable[Event]) -> bool:
    """Return whether the reader may have lost the right to what it is about to be told."""
    return any(event.object_id in visit.rests_on for event in news)


async def _missed(visit: Visit, position: int) -> AsyncGenerator[tuple[bytes, int], None]:
    """Yield the frames behind ``position``, and how far they go."""
    while True:
        events = await in_database(visit.missed, after=position)
        if events:
            position = _number(events[-1])
            metering.note_streamed(visit.kind, len(events))
            yield b"".join(visit.frame(event) for event in events), position
        if len(events) < MISSED_BATCH:
            return


def _written(frame: Callable[[Event], bytes], event: Event) -> bytes:
    """Return a frame of what just happened. Thousands may listen: the event that all are handed keeps it."""
    kept: dict[Callable[[Event], bytes], bytes] = event.__dict__.setdefault("_frames", {})
    if frame not in kept:
        kept[frame] = frame(event)
    return kept[frame]


def _number(event: Event) -> int:
    return event.position or 0


def _clock() -> float:
    return asyncio.get_running_loop().time()


async def _watch(receive: Receive, subscription: Subscription) -> None:
    """Wake the writer when the client is gone, so that its place is free at once."""
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.close()


async def _start(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    request_id = (b"x-request-id", context.current().request_id.encode())
    await send({"type": "http.response.start", "status": status, "headers": [*_HEADERS, request_id, *headers]})


async def _end(send: Send, body: bytes = b"") -> None:
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _answer_with(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    await _start(send, status, headers)
    await _end(send)


async def _refuse(send: Send, problem: Exception, *, with_body: bool) -> None:
    answer = error_answer(failure_of(problem))
    told = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()]
    await _start(send, answer.status_code, [header for header in told if header[0] != b"cache-control"])
    await _end(send, answer.content if with_body else b"")


application = EventStreams()
