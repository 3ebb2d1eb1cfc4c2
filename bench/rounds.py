"""Two servers under the same load in turns, so that whatever else the machine does meets both alike."""

from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.figures import spread
from bench.installation import Installation, Server, cpu_seconds

ROUNDS: Final = 5
SECONDS: Final = 5.0
CLIENTS: Final = 8
IN_TURNS: Final = f"{CLIENTS} clients, {ROUNDS} rounds of {SECONDS:g} s in turns"


@dataclass(frozen=True, slots=True)
class Round:
    """What one round gave: requests a second, and processor time of server and database for each, in ms."""

    per_second: float
    server_ms: float
    database_ms: float


@dataclass(frozen=True, slots=True)
class Rounds:
    """All rounds of one server."""

    each: tuple[Round, ...]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return median(one.per_second for one in self.each)

    @property
    def cost(self) -> float:
        """Processor time of server and database for a request, in ms."""
        return median(one.server_ms + one.database_ms for one in self.each)

    def __str__(self) -> str:
        server, database = (median(one.server_ms for one in self.each), median(one.database_ms for one in self.each))
        rates = spread([one.per_second for one in self.each], "requests/s")
        return f"{rates}, {server:.2f} + {database:.2f} ms of processor time each (server + database)"


def compare(installation: Installation, *served: tuple[Server, list[str]]) -> list[Rounds]:
    """Load each server with its requests, in turns; return the rounds of each."""
    taken: list[list[Round]] = [[] for _ in served]
    for _ in range(ROUNDS):
        for rounds, (server, requests) in zip(taken, served, strict=True):
            rounds.append(_measure(installation, server, requests))
    return [Rounds(tuple(rounds)) for rounds in taken]


def _measure(installation: Installation, server: Server, requests: list[str]) -> Round:
    before = cpu_seconds(server.pid), cpu_seconds(installation.database_pid)
    outcome = installation.load(port=server.port, requests=requests, seconds=SECONDS, connections=CLIENTS)
    after = cpu_seconds(server.pid), cpu_seconds(installation.database_pid)
    answered = outcome["sent"]
    return Round(
        per_second=float(outcome["per_second"]),
        server_ms=(after[0] - before[0]) / answered * 1000,
        database_ms=(after[1] - before[1]) / answered * 1000,
    )
