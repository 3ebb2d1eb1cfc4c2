"""Reading a block of 500 transfers when few and when very many addresses have been issued."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter
from typing import Final

from bench.figures import Figure, show
from bench.installation import ROOT, Installation
from chains.base import ANY_ENDS, Block, Ends, Transfer, Watchlist
from chains.health import EndpointHealth

FEW, MANY = 1_000, 1_000_000
TRANSFERS: Final = 500
OURS: Final = 15  # of them to addresses that were issued
BLOCKS: Final = 60
_WARM_UP: Final = 5
_MOST_TIMES: Final = 1.3
_MOST_MEGABYTES: Final = 150
_HEIGHT: Final = 1_000
_BEGINNING: Final = datetime(2025, 1, 1, tzinfo=UTC)


def run(installation: Installation) -> None:
    """Two databases, a process for each, blocks in turns."""
    workers = {}
    for count in (FEW, MANY):
        url = _database(installation, f"addresses_{count}")
        installation.run("-m", "config.prepare", DATABASE_URL=url)
        installation.run("-m", "bench.scanning", "fill", str(count), DATABASE_URL=url)
        workers[count] = subprocess.Popen(
            [sys.executable, "-m", "bench.scanning", "scan"],
            env={**installation.environment, "DATABASE_URL": url},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    times: dict[int, list[float]] = {count: [] for count in workers}
    for block in range(BLOCKS + _WARM_UP):
        for count, worker in workers.items():
            seconds = _ask(worker)
            if block >= _WARM_UP:
                times[count].append(seconds)
    memory = {count: int(worker.communicate("")[0]) / 1000 for count, worker in workers.items()}
    middle = {count: median(times[count]) * 1000 for count in workers}
    ratio = middle[MANY] / middle[FEW]
    show(
        f"Scanning a block of {TRANSFERS} transfers, {OURS} of them ours, {BLOCKS} blocks each in turns",
        [
            Figure(f"with {FEW:,} issued addresses", f"{middle[FEW]:.1f} ms (median)"),
            Figure(f"with {MANY:,} issued addresses", f"{middle[MANY]:.1f} ms (median)"),
            Figure("ratio", f"{ratio:.2f}", f"at most {_MOST_TIMES}", ratio <= _MOST_TIMES),
            *(
                Figure(
                    f"peak memory of the scanner with {count:,}",
                    f"{megabytes:.0f} MB",
                    f"under {_MOST_MEGABYTES} MB",
                    megabytes < _MOST_MEGABYTES,
                )
                for count, megabytes in memory.items()
            ),
        ],
    )


def _database(installation: Installation, name: str) -> str:
    import psycopg

    url = installation.environment["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url.rsplit("/", 1)[0] + f"/{name}"


def _ask(worker: "subprocess.Popen[str]") -> float:
    if worker.stdin is None or worker.stdout is None:
        raise SystemExit("the worker has no pipes")
    worker.stdin.write("next\n")
    worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise SystemExit("the scanning process ended")
    return float(json.loads(line))


def _fill(count: int) -> None:
    from bench.tenants import add_invoices, new_merchant

    add_invoices(new_merchant("Bench"), count)


def _scan() -> None:
    """Scan one new block for each line on stdin and print how many seconds it took; in the end, the peak of memory."""
    from invoices.models import Invoice
    from payments.services import scan

    addresses = iter(
        Invoice.objects.order_by("-created_at").values_list("address", flat=True)[: (BLOCKS + _WARM_UP) * OURS]
    )
    chain = SyntheticChain()
    scan(network="sandbox", now=_now(chain), reader=chain)
    for _ in sys.stdin:
        chain.append([next(addresses) for _ in range(OURS)])
        now = _now(chain)
        begun = perf_counter()
        scan(network="sandbox", now=now, reader=chain)
        print(json.dumps(perf_counter() - begun), flush=True)
    print(getrusage(RUSAGE_SELF).ru_maxrss)  # kilobytes


def _now(chain: "SyntheticChain") -> datetime:
    return datetime.now(UTC) + timedelta(seconds=chain.height)


class SyntheticChain:
    """A chain in memory whose newest block is full of transfers; it costs nothing to read."""

    max_range = 2000
    source = ""

    def __init__(self) -> None:
        self.height = _HEIGHT
        self.recipients: list[str] = []

    def append(self, ours: list[str]) -> None:
        self.height += 1
        others = [f"sandbox1{self.height:016x}{number:016x}" for number in range(TRANSFERS - len(ours))]
        self.recipients = [*ours, *others]

    def health(self) -> list[EndpointHealth]:
        return []

    def block_at(self, height: int | None = None) -> Block:
        height = self.height if height is None else height
        return Block(height, f"{height:064x}", f"{height - 1:064x}", _BEGINNING + timedelta(seconds=height))

    def finalized_height(self) -> int | None:
        return None

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        del ends  # it has one chain
        if not first <= self.height <= last:
            return
        block = self.block_at(self.height)
        known = watchlist.among(self.recipients)
        for number, recipient in enumerate(self.recipients):
            if recipient in known:
                yield Transfer(
                    network="sandbox",
                    asset="USDT",
                    txid=f"{self.height:032x}{number:032x}",
                    ordinal=0,
                    sender="sandbox1sender",
                    recipient=recipient,
                    units=16_490_000,
                    block=block,
                )

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:  # noqa: ARG002
        return iter(())

    def has_failed(self, txid: str) -> bool:  # noqa: ARG002
        return False

    def height_of(self, txid: str) -> int | None:  # noqa: ARG002
        return None


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "fill":
        _fill(int(sys.argv[2]))
    else:
        _scan()
