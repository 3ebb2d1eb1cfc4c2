"""One endpoint of a blockchain node: JSON over HTTP, nothing taken on trust.

What it answers is bounded in time and size, read without floats, and must be JSON; else the answer is
``ChainUnavailable`` with a reason. Node URLs are the operator's own setting, so private hosts are
fine; they often hold keys, so only scheme, host and port are ever shown.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from chains.base import ChainUnavailable
from chains.health import Bucket, Health, Span, endpoint_name
from core import exact_json

_BUSY: Final = frozenset({429, 503})
LIMIT_EXCEEDED: Final = -32005  # EIP-1474
_SHOWN_CHARACTERS: Final = 160
_PIECE: Final = 65536
_RATE: Final = re.compile(
    r"rate|request count|requests per|per second|capacity|credits|quota|throughput", re.IGNORECASE
)
_SIZE: Final = re.compile(
    r"more than \d+ |too many|too large|too big|too wide|block range|limited to|response size|"
    r"exceed\w* .*(range|limit|size|results|blocks)|limit exceeded|query timeout|timed out|logs matched",
    re.IGNORECASE,
)


class Refused(ChainUnavailable):
    """The node understood the question and declined to answer it."""


class TooMuch(Refused):
    """The answer would be larger than the node gives or we take: ask for less at once."""


class AllFailed(ChainUnavailable):
    """Every endpoint was asked, and none gave an answer that could be used: to ask again at once is of no use."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much one exchange with a node may take."""

    connect_seconds: int = 5
    silence_seconds: int = 20  # without one byte
    total_seconds: int = 60
    reply_bytes: int = 32 * 2**20
    requests_per_second: int = 0  # to one endpoint; 0: as many as it takes
    rest_seconds: int = 1  # after the second failure in a row, doubled with each further one
    rounds: int = 2  # how often all endpoints are tried
    pause_milliseconds: int = 250  # between two rounds


class Endpoint:
    """One URL of a node, with connections that stay open."""

    def __init__(self, url: str, *, headers: Mapping[str, str], limits: Limits, batch_size: int) -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self.name = endpoint_name(url)
        self.batch_size = batch_size
        self.is_verified = False
        self.span = Span()
        self.health = Health(self.name, rest_seconds=limits.rest_seconds)
        self._base = parts._replace(netloc=host, fragment="")
        self._limits = limits
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "crypto-checkout",
            **urllib3.make_headers(accept_encoding="gzip"),
            **_credentials(parts.username, parts.password),
            **headers,
        }
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=4, retries=False)
        self._bucket = Bucket(limits.requests_per_second)

    def post(self, path: str, payload: object) -> Any:
        """
        Send ``payload`` as JSON to ``path`` below the URL and return the JSON of the answer.

        :raises TooMuch: when the answer is larger than allowed
        :raises ChainUnavailable: when there is none, or it is not JSON
        """
        return self._answer("POST", path, json.dumps(payload, separators=(",", ":")).encode())

    def get(self, path: str) -> Any:
        """
        Return the JSON at ``path``, which may hold a query, below the URL.

        :raises TooMuch: when the answer is larger than allowed
        :raises ChainUnavailable: when there is none, or it is not JSON
        """
        return self._answer("GET", path, None)

    def _answer(self, method: str, path: str, body: bytes | None) -> Any:
        self._bucket.take()
        begun = time.monotonic()
        try:
            status, raw = self._exchange(method, path, body)
            answer = self._read_answer(status, raw)
        except Refused:
            self.health.answered(time.monotonic() - begun)  # it is there, and works
            raise
        except ChainUnavailable as failure:
            self.health.failed(str(failure))
            raise
        self.health.answered(time.monotonic() - begun)
        return answer

    def _read_answer(self, status: int, raw: bytes) -> Any:
        try:
            answer = exact_json.loads(raw)
        except ValueError:
            answer = None
        if status != 200:
            raise self._bad_status(status, answer)
        if answer is None:
            raise self.failure("did not answer with JSON")
        return answer

    def failure(self, reason: str) -> ChainUnavailable:
        """Return an error that names this endpoint."""
        return ChainUnavailable(f"{self.name} {reason}")

    def refusal(self, error: object) -> Refused:
        """Return the error for an ``error`` object of JSON-RPC, by whether asking for less could help."""
        fields = error if isinstance(error, dict) else {"message": error}
        code, message = fields.get("code"), str(fields.get("message"))
        shown = "".join(filter(str.isprintable, message))[:_SHOWN_CHARACTERS]
        is_size = not _RATE.search(message) and (code == LIMIT_EXCEEDED or _SIZE.search(message))
        kind = TooMuch if is_size else Refused
        return kind(f"{self.name} refused: {shown}")

    def _bad_status(self, status: int, answer: object) -> ChainUnavailable:
        if status == 413:
            return TooMuch(f"{self.name} answered HTTP 413")
        if isinstance(answer, dict) and answer.get("error") and status != 429 and (status < 500 or _is_refusal(answer)):
            return self.refusal(answer["error"])
        return self.failure(f"answered HTTP {status}")

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        path, _, query = path.partition("?")
        base = self._base._replace(query=query) if query else self._base
        url = base._replace(path=base.path.rstrip("/") + path if path else base.path).geturl()
        limits = self._limits
        deadline = time.monotonic() + limits.total_seconds
        try:
            reply = self._pool.request(
                method,
                url,
                body=body,
                headers=self._headers,
                timeout=urllib3.Timeout(connect=limits.connect_seconds, read=limits.silence_seconds),
                redirect=False,
                preload_content=False,
            )
            try:
                if reply.status in _BUSY:
                    headers = reply.headers
                    self.health.told_to_wait(headers.get("Retry-After", ""), said_at=headers.get("Date", ""))
                return reply.status, self._read(reply, deadline)
            except BaseException:
                reply.close()  # its rest is never read, so the connection cannot be used again
                raise
        except (HTTPError, OSError) as problem:
            # The text of these errors holds the whole URL, and with it the operator's key.
            raise self.failure(_reason(problem)) from None

    def _read(self, reply: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while piece := reply.read1(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > self._limits.reply_bytes:
                raise TooMuch(f"{self.name} sent more than {self._limits.reply_bytes} bytes")
            if time.monotonic() > deadline:
                raise self.failure(f"took more than {self._limits.total_seconds} s to answer")
        reply.release_conn()
        return b"".join(pieces)


def _is_refusal(answer: Mapping[str, Any]) -> bool:
    """Return whether an HTTP 500 is Bitcoin Core's way to say that a call was understood and declined."""
    return isinstance(answer["error"], dict) and has_plain_id(answer) and type(answer["error"].get("code")) is int


def has_plain_id(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer of JSON-RPC has an id as we send them: a whole number."""
    return type(answer.get("id")) is int


def _reason(problem: Exception) -> str:
    if isinstance(problem, NewConnectionError):
        return "cannot be reached"
    if isinstance(problem, HTTPTimeoutError):
        return "did not answer in time"
    if isinstance(problem, SSLError):
        return "has no valid certificate"
    return "broke the connection"


def _credentials(username: str | None, password: str | None) -> dict[str, str]:
    if username is None:
        return {}
    return dict(urllib3.make_headers(basic_auth=f"{unquote(username)}:{unquote(password or '')}"))
