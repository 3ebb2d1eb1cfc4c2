"""Several endpoints of one network: the next one is asked when one fails, lies or lags behind."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from chains.base import Block, ChainUnavailable
from chains.endpoint import AllFailed, Endpoint, Limits, Refused, TooMuch
from chains.health import EndpointHealth

T = TypeVar("T")


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
        self._changes = 0  # how often another endpoint took over
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
        :raises AllFailed: when every endpoint failed, repeatedly, or rests
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
                self._prefer((before + 1) % len(self.endpoints))
                self._highest = 0  # perhaps it lied about its tip, too
            raise

    def by_any(self, work: Callable[[], T]) -> T:
        """
        Return what ``work`` returns, asked for again of each further endpoint when it found reason to doubt one.

        For a part of what is read that hashes tie to the rest: what was read before need not be read again.

        :raises ChainUnavailable: when there is reason to doubt all of them; at once when none of them answers
        """
        for _ in self.endpoints[1:]:
            try:
                return work()
            except (Refused, AllFailed):
                raise
            except ChainUnavailable:
                continue
        return work()

    def by_one(self, work: Callable[[], T]) -> T:
        """
        Return what ``work`` returns when one endpoint has answered all that it asks; when several have, it begins anew.

        For what hashes do not tie together: histories of accounts that several nodes tell need not be of one chain.

        :raises AllFailed: when another endpoint takes over each time, were it only for a while
        """
        for _ in range(len(self.endpoints) + 1):
            before = self._changes
            answer = work()
            if self._changes == before:
                return answer
        raise AllFailed("another node took over within each reading")

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

    def _prefer(self, index: int) -> None:
        self._changes += index != self._preferred
        self._preferred = index

    def _ask_each(self, work: Callable[[Endpoint], T]) -> T:
        failures: list[ChainUnavailable] = []
        for index in self._awake():
            try:
                answer = self._try(self.endpoints[index], work)
            except Refused as refusal:
                failures.append(refusal)
            except ChainUnavailable as failure:
                self.endpoints[index].health.failed(str(failure))
                failures.append(failure)
            else:
                self._prefer(index)
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


def _summary(failures: Sequence[ChainUnavailable]) -> ChainUnavailable:
    text = "; ".join(dict.fromkeys(str(failure) for failure in failures)) or "no node is configured"
    if any(isinstance(failure, TooMuch) for failure in failures):
        return TooMuch(text)
    if failures and all(isinstance(failure, Refused) for failure in failures):
        return Refused(text)
    return AllFailed(text)
