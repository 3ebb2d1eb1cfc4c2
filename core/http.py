"""The one door out for HTTP that someone else has a say in: webhooks, price sources.

A name is resolved once, every address is checked, and the connection goes to a checked address;
nothing in between can lead it elsewhere. Redirects are not followed, proxies of the environment
are not used, and one deadline covers everything, however slowly the other side feeds us.
"""

import io
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util.connection import create_connection

from core.targets import Address, Refused, Target, Unresolvable, UnsafeURL, check_url, parse, permitted, resolve

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Forbidden", "Reply", "RequestFailed", "UnsafeURL", "check_url", "get", "post"]

KEPT_BYTES: Final = 65536  # of a reply's body, after decompression; the rest is not even read
USER_AGENT: Final = "CryptoCheckout/1.0"

_CONNECT_SECONDS: Final = 5.0  # for each address; the deadline of the whole request still holds
_MAX_ADDRESSES: Final = 4
_CHUNK: Final = 16384
_MILLISECONDS: Final = 1000


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
    return _Exchange(url, timeout).run("POST", body=body, headers=headers, allowed_ips=allowed_ips)


def get(url: str, *, headers: Mapping[str, str], timeout: Decimal | int) -> Reply:
    """
    Fetch a URL; the whole exchange takes at most ``timeout`` seconds.

    :raises Forbidden: when the URL is unsafe or leads to an address that is private
    :raises RequestFailed: when there is no reply in time
    """
    return _Exchange(url, timeout).run("GET", body=None, headers=headers, allowed_ips=())


class _Deadline:
    """The moment at which a request is over, whatever it is doing."""

    def __init__(self, seconds: Decimal | int) -> None:
        self.seconds = seconds
        self._started = time.monotonic()
        self._ends = self._started + float(seconds)

    def remaining(self) -> float:
        """
        Return the seconds that are left.

        :raises TimeoutError: when there are none
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self._started) * _MILLISECONDS)


class _Exchange:
    """One request and its reply."""

    def __init__(self, url: str, timeout: Decimal | int) -> None:
        self._url = url
        self._deadline = _Deadline(timeout)

    def run(self, method: str, *, body: bytes | None, headers: Mapping[str, str], allowed_ips: Sequence[str]) -> Reply:
        try:
            target = parse(self._url)
            addresses = permitted(resolve(target, seconds=self._deadline.remaining()), allowed_ips=allowed_ips)
            return self._talk(self._connect(target, addresses), target, method, body, headers)
        except (UnsafeURL, Refused) as reason:
            raise Forbidden(str(reason)) from None
        except Unresolvable as reason:
            raise RequestFailed(str(reason)) from None
        except (OSError, HTTPException, HTTPError, ValueError) as problem:
            raise RequestFailed(self._reason(problem)) from problem

    def _connect(self, target: Target, addresses: Sequence[Address]) -> "_PinnedHTTP | _PinnedHTTPS":
        """Connect to the first address that answers; TLS is part of it."""
        problem: Exception = OSError("no address")
        for address in addresses[:_MAX_ADDRESSES]:
            connection = _connection_to(target, address)
            connection.timeout = min(self._deadline.remaining(), _CONNECT_SECONDS)
            try:
                connection.connect()
            except (OSError, HTTPError) as failure:
                connection.close()
                problem = failure
            else:
                return connection
        raise problem

    def _talk(
        self,
        connection: "_PinnedHTTP | _PinnedHTTPS",
        target: Target,
        method: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> Reply:
        sock = cast("socket.socket", connection.sock)
        connection.sock = cast("socket.socket", _TimedSocket(sock, self._deadline))
        fixed = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT, "Connection": "close"}
        given = {name.lower() for name in headers}
        sent = {name: value for name, value in fixed.items() if name.lower() not in given} | dict(headers)
        try:
            connection.timeout = self._deadline.remaining()
            connection.request(method, target.path, body=body, headers=sent, preload_content=False)
            response = connection.getresponse()
            kept = self._read(response)
        finally:
            sock.close()
        return Reply(
            status=response.status,
            body=kept.decode(errors="replace"),
            elapsed_ms=self._deadline.elapsed_ms(),
            headers=response.headers,
        )

    def _read(self, response: BaseHTTPResponse) -> bytes:
        kept = bytearray()
        while len(kept) < KEPT_BYTES:
            self._deadline.remaining()
            chunk = response.read(_CHUNK, decode_content=True)
            if not chunk:
                break
            kept += chunk
        return bytes(kept[:KEPT_BYTES])

    def _reason(self, problem: Exception) -> str:
        cause = problem.__cause__ if isinstance(problem, HTTPError) and problem.__cause__ else problem
        if isinstance(cause, TimeoutError):
            return f"No complete answer within {self._deadline.seconds} s."
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The certificate is not valid: {cause.verify_message}."
        if isinstance(cause, ssl.SSLError):
            return "The secure connection could not be made."
        if isinstance(cause, ConnectionRefusedError):
            return "The connection was refused."
        if isinstance(cause, OSError):
            return "The connection failed."
        return "The request or its answer is not valid HTTP."


class _PinnedHTTP(HTTPConnection):
    """Connects to a checked address; ``host`` is still the name, for the Host header."""

    pinned: str

    def _new_conn(self) -> socket.socket:
        return _open(self.pinned, self.port, self.timeout)


class _PinnedHTTPS(HTTPSConnection):
    """The same over TLS: SNI and the certificate's name are those of the URL, not of the address."""

    pinned: str

    def _new_conn(self) -> socket.socket:
        return _open(self.pinned, self.port, self.timeout)


class _TimedSocket:
    """A socket of which each single read and write ends at the deadline of the whole request."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(self._deadline.remaining())
        self._sock.sendall(data)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))

    def settimeout(self, _: float | None) -> None:
        """Leave it: the deadline decides."""

    def close(self) -> None:
        """Leave it open: the reply may still be read. Whoever made the request closes it."""


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._sock.settimeout(self._deadline.remaining())
        return self._sock.recv_into(buffer)


def _connection_to(target: Target, address: Address) -> _PinnedHTTP | _PinnedHTTPS:
    connection: _PinnedHTTP | _PinnedHTTPS
    if target.scheme == "https":
        connection = _PinnedHTTPS(target.host, target.port, ssl_context=_tls())
    else:
        connection = _PinnedHTTP(target.host, target.port)
    connection.pinned = str(address)
    return connection


def _open(address: str, port: int, timeout: Any) -> socket.socket:
    return create_connection((address, port), timeout, socket_options=HTTPConnection.default_socket_options)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
