"""The one client for blockchain nodes: JSON over HTTP, several endpoints, nothing taken on trust.

An endpoint that fails is passed over for the next one. What it answers is bounded in time and size,
read without floats, and must have the shape that was asked for; else the answer is
``ChainUnavailable`` with a reason. Node URLs are the operator's own setting, so private hosts are
fine; they often hold keys, so only scheme, host and port are ever shown.
"""

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from chains.base import Block, ChainUnavailable
from chains.health import Bucket, EndpointHealth, Health, Span, endpoint_name
from chains.hexadecimal import quantity
from core import exact_json

T = TypeVar("T")
Call = tuple[str, Sequence[Any]]  # method, parameters

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
                    self.health.told_to_wait(reply.headers.get("Retry-After", ""))
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


class Nodes:
    """
    The endpoints of one network. The one that answered last is asked first, and is left only when it fails.

    So nothing flaps between two of them. One that failed rests, longer each time, or as long as it
    asked to with ``Retry-After``; while all of them rest, the answer is an error at once.
    """

    def __init__(self, endpoints: Sequence[Endpoint], *, verify: Callable[[Endpoint], None], limits: Limits) -> None:
        self.endpoints = list(endpoints)
        self._verify = verify
        self._limits = limits
        self._preferred = 0
        self._highest = 0

    @property
    def source(self) -> str:
        """The endpoint that answered last, as people may see it."""
        return self.endpoints[self._preferred].name if self.endpoints else ""

    def health(self) -> list[EndpointHealth]:
        """Return how each endpoint is doing, in the operator's order."""
        return [endpoint.health.snapshot() for endpoint in self.endpoints]

    def ask(self, work: Callable[[Endpoint], T]) -> T:
        """
        Return what ``work`` returns for the first endpoint that does not fail; each is checked before its first use.

        :raises TooMuch: when every endpoint failed and one of them because it was asked for too much
        :raises Refused: when every endpoint declined
        :raises ChainUnavailable: when every endpoint failed, repeatedly, or rests
        """
        last = ChainUnavailable("nobody was asked")
        for attempt in range(self._limits.rounds):
            if attempt:
                time.sleep(self._limits.pause_milliseconds / 1000)
            try:
                return self._ask_each(work)
            except Refused:
                raise  # the same question gets the same answer
            except ChainUnavailable as failure:
                last = failure
        for index in self._awake():
            self.endpoints[index].health.rest()
        raise last

    @contextmanager
    def doubted(self) -> Iterator[None]:
        """
        Turn to the next endpoint when what one answered turns out, in here, to be impossible.

        Else a node that works but lies, or lacks what it should have, would be asked for ever.
        """
        before = self._preferred
        try:
            yield
        except Refused:
            raise
        except ChainUnavailable as failure:
            if self.endpoints and self._preferred == before:
                self.endpoints[before].health.failed(str(failure))
                self._preferred = (before + 1) % len(self.endpoints)
                self._highest = 0  # perhaps it lied about its tip, too
            raise

    def newest(self, work: Callable[[Endpoint], Block], *, lag: int) -> Block:
        """
        Return the tip of the first endpoint that is at most ``lag`` blocks behind the highest tip seen so far.

        When all of them are further behind, the chain has been replaced by a shorter one: that is believed.

        :raises ChainUnavailable: see ``ask``
        """
        is_behind = False

        def checked(endpoint: Endpoint) -> Block:
            nonlocal is_behind
            block = work(endpoint)
            if block.height + lag < self._highest:
                is_behind = True
                raise endpoint.failure(f"is {self._highest - block.height} blocks behind")
            return block

        try:
            block = self.ask(checked)
        except ChainUnavailable:
            if not is_behind:
                raise
            self._highest = 0
            block = self.ask(work)
        self._highest = max(self._highest, block.height)
        return block

    def _ask_each(self, work: Callable[[Endpoint], T]) -> T:
        failures: list[ChainUnavailable] = []
        for index in self._awake():
            try:
                answer = self._try(self.endpoints[index], work)
            except ChainUnavailable as failure:
                failures.append(failure)
            else:
                self._preferred = index
                return answer
        raise _summary(failures or [endpoint.failure(endpoint.health.why()) for endpoint in self.endpoints])

    def _awake(self) -> list[int]:
        count = len(self.endpoints)
        order = [(self._preferred + step) % count for step in range(count)]
        return [index for index in order if self.endpoints[index].health.is_awake]

    def _try(self, endpoint: Endpoint, work: Callable[[Endpoint], T]) -> T:
        if not endpoint.is_verified:
            self._verify(endpoint)
            endpoint.is_verified = True
        return work(endpoint)


class JsonRpc:
    """JSON-RPC 2.0 with the nodes of one EVM-style chain. Every endpoint must be on the chain ``chain_id``."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int,
        headers: Mapping[str, str] | None = None,
        batch_size: int = 10,
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits()
        endpoints = [Endpoint(url, headers=headers or {}, limits=limits, batch_size=batch_size) for url in urls]
        self.nodes = Nodes(endpoints, verify=self._verify, limits=limits)
        self._chain_id = chain_id
        self._ids = itertools.count(1)

    def call(self, method: str, *params: object) -> Any:
        """
        Return the result of one call.

        :raises ChainUnavailable: see ``Nodes.ask``
        """
        return self.nodes.ask(lambda endpoint: self._call(endpoint, (method, params)))

    def call_at(self, endpoint: Endpoint, method: str, *params: object) -> Any:
        """
        Return the result of one call to one endpoint; to be used within ``Nodes.ask``.

        :raises ChainUnavailable: when it fails
        """
        return self._call(endpoint, (method, params))

    def newest(self, read: Callable[[Any], Block], method: str, *params: object, lag: int) -> Block:
        """
        Return the tip as ``read`` makes it of the result of a call.

        :raises ChainUnavailable: see ``Nodes.newest``
        """
        return self.nodes.newest(lambda endpoint: read(self._call(endpoint, (method, params))), lag=lag)

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """
        Return the results of several calls in their order, sent together where the node allows; one endpoint for all.

        :raises ChainUnavailable: see ``Nodes.ask``; also when a single call of the batch failed
        """
        return self.nodes.ask(lambda endpoint: self._in_pieces(endpoint, calls))

    def _verify(self, endpoint: Endpoint) -> None:
        chain_id = quantity(self._call(endpoint, ("eth_chainId", ())), "chain id")
        if chain_id != self._chain_id:
            raise endpoint.failure(f"is on chain {chain_id}, not on {self._chain_id}")

    def _call(self, endpoint: Endpoint, call: Call) -> Any:
        request = self._request(call)
        return _result(endpoint, endpoint.post("", request), request["id"])

    def _in_pieces(self, endpoint: Endpoint, calls: Sequence[Call]) -> list[Any]:
        results: list[Any] = []
        while len(results) < len(calls):
            results += self._together(endpoint, calls[len(results) : len(results) + endpoint.batch_size])
        return results

    def _together(self, endpoint: Endpoint, calls: Sequence[Call]) -> list[Any]:
        if len(calls) == 1:
            return [self._call(endpoint, calls[0])]
        requests = [self._request(call) for call in calls]
        try:
            answers = endpoint.post("", requests)
        except Refused:
            return self._halved(endpoint, calls)
        if isinstance(answers, dict) and answers.get("error"):
            return self._halved(endpoint, calls)  # one error for all: it takes no batches, or none of this size
        if not isinstance(answers, list) or len(answers) != len(requests):
            raise endpoint.failure("did not answer each call of a batch")
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict) and _has_plain_id(answer)}
        return [_result(endpoint, by_id.get(request["id"]), request["id"]) for request in requests]

    def _halved(self, endpoint: Endpoint, calls: Sequence[Call]) -> list[Any]:
        middle = (len(calls) + 1) // 2
        results = self._together(endpoint, calls[:middle]) + self._together(endpoint, calls[middle:])
        endpoint.batch_size = min(endpoint.batch_size, middle)  # remembered only because the halves were answered
        return results

    def _request(self, call: Call) -> dict[str, Any]:
        method, params = call
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}


class HttpApi:
    """An HTTP interface of a node's own: TRON's, where each path takes and returns one object, or one that is read."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        verify: Callable[["HttpApi", Endpoint], None],
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits()
        endpoints = [Endpoint(url, headers=headers or {}, limits=limits, batch_size=1) for url in urls]
        self.nodes = Nodes(endpoints, verify=lambda endpoint: verify(self, endpoint), limits=limits)

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """
        Return the object at ``path``.

        :raises ChainUnavailable: see ``Nodes.ask``
        """
        return self.nodes.ask(lambda endpoint: self.post_to(endpoint, path, body))

    def get(self, path: str) -> Any:
        """
        Return what is at ``path``.

        :raises ChainUnavailable: see ``Nodes.ask``
        """
        return self.nodes.ask(lambda endpoint: endpoint.get(path))

    def post_to(self, endpoint: Endpoint, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Return the object at ``path`` of one endpoint."""
        answer = endpoint.post(path, body)
        if not isinstance(answer, dict):
            raise endpoint.failure("did not answer with an object")
        if answer.get("Error"):
            raise endpoint.refusal(answer["Error"])
        return answer


def _result(endpoint: Endpoint, answer: object, request_id: int) -> Any:
    if not isinstance(answer, dict):
        raise endpoint.failure("did not answer as JSON-RPC does")
    # An error may come without the id: the node failed before it could read it.
    if answer.get("error") and (answer.get("id") is None or answer["id"] == request_id):
        raise endpoint.refusal(answer["error"])
    if not _has_plain_id(answer) or answer.get("id") != request_id:
        raise endpoint.failure("answered another question than was asked")
    if "result" not in answer:
        raise endpoint.failure("answered without a result")
    return answer["result"]


def _is_refusal(answer: Mapping[str, Any]) -> bool:
    """Return whether an HTTP 500 is Bitcoin Core's way to say that a call was understood and declined."""
    return isinstance(answer["error"], dict) and _has_plain_id(answer) and type(answer["error"].get("code")) is int


def _has_plain_id(answer: Mapping[str, Any]) -> bool:
    return type(answer.get("id")) is int


def _summary(failures: Sequence[ChainUnavailable]) -> ChainUnavailable:
    text = "; ".join(dict.fromkeys(str(failure) for failure in failures)) or "no node is configured"
    if any(isinstance(failure, TooMuch) for failure in failures):
        return TooMuch(text)
    if failures and all(isinstance(failure, Refused) for failure in failures):
        return Refused(text)
    return ChainUnavailable(text)


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
