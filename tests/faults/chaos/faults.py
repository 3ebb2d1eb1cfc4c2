"""What is done to the installation, one thing after the other in an order that the seed decides."""

import random
import signal
import time
from collections.abc import Callable
from typing import Final

from tests.faults.chaos.node import Chain, Mishaps
from tests.faults.chaos.receiver import Receiver
from tests.faults.chaos.world import World, send


class Faults:
    """Each method is one fault from its beginning to its end; ``pace`` stretches how long they last."""

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

    def database_crashes(self) -> None:
        self.world.kill_database(signal.SIGQUIT)  # at once, as when the power fails
        self._wait(0.5, 3)
        self.world.start_database()

    def database_restarts(self) -> None:
        self.world.kill_database(signal.SIGINT)
        self.world.start_database()

    def database_hangs(self) -> None:
        pids = self.world.database_pids()
        send(pids, signal.SIGSTOP)
        self._wait(1, 6)
        send(pids, signal.SIGCONT)

    def cache_crashes(self) -> None:
        self.world.kill_cache()
        self._wait(1, 5)
        self.world.start_cache()

    def cache_hangs(self) -> None:
        send([self.world.cache.process.pid], signal.SIGSTOP)
        self._wait(1, 6)
        send([self.world.cache.process.pid], signal.SIGCONT)

    def worker_is_killed(self) -> None:
        send(self.world.pids("worker"), signal.SIGKILL)

    def second_worker_is_killed(self) -> None:
        if self.world.second is not None:
            self.world.second.kill()
            self.world.second.wait(10)
        self._wait(0.2, 2)
        self.world.start_second()

    def worker_hangs(self) -> None:
        pids = self.world.pids("worker")
        send(pids, signal.SIGSTOP)
        self._wait(2, 8)
        send(pids, signal.SIGCONT)

    def web_is_killed(self) -> None:
        send(self.world.pids("web"), signal.SIGKILL)

    def beat_is_killed(self) -> None:
        send(self.world.pids("beat"), signal.SIGKILL)

    def nodes_are_out(self) -> None:
        for node in self.nodes:
            node.is_out = True
        self._wait(1, 5)
        for node in self.nodes:
            node.is_out = False

    def receiver_is_out(self) -> None:
        self.receiver.is_out = True
        self._wait(1, 4)
        self.receiver.is_out = False

    def disk_is_full(self) -> None:
        self.world.fill_disk(is_full=True)
        self._wait(2, 6)
        self.world.fill_disk(is_full=False)

    def clock_steps(self) -> None:
        clock = self.dice.choice(self.world.clocks)
        clock.step(self.dice.choice([-90, -30, 30, 90]))
        self._wait(2, 6)
        clock.step(0)

    def chain_forks(self) -> None:
        self.chain.fork(self.dice.randint(1, 5), self.dice)

    def _wait(self, least: float, most: float) -> None:
        time.sleep(self.dice.uniform(least, most) * self.pace)


Fault = Callable[[Faults], None]
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
    Faults.chain_forks,
]
