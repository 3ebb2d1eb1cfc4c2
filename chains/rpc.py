"""The interfaces of blockchain nodes: JSON-RPC, and HTTP interfaces of a node's own.

``chains.endpoint`` is how one endpoint is talked to, ``chains.nodes`` how one of several is chosen.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chains.base import Block
from chains.endpoint import Endpoint, Limits, Refused, has_plain_id
from chains.hexadecimal import quantity
from chains.nodes import Nodes

Call = tuple[str, Sequence[Any]]  # method, parameters


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
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict) and has_plain_id(answer)}
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
    if not has_plain_id(answer) or answer.get("id") != request_id:
        raise endpoint.failure("answered another question than was asked")
    if "result" not in answer:
        raise endpoint.failure("answered without a result")
    return answer["result"]
