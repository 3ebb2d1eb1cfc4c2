"""
One request, sent as often as it takes.

A request is sent again when no answer came, after 429 and when the gateway is not itself. That is safe: what
changes something carries an idempotency key, so it is done once however often it is sent.
"""

import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import urllib3

from crypto_checkout import encoding
from crypto_checkout.decoding import Model, decode, loads
from crypto_checkout.errors import APIError, CheckoutError, ConnectionFailed, TimedOut, error_for
from crypto_checkout.pages import Pages

M = TypeVar("M", bound=Model)

_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_STILL_RUNNING: Final = "IDEMPOTENCY_KEY_IN_USE"
_FIRST_PAUSE: Final = 0.25  # seconds; doubled each time, less up to half by chance
_LONGEST_PAUSE: Final = 8.0
_LONGEST_WAIT: Final = 60  # seconds; when the gateway asks for more, the caller decides
_FIRST_FAILURE: Final = 400


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how requests are sent. ``timeout`` is seconds for one attempt."""

    base_url: str
    api_key: str
    timeout: float
    max_retries: int
    user_agent: str


class Transport:
    """Sends requests over connections that are kept open; threads may share one."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._pool = urllib3.PoolManager(
            maxsize=10, retries=False, timeout=urllib3.Timeout(total=options.timeout), cert_reqs="CERT_REQUIRED"
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def json(self, method: str, path: str, body: bytes | None = None, *, idempotency_key: str | None = None) -> Any:
        """
        Send a request and return the JSON of its answer.

        :raises APIError: the kind for what the gateway says
        :raises ConnectionFailed: when no answer came
        """
        return _read(self._send(method, path, body, idempotency_key=idempotency_key))

    def content(self, path: str) -> bytes:
        """
        Return a file.

        :raises APIError: the kind for what the gateway says
        :raises ConnectionFailed: when no answer came
        """
        return self._send("GET", path, None, idempotency_key=None).data

    def stream(self, path: str, headers: Mapping[str, str], *, silence: float) -> urllib3.BaseHTTPResponse:
        """
        Open a stream; it fails when nothing at all came for ``silence`` seconds.

        :raises APIError: the kind for what the gateway says
        :raises ConnectionFailed: when it cannot be opened
        """
        timeout = urllib3.Timeout(connect=self.options.timeout, read=silence)
        wanted = {**self._headers(), **headers, "Accept": "text/event-stream"}
        try:
            answer = self._pool.request(
                "GET", self.options.base_url + path, headers=wanted, preload_content=False, timeout=timeout
            )
        except urllib3.exceptions.HTTPError as failure:
            raise _told(failure, self.options) from failure
        if answer.status >= _FIRST_FAILURE:
            raise _failure(answer)
        return answer

    def _send(
        self, method: str, path: str, body: bytes | None, *, idempotency_key: str | None
    ) -> urllib3.BaseHTTPResponse:
        may_repeat = method == "GET" or idempotency_key is not None
        attempts = self.options.max_retries if may_repeat else 0
        for attempt in range(attempts + 1):
            failure = self._attempt(method, path, body, idempotency_key)
            if not isinstance(failure, CheckoutError):
                return failure
            pause = _pause(failure, attempt)
            if attempt == attempts or pause is None:
                raise failure
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _attempt(
        self, method: str, path: str, body: bytes | None, idempotency_key: str | None
    ) -> urllib3.BaseHTTPResponse | CheckoutError:
        headers = self._headers()
        if body is not None:
            headers["Content-Type"] = "application/json"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        try:
            answer = self._pool.request(
                method, self.options.base_url + path, body=body, headers=headers, redirect=False
            )
        except urllib3.exceptions.HTTPError as failure:
            return _told(failure, self.options)
        return _failure(answer) if answer.status >= _FIRST_FAILURE else answer

    def _headers(self) -> dict[str, str]:
        known = {"User-Agent": self.options.user_agent, "Accept": "*/*"}
        return {**known, "Authorization": f"Bearer {self.options.api_key}"} if self.options.api_key else known


class Resource:
    """A part of the API; what its generated methods are made of."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _get(self, kind: type[M], path: str, query: Mapping[str, Any]) -> M:
        return decode(kind, self._transport.json("GET", path + encoding.query(query)))

    def _post(self, kind: type[M], path: str, body: Mapping[str, Any] | None) -> M:
        return decode(kind, self._transport.json("POST", path, encoding.body(body or {})))

    def _change(
        self, kind: type[M], method: str, path: str, body: Mapping[str, Any] | None, *, idempotency_key: str | None
    ) -> M:
        content = None if body is None else encoding.body(body)
        key = idempotency_key or str(uuid.uuid4())
        return decode(kind, self._transport.json(method, path, content, idempotency_key=key))

    def _pages(self, kind: type[M], path: str, names: tuple[str, str], query: Mapping[str, Any]) -> Pages[M]:
        return Pages(kind, lambda wanted: self._transport.json("GET", path + encoding.query(wanted)), names, query)

    def _file(self, path: str, query: Mapping[str, Any]) -> bytes:
        return self._transport.content(path + encoding.query(query))

    def _text(self, path: str, query: Mapping[str, Any]) -> str:
        return self._file(path, query).decode()


def _pause(failure: CheckoutError, attempt: int) -> float | None:
    """Return how many seconds to wait before the next attempt, or None: another one would not help."""
    if isinstance(failure, APIError):
        if failure.status not in _AGAIN and failure.code != _STILL_RUNNING:
            return None
        if failure.retry_after is not None:
            return float(failure.retry_after) if failure.retry_after <= _LONGEST_WAIT else None
    longest: float = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - keeps callers apart, keeps no secret


def _read(answer: urllib3.BaseHTTPResponse) -> Any:
    try:
        return loads(answer.data)
    except ValueError:
        kind = answer.headers.get("Content-Type", "nothing")
        raise ConnectionFailed(f"The answer is no JSON but {kind}. Is base_url the gateway's address?") from None


def _failure(answer: urllib3.BaseHTTPResponse) -> APIError:
    try:
        told = loads(answer.data)
    except ValueError:
        told = None
    return error_for(answer.status, told, answer.headers)


def _told(failure: urllib3.exceptions.HTTPError, options: Options) -> ConnectionFailed:
    if isinstance(failure, urllib3.exceptions.ReadTimeoutError):
        return TimedOut(f"{options.base_url} did not answer within {options.timeout:g} s.")
    return ConnectionFailed(f"{options.base_url} cannot be reached: {failure}")
