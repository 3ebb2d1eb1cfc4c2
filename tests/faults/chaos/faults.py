"""What is done to the installation, in an order that the seed decides: one thing at a time, or two at once."""

import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tests.faults.chaos.account import Books
from tests.faults.chaos.node import Chain, Mishaps
from tests.faults.chaos.receiver import Receiver
from tests.faults.chaos.world import World, send, wait_until

Steps = Iterator[float]
DEEPEST: Final = 6  # blocks that are replaced; more than a small invoice waits for, less than what is final
_CREDITED_AT: Final = 3  # blocks on top of its own are more than a small invoice waits for
_UNTIL_CREDITED: Final = 60.0  # seconds
_UNTIL_NOTICED: Final = 90.0  # a slow machine may be reading the first blocks, hundreds of them
_LOST: Final = 0.3  # the share of payments that are taken back for good


class Faults:
    """Each method is one fault: it begins, yields the seconds to leave it so, and ends; ``pace`` stretches those."""

    def __init__(
        self, world: World, chain: Chain, nodes: list[Mishaps], receiver: Receiver, dice: random.Random, *, pace: float
    ) -> None:
        self.world, self.chain, self.nodes, self.receiver, self.dice, self.pace = (
            world,
            chain,
            nodes,
            receiver,
            dice,
            pace,
        )

    def database_crashes(self) -> Steps:
        self.world.kill_database(signal.SIGQUIT)  # at once, as when the power fails
        yield self._seconds(0.5, 3)
        self.world.start_database()

    def database_restarts(self) -> Steps:
        self.world.kill_database(signal.SIGINT)
        yield 0.0
        self.world.start_database()

    def database_hangs(self) -> Steps:
        pids = self.world.database_pids()
        send(pids, signal.SIGSTOP)
        yield self._seconds(1, 6)
        send(pids, signal.SIGCONT)

    def cache_crashes(self) -> Steps:
        self.world.kill_cache()
        yield self._seconds(1, 5)
        self.world.start_cache()

    def cache_hangs(self) -> Steps:
        send([self.world.cache.process.pid], signal.SIGSTOP)
        yield self._seconds(1, 6)
        send([self.world.cache.process.pid], signal.SIGCONT)

    def worker_is_killed(self) -> Steps:
        send(self.world.pids("worker"), signal.SIGKILL)
        yield 0.0

    def second_worker_is_killed(self) -> Steps:
        if self.world.second is not None:
            self.world.second.kill()
            self.world.second.wait(10)
        yield self._seconds(0.2, 2)
        self.world.start_second()

    def worker_hangs(self) -> Steps:
        pids = self.world.pids("worker")
        send(pids, signal.SIGSTOP)
        yield self._seconds(2, 8)
        send(pids, signal.SIGCONT)

    def web_is_killed(self) -> Steps:
        send(self.world.pids("web"), signal.SIGKILL)
        yield 0.0

    def beat_is_killed(self) -> Steps:
        send(self.world.pids("beat"), signal.SIGKILL)
        yield 0.0

    def nodes_are_out(self) -> Steps:
        for node in self.nodes:
            node.is_out = True
        yield self._seconds(1, 5)
        for node in self.nodes:
            node.is_out = False

    def receiver_is_out(self) -> Steps:
        self.receiver.is_out = True
        yield self._seconds(1, 4)
        self.receiver.is_out = False

    def disk_is_full(self) -> Steps:
        self.world.fill_disk(is_full=True)
        yield self._seconds(2, 6)
        self.world.fill_disk(is_full=False)

    def clock_steps(self) -> Steps:
        clock = self.dice.choice(self.world.clocks)
        clock.step(self.dice.choice([-90, -30, 30, 90]))
        yield self._seconds(2, 6)
        clock.step(0)

    def chain_forks(self) -> Steps:
        self.chain.fork(self.dice.randint(1, 5), self.dice)
        yield 0.0

    def chain_takes_a_payment_back(self) -> Steps:
        """Have a payment that was credited leave the chain until the books say so; then it comes back, or never."""
        with self._sound_nodes():
            txid = self._credited()
            if txid and self.chain.take_back(txid, DEEPEST):
                was_noticed = wait_until(lambda: Books(self.world).status_of(txid) == "orphaned", _UNTIL_NOTICED)
                is_lost = was_noticed and self.dice.random() < _LOST
                self.chain.give_back(keep=lambda _: not is_lost)
        yield 0.0

    def chain_moves_a_payment(self) -> Steps:
        """Have a payment that was credited found in another block at once."""
        with self._sound_nodes():
            txid = self._credited()
            if txid and self.chain.take_back(txid, DEEPEST):
                self.chain.give_back(keep=lambda _: True)
                self.chain.mine()
        yield 0.0

    @contextlib.contextmanager
    def _sound_nodes(self) -> Iterator[None]:
        """Let nodes answer well: what they fail at comes so late that no block it stands in could be replaced."""
        shares = [node.share for node in self.nodes]
        for node in self.nodes:
            node.share = 0.0
        yield
        for node, share in zip(self.nodes, shares, strict=True):
            node.share = share

    def _credited(self) -> str:
        """Return the name of a payment that is confirmed in a block that may still be replaced; "" if none comes."""
        found: list[str] = []

        def look() -> bool:
            books, newest = Books(self.world), self.chain.newest(DEEPEST - 1)
            # However slowly it is read: once there is one deep enough, no block comes until it is credited.
            self.chain.is_still = self.chain.is_still or len(newest) > len(self.chain.newest(_CREDITED_AT))
            found[:] = [each.txid for each in newest if books.status_of(each.txid) == "confirmed"]
            return bool(found)

        try:
            return found[0] if wait_until(look, _UNTIL_CREDITED) else ""
        finally:
            self.chain.is_still = False

    def _seconds(self, least: float, most: float) -> float:
        return self.dice.uniform(least, most) * self.pace


Fault = Callable[[Faults], Steps]


def apply(faults: Faults, together: Sequence[Fault]) -> None:
    """Begin all, leave them so, end all."""
    steps = [fault(faults) for fault in together]
    time.sleep(max(next(each) for each in steps))
    for each in steps:
        next(each, None)


def name_of(fault: Fault) -> str:
    return fault.__name__.replace("_", " ")


def concern_different_things(one: Fault, other: Fault) -> bool:
    """Return whether two faults can be there at once: a server that hangs cannot be stopped, or credit anything."""
    if {one, other} & {Faults.chain_takes_a_payment_back, Faults.chain_moves_a_payment}:
        return False
    return one.__name__.partition("_")[0] != other.__name__.partition("_")[0]


ALL: Final[list[Fault]] = [
    Faults.database_crashes,
    Faults.database_restarts,
    Faults.database_hangs,
    Faults.cache_crashes,
    Faults.cache_hangs,
    Faults.worker_is_killed,
    Faults.second_worker_is_killed,
    Faults.worker_hangs,
    Faults.web_is_killed,
    Faults.beat_is_killed,
    Faults.nodes_are_out,
    Faults.receiver_is_out,
    Faults.disk_is_full,
    Faults.clock_steps,
    Faults.chain_forks,
    Faults.chain_takes_a_payment_back,
    Faults.chain_moves_a_payment,
]
# One of each kind, for a test that runs with every change.
SHORT: Final[list[Fault]] = [
    Faults.database_crashes,
    Faults.database_hangs,
    Faults.cache_crashes,
    Faults.worker_is_killed,
    Faults.web_is_killed,
    Faults.nodes_are_out,
    Faults.disk_is_full,
    Faults.clock_steps,
    Faults.chain_takes_a_payment_back,
    Faults.chain_forks,
]
