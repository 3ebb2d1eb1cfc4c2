"""The one door out for HTTP that someone else has a say in: webhooks, price sources.

A name is resolved, every address is checked, and the connection goes to a checked address; nothing
in between can lead it elsewhere. Redirects are not followed, proxies of the environment are not
used, nothing is remembered of an answer, and one deadline covers everything, however slowly the
other side feeds us.

``Client`` sends many requests at once from one event loop; ``get`` and ``post`` make one request
and wait for it, for callers that have no loop.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final

from core.http_wire import BrokenAnswer, Connection, Kept, LostConnection
from core.targets import (
    DEFAULT_PORTS,
    Address,
    Refused,
    Target,
    Unresolvable,
    UnsafeURL,
    check_url,
    parse,
    permitted,
    resolve,
)

__all__ = ["Client", "Forbidden", "Reply", "RequestFailed", "UnsafeURL", "check_url", "get", "post"]

USER_AGENT: Final = "CryptoCheckout/1.0"

_CONNECT_SECONDS: Final = 5.0  # for each address; the deadline of the whole request still holds
_MAX_ADDRESSES: Final = 4
_MILLISECONDS: Final = 1000
# How long an answer of the name server serves a busy client; its addresses are checked for each request all the same.
_NAME_SECONDS: Final = 10.0
_MAX_NAMES: Final = 4096
_NAME_PATIENCE: Final = 30.0  # seconds; each request stops waiting at its own deadline
# RFC 9110, sections 5.6.2 and 5.5
_FIELD_LINES: Final = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e]*\r\n)+")


class RequestFailed(Exception):
    """No usable reply; the text says why, fit for the person who gave us the URL."""


class Forbidden(RequestFailed):
    """The URL, or an address it resolves to, is one that this server does not call."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the first 64 kB of the body as text, and how long it all took."""

    status: int
    body: str
    elapsed_ms: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], timeout: Decimal | int, allowed_ips: Sequence[str] = ()
) -> Reply:
    """
    Send ``body``. The whole exchange takes at most ``timeout`` seconds.

    ``allowed_ips`` are addresses and networks (CIDR); when there are any, the URL must lead into them.

    :raises Forbidden: when the URL is unsafe or leads to an address that is private or not listed
    :raises RequestFailed: when there is no reply in time
    """
    return _once(lambda client: client.post(url, body=body, headers=headers, timeout=timeout, allowed_ips=allowed_ips))


def get(url: str, *, headers: Mapping[str, str], timeout: Decimal | int) -> Reply:
    """
    Fetch a URL; the whole exchange takes at most ``timeout`` seconds.

    :raises Forbidden: when the URL is unsafe or leads to an address that is private
    :raises RequestFailed: when there is no reply in time
    """
    return _once(lambda client: client.get(url, headers=headers, timeout=timeout))


def _once(ask: "Callable[[Client], Awaitable[Reply]]") -> Reply:
    async def run() -> Reply:
        client = Client(keeps_connections=False)
        try:
            return await ask(client)
        finally:
            client.close()

    return asyncio.run(run())


@dataclass(frozen=True, slots=True)
class _Order:
    """One request as it was asked for; ``timeout`` in seconds."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    timeout: Decimal | int
    allowed_ips: Sequence[str] = ()


class Client:
    """
    Sends from one event loop, as many requests at once as it is given.

    A connection that was used is kept for a moment and used again for the same address and the same
    name. When the other side has closed it meanwhile, the request is sent once more on a new one.
    """

    def __init__(self, *, keeps_connections: bool = True) -> None:
        self._keeps_connections = keeps_connections
        self._idle: dict[tuple[str, str, int, str], list[Connection]] = {}
        self._names = _Names()

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: Decimal | int,  # noqa: ASYNC109 - covers more than one await, and its end has a text for people
        allowed_ips: Sequence[str] = (),
    ) -> Reply:
        """Send ``body``; see the function of this name."""
        return await self._exchange(_Order("POST", url, body, headers, timeout, allowed_ips))

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: Decimal | int) -> Reply:  # noqa: ASYNC109
        """Fetch a URL; see the function of this name."""
        return await self._exchange(_Order("GET", url, b"", headers, timeout))

    def close(self) -> None:
        """Close the connections that are kept."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _exchange(self, order: _Order) -> Reply:
        loop = asyncio.get_running_loop()
        started = loop.time()
        deadline = started + float(order.timeout)
        try:
            target = parse(order.url)
            request = _written(order, target, keep_alive=self._keeps_connections)
            found = [target.literal] if target.literal else await self._names.addresses_of(target, deadline=deadline)
            addresses = permitted(found, allowed_ips=order.allowed_ips)
            async with asyncio.timeout_at(deadline):
                kept = await self._talk(request, target, addresses)
        except (UnsafeURL, Refused) as reason:
            raise Forbidden(str(reason)) from None
        except Unresolvable as reason:
            raise RequestFailed(str(reason)) from None
        except (OSError, ValueError, LostConnection, BrokenAnswer) as problem:
            raise RequestFailed(_reason(problem, order.timeout)) from problem
        elapsed_ms = round((loop.time() - started) * _MILLISECONDS)
        return Reply(status=kept.status, body=kept.text(), elapsed_ms=elapsed_ms, headers=kept.headers)

    async def _talk(self, request: bytes, target: Target, addresses: Sequence[Address]) -> Kept:
        for address in addresses:
            connection = self._take(target, str(address))
            if connection is not None:
                try:
                    return await self._ask(connection, request, target, str(address))
                except LostConnection:  # the other side closed it in this moment: that says nothing about the receiver
                    break
        connection, address_text = await _first_that_answers(target, addresses)
        return await self._ask(connection, request, target, address_text)

    async def _ask(self, connection: Connection, request: bytes, target: Target, address: str) -> Kept:
        try:
            kept = await connection.ask(request)
        except BaseException:
            connection.close()
            raise
        if self._keeps_connections and connection.is_reusable:
            self._idle.setdefault(_place(target, address), []).append(connection)
            connection.rest()
        else:
            connection.close()
        return kept

    def _take(self, target: Target, address: str) -> Connection | None:
        """Return a kept connection to this address that is still open."""
        place = _place(target, address)
        connections = self._idle.get(place)
        while connections:
            connection = connections.pop()
            if not connections:
                del self._idle[place]
            if connection.wake():
                return connection
        return None


def _place(target: Target, address: str) -> tuple[str, str, int, str]:
    # Over TLS the name belongs to it: a certificate was looked at for that name only.
    return target.scheme, address, target.port, target.host


async def _first_that_answers(target: Target, addresses: Sequence[Address]) -> tuple[Connection, str]:
    """Connect to the first address that takes it; TLS is part of it. SNI and certificate are those of the name."""
    loop = asyncio.get_running_loop()
    is_secure = target.scheme == "https"
    problem: Exception = OSError("no address")
    for address in map(str, addresses[:_MAX_ADDRESSES]):
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    Connection,
                    address,
                    target.port,
                    ssl=_tls() if is_secure else None,
                    server_hostname=target.host if is_secure else None,
                )
        except (OSError, ValueError) as failure:
            problem = failure
        else:
            return connection, address
    raise problem


class _Names:
    """What the name server said a moment ago, each name asked for once however many requests wait for it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[float, asyncio.Future[list[Address]]]] = {}

    async def addresses_of(self, target: Target, *, deadline: float) -> list[Address]:
        """
        Return every address of the target, in the resolver's order.

        :raises Unresolvable: when there is none, or no answer before ``deadline`` (of the loop's clock)
        """
        if target.literal is not None:
            return [target.literal]
        loop = asyncio.get_running_loop()
        name = (target.host, target.port)
        until, answer = self._known.get(name, (0.0, loop.create_future()))
        if until <= loop.time():
            self._forget_old(loop.time())
            answer = asyncio.ensure_future(resolve(target, seconds=_NAME_PATIENCE))
            answer.add_done_callback(_look)
            self._known[name] = loop.time() + _NAME_SECONDS, answer
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(answer)
        except TimeoutError:
            raise Unresolvable("The name server did not answer in time.") from None
        except Unresolvable:
            self._known.pop(name, None)  # a name that leads nowhere now may lead somewhere in a moment
            raise

    def _forget_old(self, now: float) -> None:
        if len(self._known) >= _MAX_NAMES:
            self._known = {name: known for name, known in self._known.items() if known[0] > now}


def _look(answer: "asyncio.Future[list[Address]]") -> None:
    # Nobody may be waiting any more; an exception that nobody looks at would be reported as a fault.
    if not answer.cancelled():
        answer.exception()


def _written(order: _Order, target: Target, *, keep_alive: bool) -> bytes:
    """Return the request as it goes over the wire (RFC 9112)."""
    fields = {
        "Host": _host_header(target),
        "Accept-Encoding": "identity",
        "User-Agent": USER_AGENT,
        "Connection": "keep-alive" if keep_alive else "close",
        **order.headers,
    }
    if order.method == "POST":
        fields["Content-Length"] = str(len(order.body))
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields.items()])
    # As many lines as fields: none of them holds another one.
    if lines.count("\n") != len(fields) or not _FIELD_LINES.fullmatch(lines):
        raise ValueError("a header cannot be sent")
    return f"{order.method} {target.path} HTTP/1.1\r\n{lines}\r\n".encode("ascii") + order.body


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == DEFAULT_PORTS[target.scheme] else f"{host}:{target.port}"


def _reason(problem: Exception, seconds: Decimal | int) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"The certificate is not valid: {problem.verify_message}."
    reasons: list[tuple[type[Exception], str]] = [
        (TimeoutError, f"No complete answer within {seconds} s."),
        (ssl.SSLError, "The secure connection could not be made."),
        (ConnectionRefusedError, "The connection was refused."),
        (OSError, "The connection failed."),
        (LostConnection, "The connection was closed before an answer came."),
    ]
    known = (text for kind, text in reasons if isinstance(problem, kind))
    return next(known, "The request or its answer is not valid HTTP.")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
